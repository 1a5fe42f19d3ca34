"""Masks are those of the whole mesh: drawn meshes beside an exact rasterisation in double precision."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pybullet_data
import pytest

from benchmarks.silhouettes import Result, measured
from scenes.assets.mesh import Mesh, Part
from scenes.assets.physics import one_asset
from scenes.assets.reading.file import read_mesh
from scenes.assets.shapes import box, cylinder, sphere
from sim.bullet import Client
from tests.rig import RENDERS

DATA = Path(pybullet_data.getDataPath())
SIZES_PX = (10, 20, 40, 80, 160, 400)
NAMED = (
    "quadruped/microtaur/channel.stl",
    "samurai_monastry.obj",
    "a1/meshes/trunk.obj",
    "quadruped/microtaur/plate.stl",
    "roboschool/models_outdoor/stadium/stadium.obj",
    "teddy2_VHACD_CHs.obj",
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with closing(Client()) as made:
        yield made


def part(vertices: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> Part:
    """A part without texture; its normals do not matter here."""
    number = len(vertices)
    normals = np.tile((0.0, 0.0, 1.0), (number, 1))
    return Part(np.array(vertices, float), normals, np.zeros((number, 2)), np.array(faces, np.int32))


def grid(columns: int, rows: int, width_m: float, height_m: float, holes: bool = False) -> Mesh:
    """A wavy sheet of `2 columns rows` triangles; with holes, some cells are left out."""
    x, y = np.meshgrid(
        np.linspace(0, width_m, columns + 1), np.linspace(0, height_m, rows + 1), indexing="ij"
    )
    z = 0.05 * np.sin(x / width_m * 9) * np.cos(y / height_m * 7)
    index = np.arange(x.size).reshape(x.shape)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    column, row = np.mgrid[:columns, :rows]
    kept = (column // 12 % 5 != 2) | (row // 12 % 5 != 2) if holes else column >= 0
    faces = np.concatenate([np.stack([a, b, c], axis=-1)[kept], np.stack([a, c, d], axis=-1)[kept]])
    return Mesh((part(np.column_stack([x.ravel(), y.ravel(), z.ravel()]).tolist(), faces.tolist()),))


def moved(mesh: Mesh, by: Sequence[float], turned: bool = False) -> Mesh:
    """A mesh at another place, and lying along x."""
    (one,) = mesh.parts
    vertices = one.vertices_m[:, [2, 0, 1]] if turned else one.vertices_m
    return Mesh((part((vertices + np.array(by)).tolist(), one.faces.tolist()),))


def joined(*meshes: Mesh) -> Mesh:
    whole = Mesh(tuple(one for mesh in meshes for one in mesh.parts))
    return Mesh((part(whole.vertices_m.tolist(), whole.faces.tolist()),))


def rod(radius_m: float, length_m: float, around: int, along: int) -> Mesh:
    """A finely divided open tube along z."""
    angle, z = np.meshgrid(
        np.linspace(0, 2 * np.pi, around, endpoint=False), np.linspace(0, length_m, along + 1)
    )
    vertices = np.column_stack(
        [radius_m * np.cos(angle).ravel(), radius_m * np.sin(angle).ravel(), z.ravel()]
    )
    index = np.arange(len(vertices)).reshape(along + 1, around)
    a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
    c, d = np.roll(index, -1, axis=1)[1:], index[1:]
    faces = np.concatenate([np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))])
    return Mesh((part(vertices.tolist(), faces.tolist()),))


def fan(count: int) -> Mesh:
    """A disc of slivers: all triangles meet in one point of its rim."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    vertices = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    index = np.arange(1, count - 1)
    return Mesh((part(vertices.tolist(), np.stack([0 * index, index, index + 1], axis=1).tolist()),))


SHAPES = {
    "box with a rod of fine triangles": lambda: joined(
        box(0.1, 0.1, 0.1), moved(rod(0.0015, 0.06, 48, 300), (0.05, 0.03, 0.02), turned=True)
    ),
    "grid of 129,024 faces": lambda: grid(256, 252, 1.0, 1.0),
    "grid with holes": lambda: grid(240, 240, 1.0, 1.0, holes=True),
    "wires": lambda: joined(
        *(moved(rod(0.002, 1.0, 12, 90), (0.1 * k, 0.07 * k * k, 0.0)) for k in range(5))
    ),
    "slivers": lambda: fan(3000),
    "fine sphere": lambda: sphere(0.1, 250),
    "ball on a plate": lambda: joined(moved(sphere(0.01, 120), (0.03, 0.02, 0.01)), box(0.1, 0.1, 0.002)),
    "thin cylinder": lambda: cylinder(0.001, 0.2),
}


def check(results: Sequence[Result]) -> None:
    for result in results:
        assert result.level >= 0
        if result.area_px >= 200:
            assert result.wrong_px <= 0.25 * result.edge_px, result
        least_iou = 0.98 if result.size_px >= 40 else 0.9
        assert result.iou >= least_iou or result.area_px < 30, result


@pytest.mark.parametrize("name", NAMED)
def test_known_meshes(client: Client, name: str) -> None:
    check(measured(client, one_asset(name, read_mesh(DATA / name)), RENDERS["relit"], 3, SIZES_PX))


@pytest.mark.parametrize("render", ["relit", "egl"])
@pytest.mark.parametrize("name", SHAPES)
def test_fine_thin_and_perforated_shapes(client: Client, name: str, render: str) -> None:
    check(measured(client, one_asset(name, SHAPES[name]()), RENDERS[render], 5, SIZES_PX))


def test_pixel_centres_beside_a_thin_line_are_not_its_own(client: Client) -> None:
    """Lines on a field, thinner than a pixel: at 40 px, the centre of a pixel is 0.0008 px beside one."""
    name = "roboschool/models_outdoor/stadium/part0.obj"
    results = measured(client, one_asset(name, read_mesh(DATA / name)), RENDERS["relit"], 1180)
    assert [result.wrong_px for result in results[:-1]] == [0, 0, 0, 0]
