"""Accuracy of masks: compares the rendered mask of each mesh with an exact rasterisation of the full mesh.

python -m benchmarks.silhouettes --sample 100 --render relit

Uses all usable meshes of pybullet_data and all procedural shapes, or the meshes of a library
(`--library FOLDER`), each at five sizes, from different directions.
"""

import argparse
import json
import tempfile
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import pybullet_data
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.exact import exact_mask
from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.images import Pictures
from scenes.assets.mesh import MeshError
from scenes.assets.physics import one_asset
from scenes.assets.reading.file import read_mesh
from scenes.assets.shapes import SHAPES
from scenes.geometry import Pose, fibonacci_sphere, look_at, quaternion, vec3
from scenes.shot import Camera, Light, Shot
from scenes.spec import Body, Look, SceneSpec, Surface
from sim.boxes import size
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import RejectedView
from sim.render.settings import Egl, Relit, Render, Tiny
from sim.settled import Settled
from sim2coco.recipe import Recipe

SIZES_PX = (20, 40, 80, 160, 400)
"""Longest side of the body in the image."""
LIGHT = Light((0.0, 0.6, 0.8), (1.0, 1.0, 1.0), 0.5, 0.5, 0.0, 0.0, 0.01)
GREY = Surface(Look((0.5, 0.5, 0.5)), 1.0, 0.0)
RENDERS: dict[str, Render] = {"relit": Relit(), "tiny": Tiny(), "egl": Egl()}
DIRECTIONS = 997
SUFFIXES = ("obj", "stl", "STL", "dae", "ply")

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Result:
    """One mesh at one size: pixels in the exact mask, pixels on its edge, wrong pixels, and IoU."""

    name: str
    size_px: int
    level: int
    area_px: int
    edge_px: int
    wrong_px: int
    iou: float

    @property
    def per_edge(self) -> float:
        """Number of wrong pixels per pixel on the edge of the exact mask."""
        return self.wrong_px / max(self.edge_px, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all meshes and prints a table."""
    options = _options(arguments)
    kept = options.to / f"{options.render}.jsonl" if options.to else None
    known = recalled(kept)
    results: list[Result] = []
    with closing(Client()) as client:
        assets = of_library(options.library) if options.library else loose(options.sample, known)
        for index, asset in enumerate(assets):
            found = known.get(asset if isinstance(asset, str) else asset.name)
            if found is None and isinstance(asset, Asset):
                found = measured(client, asset, RENDERS[options.render], index, options.sizes)
                remember(kept, asset.name, found)
            results += found or []
    out.print(f"render={options.render}, {len({result.name for result in results})} meshes\n")
    out.print(table(results), markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.silhouettes", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--library", type=Path, metavar="FOLDER", help="the meshes of a library instead")
    parser.add_argument("--sample", type=int, default=0, help="about this many meshes, evenly chosen (all)")
    parser.add_argument("--render", choices=list(RENDERS), default="relit", help="the renderer (relit)")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="keeps results there; goes on with them")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_PX, help="sizes in pixels")
    return parser.parse_args(arguments)


def of_library(folder: Path) -> tuple[Asset, ...]:
    """The assets of a library, to be rendered from its files."""
    return Recipe.parse({"assets": {"path": str(folder)}}).load_catalogue().drawn()


def recalled(path: Path | None) -> dict[str, list[Result]]:
    """The results in a file, by mesh name; empty if there is no file."""
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["name"]: [Result(**found) for found in row["results"]] for row in rows}


def remember(path: Path | None, name: str, results: Sequence[Result]) -> None:
    """Adds the results of a mesh to a file."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps({"name": name, "results": [asdict(found) for found in results]}) + "\n")


def loose(sample: int = 0, known: Collection[str] = ()) -> Iterator[Asset | str]:
    """Yields the procedural shapes, then the readable mesh files of pybullet_data, as assets.

    For files named in `known`, yields the name without reading the file.
    """
    folder = Path(pybullet_data.getDataPath())
    paths = sorted(path for suffix in SUFFIXES for path in folder.rglob(f"*.{suffix}"))
    step = max(len(paths) // sample, 1) if sample else 1
    yield from (one_asset(name, make(0.1)) for name, make in SHAPES.items())
    for path in paths[::step]:
        if str(path.relative_to(folder)) in known:
            yield str(path.relative_to(folder))
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield one_asset(str(path.relative_to(folder)), read_mesh(path))
            except MeshError:
                continue


def measured(
    client: Client, asset: Asset, render: Render, seed: int = 0, sizes: Sequence[int] = SIZES_PX
) -> list[Result]:
    """Compares the rendered mask of an asset with the exact mask at each size."""
    name, catalogue = asset.name, Catalogue(("mesh",), ("object",), (1.0,), ((asset,),), (), ())
    settled = settled_alone(asset, seed)
    (body,) = settled.spec.bodies
    results = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        files = MeshFiles(catalogue, Path(folder))
        renderer = render.renderer(client, files, Pictures({}))
        for index, size_px in enumerate(sizes):
            camera = camera_for(files, body, size_px, seed * len(sizes) + index)
            try:
                gbuffer = renderer.rasterise(settled, Shot(0, 0, 0, camera, LIGHT))
            except RejectedView:
                results.append(Result(name, size_px, -1, 0, 0, 0, 0.0))
                continue
            silhouette = gbuffer.silhouettes[0]
            assert silhouette is not None
            vertices, faces = files.triangles(asset.key, 0)
            pixels, _ = camera.project(files.center_pose(body).apply(vertices.T * body.scale))
            exact = exact_mask(pixels - silhouette.box[:2], faces.T, size(silhouette.box))
            results.append(compared(name, size_px, 0, silhouette.mask, exact))
        client.fresh()
    return results


def settled_alone(asset: Asset, seed: int) -> Settled:
    """A scene with a single body, 10 cm in radius, at a rotation that depends on the seed."""
    quat = quaternion(look_at(np.zeros(3), fibonacci_sphere(DIRECTIONS)[seed * 7 % DIRECTIONS], 0.3))
    scale = 0.1 / asset.radius_m
    pose = Pose.from_point_pair(scale * np.array(asset.center_of_mass_m), np.zeros(3), quat)
    body = Body(asset.key, 0, scale, pose, Look(), 0.5)
    return Settled(SceneSpec(0, "train", 0, (body,), None, GREY, None), 0.0)


def camera_for(files: MeshFiles, body: Body, size_px: int, seed: int) -> Camera:
    """A camera 0.5 m away in whose image the body has a given size, shifted by a fraction of a pixel."""
    direction = fibonacci_sphere(DIRECTIONS)[(seed * 61 + 5) % DIRECTIONS]
    pose = Pose(vec3(0.5 * direction), quaternion(look_at(0.5 * direction, np.zeros(3), 0.0)))
    side = 3 * size_px
    camera = Camera(side, side, 1.0, 1.0, 0.0, 0.0, pose)
    extent = float(np.ptp(camera.project(files.hull(body))[0], axis=0).max())
    focal_px = size_px / extent
    shift = seed * 0.618 % 1.0, seed * 0.414 % 1.0
    return Camera(side, side, focal_px, focal_px, side / 2 + shift[0], side / 2 + shift[1], pose)


def compared(
    name: str, size_px: int, level: int, drawn: NDArray[np.bool_], exact: NDArray[np.bool_]
) -> Result:
    """Compares a rendered mask with the exact mask."""
    inner = cv2.erode(
        exact.astype(np.uint8),
        cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=[0],
    )
    union = np.count_nonzero(drawn | exact)
    return Result(
        name,
        size_px,
        level,
        int(np.count_nonzero(exact)),
        int(np.count_nonzero(exact) - np.count_nonzero(inner)),
        int(np.count_nonzero(drawn != exact)),
        float(np.count_nonzero(drawn & exact) / union) if union else 1.0,
    )


def table(results: Sequence[Result], worst: int = 12) -> str:
    """A Markdown table with a row for each size, followed by the worst results."""
    lines = [
        "| size in px | meshes | equal | wrong / edge: mean | largest | above 0.25 | least IoU | rejected |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for size_px in dict.fromkeys(result.size_px for result in results):
        lines.append(_line(size_px, [result for result in results if result.size_px == size_px]))
    order = sorted(results, key=lambda result: -result.per_edge)[:worst]
    return "\n".join([*lines, "", *(str(result) for result in order)])


def _line(size_px: int, results: Sequence[Result]) -> str:
    drawn = [result for result in results if result.level >= 0]
    shares = [result.per_edge for result in drawn]
    return (
        f"| {size_px} | {len(drawn)} | {np.mean([result.wrong_px == 0 for result in drawn]):.1%} "
        f"| {np.mean(shares):.4f} | {max(shares):.3f} | {sum(share > 0.25 for share in shares)} "
        f"| {min(result.iou for result in drawn):.4f} | {len(results) - len(drawn)} |"
    )


if __name__ == "__main__":
    main()
