"""Cost of large meshes in a worker: CPU time of the first image with a mesh, and of later images.

sim2coco assets import scans --out library
python -m benchmarks.first_use library

Each mesh is rendered among nine shapes, at several sizes in the image. Before the first image, the renderer
has rendered the shapes, but has not read the mesh.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.silhouettes import LIGHT, RENDERS, camera_for, of_library, settled_alone
from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.images import Pictures
from scenes.assets.physics import one_asset
from scenes.assets.shapes import SHAPES
from scenes.geometry import Pose, fibonacci_sphere, vec3
from scenes.shot import Shot
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.settings import Render
from sim.settled import Settled

SIZES_PX = (400, 100, 50, 25, 12)
"""Longest side of the body in the image."""
OTHERS, SHAPE_M, AROUND_M = 9, 0.1, 0.22
"""Number of bodies around the mesh, their size, and their distance from the mesh."""

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all meshes of a library and prints a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_use", description=__doc__.split("\n")[0]
    )
    parser.add_argument("library", type=Path, help="the library with the meshes")
    parser.add_argument("--render", choices=list(RENDERS), default="relit", help="the renderer (relit)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_PX, help="sizes in pixels")
    options = parser.parse_args(arguments)
    out.print("| mesh | px | triangles | CPU s of the first image | of a later one | first use |")
    out.print("|---|---|---|---|---|---|")
    with closing(Client()) as client:
        for asset in of_library(options.library):
            for size_px in options.sizes:
                out.print(measured(client, asset, RENDERS[options.render], size_px), markup=False)


def measured(client: Client, asset: Asset, render: Render, size_px: int) -> str:
    """A table row: CPU seconds of the first image with a mesh of `size_px` pixels, and of later images."""
    others = tuple(one_asset(name, SHAPES[name](SHAPE_M)) for name in sorted(SHAPES)[:OTHERS])
    groups = ((asset,), *((other,) for other in others))
    names = tuple(f"category {index}" for index in range(len(groups)))
    catalogue = Catalogue(names, ("object",) * len(names), (1.0,) * len(names), groups, (), ())
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        files, pictures = MeshFiles(catalogue, Path(folder)), Pictures({})
        renderer, composer = render.renderer(client, files, pictures), render.composer(files, pictures)

        def seconds(of: Asset, seed: int) -> float:
            settled = among(others, settled_alone(of, seed))
            camera = camera_for(files, settled.spec.bodies[0], size_px, seed)
            shot = Shot(0, 0, 0, camera, LIGHT)
            begun = time.process_time()
            composer.compose(renderer, renderer.rasterise(settled, shot), settled, shot)
            return time.process_time() - begun

        seconds(others[0], 0)
        gc.collect()
        first, *later = [seconds(asset, seed) for seed in range(1, 4)]
        triangles = files.triangles(asset.key, _level(files, settled_alone(asset, 1), size_px))[1].shape[1]
        client.fresh()
    usual = min(later)
    return f"| {asset.name} | {size_px} | {triangles:,} | {first:.2f} | {usual:.2f} | {first - usual:.2f} |"


def among(others: Sequence[Asset], settled: Settled) -> Settled:
    """Surrounds the only body of a scene with other bodies."""
    (body,) = settled.spec.bodies
    beside = [
        replace(body, asset=asset.key, scale=1.0, pose=Pose(vec3(place_m), body.pose.quat_xyzw))
        for asset, place_m in zip(others, AROUND_M * fibonacci_sphere(len(others)), strict=True)
    ]
    return replace(settled, spec=replace(settled.spec, bodies=(body, *beside)))


def _level(files: MeshFiles, settled: Settled, size_px: int) -> int:
    """Approximate level of detail for a body whose longest side has the given size in pixels."""
    (body,) = settled.spec.bodies
    extent = max(files.assets[body.asset].extents_m)
    return files.level(body.asset, size_px / extent)


if __name__ == "__main__":
    main()
