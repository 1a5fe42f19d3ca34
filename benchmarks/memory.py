"""Growth of the main process's memory with images, and of a worker's memory, files and threads with scenes.

python -m benchmarks.memory          a few minutes
python -m benchmarks.memory --full   400 and 4,000 images; 3,000 scenes
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.clock import Run, machine
from benchmarks.ours import watched
from benchmarks.plots import Line, Panel, Points, plot_file, save
from benchmarks.workload import SMALL, cheap, recipe
from sim.render.raster.egl.client import EglUnavailable
from sim2coco.recipe import Recipe

SETTLED = 0.3
"""Fraction of the scenes before the slope is measured; meanwhile, caches of meshes and textures fill."""

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints the growth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--full", action="store_true", help="as many images as the figures in the docs speak of"
    )
    parser.add_argument("--images", type=int, nargs=2, help="images of the two runs, instead")
    parser.add_argument("--scenes", type=int, help="scenes of the worker's run, instead")
    parser.add_argument(
        "--render", nargs="+", default=["relit"], help="the renderers of the worker's runs (relit)"
    )
    parser.add_argument("--worker-only", action="store_true", help="leave out the main process")
    parser.add_argument(
        "--plot", type=plot_file, metavar="FILE", help="draw the worker's runs, as .svg or .png"
    )
    options = parser.parse_args(arguments)
    few, many = options.images or ((400, 4000) if options.full else (400, 1200))
    scenes = options.scenes or (3000 if options.full else 200)
    out.print(f"{machine()}\n")
    if not options.worker_only:
        _compare(few, many)
    runs = dict(_workers(options.render, scenes))
    if options.plot and runs:
        save([panel(runs)], options.plot)


def _compare(few: int, many: int) -> None:
    """Prints the peak memory of the main process for few and for many images."""
    first, second = (_made(cheap(), images) for images in (few, many))
    for run in (first, second):
        out.print(f"{run.images} images of 64×64 in {run.whole_s:.0f} s: peak {run.peak_kib / 1024:.1f} MiB")
    out.print(f"ratio {second.peak_kib / first.peak_kib:.3f} (to be at most 1.1)\n")


def _workers(renders: Sequence[str], scenes: int) -> Iterator[tuple[str, Run]]:
    """For each renderer, measures one worker over many scenes; prints a summary, and yields (name, run)."""
    for render in dict.fromkeys(renders):
        try:
            everyday(render).render.device()
        except EglUnavailable as reason:
            out.print(f"left out: {reason}")
            continue
        run = _made(everyday(render), scenes)
        low, high = run.marks[0].child_kib / 1024, max(mark.child_kib for mark in run.marks) / 1024
        out.print(
            f"a worker over {scenes} scenes of ten everyday objects, render={render}, {run.whole_s:.0f} s: "
            f"{low:.0f} MiB after the first, {high:.0f} MiB at most, {slope(run):+.1f} MiB per 1,000 scenes"
        )
        out.print("  ".join(map(grown, run_counts(run).items())))
        yield render, run


def everyday(render: str) -> Recipe:
    """Settings for one small image per scene, so that many scenes take little time."""
    return recipe(views=1, image=SMALL, quality={}, render={"kind": render})


def slope(run: Run) -> float:
    """Growth of the worker's memory in MiB per 1,000 scenes of one image, once its caches are full."""
    (first, low), (last, high) = trend(run)
    return 1000 * (high - low) / (last - first)


def run_counts(run: Run) -> dict[str, list[int]]:
    """Open descriptors, threads and temporary files of a run after each scene, once its caches are full."""
    marks = [mark for mark in run.marks[:-1] if mark.images >= SETTLED * run.images and mark.child_kib]
    names = {"descriptors": "open descriptors", "threads": "threads", "temporary": "temporary files"}
    return {told: [getattr(mark, name) for mark in marks] for name, told in names.items()}


def grown(counts: tuple[str, list[int]]) -> str:
    """The range of `counts`, a name and values, and the means of the first and the last tenth, as text."""
    name, values = counts
    tenth = max(1, len(values) // 10)
    first, last = np.mean(values[:tenth]), np.mean(values[-tenth:])
    return f"{name}: {min(values)} to {max(values)}, {first:.1f} at first, {last:.1f} at last;"


def trend(run: Run) -> Points:
    """Both ends (scenes, MiB) of the line fitted to the worker's memory, once its caches are full."""
    marks = [mark for mark in run.marks[:-1] if mark.images >= SETTLED * run.images and mark.child_kib]
    scenes, mib = np.array([(mark.images, mark.child_kib / 1024) for mark in marks]).T
    line = np.polynomial.Polynomial.fit(scenes, mib, 1)
    first, last = float(scenes[0]), float(scenes[-1])
    return (first, float(line(first))), (last, float(line(last)))


def panel(runs: dict[str, Run]) -> Panel:
    """Plot of the worker's memory over the scenes for each renderer, with the fitted lines."""
    lines: list[Line] = []
    for place, (render, run) in enumerate(runs.items()):
        measured = [(mark.images, mark.child_kib / 1024) for mark in run.marks[:-1] if mark.child_kib]
        lines.append(Line(f"{render}: {slope(run):+.1f} MiB per 1,000 scenes", measured, f"C{place}-"))
        lines.append(Line(None, trend(run), f"C{place}--"))
    return Panel("A worker over scenes of ten everyday objects", "scenes", "MiB", lines)


def _made(settings: Recipe, images: int) -> Run:
    """Measures a run with one worker."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        return watched(settings, Path(folder) / "data", images)


if __name__ == "__main__":
    main()
