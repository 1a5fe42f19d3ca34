"""How memory grows: of the main process with the number of images, of a worker with the number of scenes.

python -m benchmarks.memory          a few minutes
python -m benchmarks.memory --full   400 and 4,000 images; 1,000 scenes
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.clock import Run, machine, watch
from benchmarks.workload import recipe
from sim2coco.recipe import Recipe

SMALL = {"width": 64, "height": 64}
SETTLED = 0.3
"""Share of the scenes before the slope counts: caches of meshes and textures fill first."""

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--full", action="store_true", help="as many images as the figures in the docs speak of"
    )
    parser.add_argument("--images", type=int, nargs=2, help="images of the two runs, instead")
    parser.add_argument("--scenes", type=int, help="scenes of the worker's run, instead")
    parser.add_argument("--render", default="relit", help="the renderer of the worker's run (relit)")
    parser.add_argument("--worker-only", action="store_true", help="leave out the main process")
    options = parser.parse_args(arguments)
    few, many = options.images or ((400, 4000) if options.full else (400, 1200))
    scenes = options.scenes or (1000 if options.full else 200)
    out.print(f"{machine()}\n")
    if not options.worker_only:
        _compare(few, many)
    worker = _made(everyday(options.render), scenes)
    low, high = worker.marks[0].child_kib / 1024, max(mark.child_kib for mark in worker.marks) / 1024
    out.print(
        f"a worker over {scenes} scenes of ten everyday objects, render={options.render}, "
        f"{worker.whole_s:.0f} s: "
        f"{low:.0f} MiB after the first, {high:.0f} MiB at most, {slope(worker):+.1f} MiB per 1,000 scenes"
    )


def _compare(few: int, many: int) -> None:
    """Prints what the main process needs for some images, and for more."""
    first, second = (_made(cheap(), images) for images in (few, many))
    for run in (first, second):
        out.print(f"{run.images} images of 64×64 in {run.whole_s:.0f} s: peak {run.peak_kib / 1024:.1f} MiB")
    out.print(f"ratio {second.peak_kib / first.peak_kib:.3f} (to be at most 1.1)\n")


def cheap() -> Recipe:
    """The cheapest pictures there are: what is measured is not their content."""
    box = {"box": {"shape": "box", "size_m": 0.1}}
    scene = {"kind": "floating", "num_objects": 1, "empty_share": 0.0}
    camera = {"kind": "shell", "fill": 0.6}
    assets = {"categories": box}
    return recipe(views=20, assets=assets, scene=scene, camera=camera, image=SMALL, quality={})


def everyday(render: str) -> Recipe:
    """One small picture of each scene: many scenes in little time."""
    return recipe(views=1, image=SMALL, quality={}, render={"kind": render})


def slope(run: Run) -> float:
    """Growth of the worker in MiB per 1,000 scenes, once its caches are full; one image a scene."""
    marks = [mark for mark in run.marks[:-1] if mark.images >= SETTLED * run.images and mark.child_kib]
    scenes, kib = np.array([(mark.images, mark.child_kib) for mark in marks], float).T
    return float(np.polyfit(scenes, kib, 1)[0]) * 1000 / 1024


def _made(settings: Recipe, images: int) -> Run:
    """A run with one worker."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "recipe.json"
        path.write_text(settings.model_dump_json())
        arguments = [str(path), str(Path(folder) / "data"), str(images), "1"]
        return watch([sys.executable, "-m", "benchmarks.ours", *arguments], workers=1)


if __name__ == "__main__":
    main()
