"""Cost of each additional file of an image: CPU time for making it, and its size.

python -m benchmarks.further_files --images 20

Scenes of ten everyday objects are rendered once at 640 x 480 px; all files are made from these images.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
from rich.console import Console

from scenes.cameras.camera import Extra, ImageSettings
from scenes.cameras.depthsensor import Stereo, StructuredLight
from scenes.shot import Shot
from sim.annotate import annotate
from sim.render.raster.gbuffer import GBuffer, RejectedView
from sim.render.raster.surfacenormals import surface_normals
from sim.render.sensor.depthsensor import measured_depth
from sim.sample import Sample
from sim.settled import Settled
from sim2coco import Recipe
from sim2coco.context import WorkerContext
from sim2coco.extras import extra_files
from sim2coco.pipeline import aim, draw_and_settle
from sim2coco.seeding import rng_for

TREE: dict[str, Any] = {
    "assets": {
        "categories": {
            "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.10},
            "mug": {"path": "pybullet_data:objects/mug.obj", "size_m": 0.12},
            "teddy": {"path": "pybullet_data:teddy2_VHACD_CHs.obj", "size_m": 0.14},
            "ball": {"path": "pybullet_data:soccerball.obj", "size_m": 0.11},
        }
    },
    "scene": {"kind": "drop", "num_objects": 10, "empty_share": 0},
    "views": 1,
    "seed": 3,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row for each step: mean milliseconds per image, and the size of the step's file, if any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20)
    options = parser.parse_args(arguments)
    out = Console(highlight=False, soft_wrap=True)
    with TemporaryDirectory() as folder:
        context = WorkerContext(Recipe.parse(TREE), Path(folder))
        times, sizes = measured(context, options.images)
        context.close()
    out.print("| step | CPU ms | kB |\n|---|---|---|")
    for name, spent in times.items():
        size = f"{np.mean(sizes[name]) / 1000:.0f}" if name in sizes else ""
        out.print(f"| {name} | {1000 * np.mean(spent):.1f} | {size} |")


def measured(context: WorkerContext, images: int) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """For each step, the CPU seconds for each image; for each file, its size in bytes for each image."""
    times: dict[str, list[float]] = {}
    sizes: dict[str, list[int]] = {}

    def timed(name: str, make: Callable[..., Any], *given: Any) -> Any:
        start = time.process_time()
        made = make(*given)
        times.setdefault(name, []).append(time.process_time() - start)
        return made

    for settled, shot, gbuffer, sample in _rendered(context, images, timed):
        camera = shot.camera
        normals = timed("normals, computed", surface_normals, context.files, settled, camera, gbuffer)
        depth_m = sample.depth_m
        for kind in (StructuredLight(), Stereo()):
            sensor = kind.draw(rng_for(1, scene=0, stream="depth_sensor"))
            seen = (sensor, camera, sample.depth_m, normals, sample.image)
            depth_m = timed(f"{kind.kind}, computed", measured_depth, *seen)
        whole = replace(sample, normals=normals, sensor_depth_m=depth_m)
        for name in get_args(Extra):
            asked = ImageSettings(extra=(name,))
            ((_, content),) = timed(name, _files, asked, whole)
            sizes.setdefault(name, []).append(len(content))
    return times, sizes


def _files(asked: ImageSettings, sample: Sample) -> list[Any]:
    return list(extra_files(asked, sample, (), 4))


def _rendered(
    context: WorkerContext, images: int, timed: Callable[..., Any]
) -> Iterator[tuple[Settled, Shot, GBuffer, Sample]]:
    """Yields scene, shot, G-buffer and labelled image, and measures the rendering time."""
    for scene in range(images):
        settled, _ = draw_and_settle(context, scene)
        if settled is None:
            continue
        (shot,) = aim(context, settled, 0)
        try:
            yield timed("image and labels", _shown, context, settled, shot)
        except RejectedView:
            continue


def _shown(context: WorkerContext, settled: Settled, shot: Shot) -> tuple[Settled, Shot, GBuffer, Sample]:
    gbuffer = context.renderer.rasterise(settled, shot)
    frame = context.composer.compose(context.renderer, gbuffer, settled, shot)
    return settled, shot, gbuffer, annotate(context.files, settled, shot, gbuffer, frame)


if __name__ == "__main__":
    main()
