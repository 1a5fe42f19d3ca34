"""Meshes far from their origin look and lie as if they were near it, or one sentence says why not."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh_file
from scenes.assets.stored import read_stored
from scenes.geometry import Pose
from scenes.spec import Physics
from sim.bullet import Client
from sim.settle import settle
from tests.library.conftest import Look
from tests.rig import RENDERS, Rig, camera_at, catalogue_from, shot, still

Array = NDArray[np.float64]
Write = Callable[[Path, Array, Array, Array], Path]
QUAT = (0.3, 0.2, 0.1, 0.9273618495495704)
OFFSETS = {
    "near": (0.0, 0.0, 0.0),
    "100 km": (1e5, 1e5, 1e5),
    "UTM": (500000.0, 5400000.0, 100.0),
    "1e9 times its size": (1e8, -1e8, 1e8),
}


def ring(turns: int = 64) -> tuple[Array, Array]:
    """Vertices (n, 3) and faces (m, 3) of a ring of 0.1 m with a square profile."""
    angle = np.arange(turns) * 2 * np.pi / turns
    profile = np.array([[0.02, -0.005], [0.05, -0.005], [0.05, 0.005], [0.02, 0.005]])
    points = [
        (radius * np.cos(turn), radius * np.sin(turn), height) for turn in angle for radius, height in profile
    ]
    faces = []
    for step in range(turns):
        for side in range(4):
            a, b = 4 * step + side, 4 * step + (side + 1) % 4
            c, d = 4 * ((step + 1) % turns) + side, 4 * ((step + 1) % turns) + (side + 1) % 4
            faces += [(a, c, b), (b, c, d)]
    return np.array(points), np.array(faces)


def obj(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in (points + offset).tolist()]
    path = path.with_suffix(".obj")
    path.write_text("\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist())]) + "\n")
    return path


def ply(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    coordinates = "".join(f"property double {axis}\n" for axis in "xyz")
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n{coordinates}"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = b"".join(struct.pack("<B3i", 3, *face) for face in faces.tolist())
    path = path.with_suffix(".ply")
    path.write_bytes(head.encode() + (points + offset).astype("<f8").tobytes() + rows)
    return path


def stl(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    corners = (points + offset)[faces].astype("<f4")
    rows = b"".join(bytes(12) + triangle.tobytes() + bytes(2) for triangle in corners)
    path = path.with_suffix(".stl")
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + rows)
    return path


def gltf(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    """Positions near the origin in single precision, in a node that is moved; y is up."""
    upright = points @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    x, y, z = offset
    positions, indices = upright.astype("<f4").tobytes(), faces.astype("<u4").tobytes()
    path.with_suffix(".bin").write_bytes(positions + indices)
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [x, z, -y]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"uri": path.with_suffix(".bin").name, "byteLength": len(positions) + len(indices)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(positions)},
            {"buffer": 0, "byteOffset": len(positions), "byteLength": len(indices)},
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
                "min": upright.min(axis=0).tolist(),
                "max": upright.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": 5125, "count": faces.size, "type": "SCALAR"},
        ],
    }
    path = path.with_suffix(".gltf")
    path.write_text(json.dumps(tree))
    return path


def urdf(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    """A link whose mesh is placed far away by the origin of its visual."""
    stl(path, points, faces, np.zeros(3))
    x, y, z = (float(value) for value in offset)
    origin = f'<origin xyz="{x!r} {y!r} {z!r}"/>'
    geometry = f'<geometry><mesh filename="{path.with_suffix(".stl").name}"/></geometry>'
    path = path.with_suffix(".urdf")
    path.write_text(f'<robot name="r"><link name="l"><visual>{origin}{geometry}</visual></link></robot>')
    return path


EXACT: dict[str, Write] = {"obj": obj, "ply": ply, "gltf": gltf, "urdf": urdf}
"""Formats that can state where a mesh lies in double precision."""


def drawn(client: Client, folder: Path, path: Path, render: str) -> NDArray[np.bool_]:
    """The mask of a mesh whose centre of mass is at the origin of the world."""
    folder.mkdir()
    catalogue = catalogue_from({"ring": {"path": str(path), "size_m": 0.1}})
    rig = Rig(client, catalogue, folder, {}, RENDERS[render])
    (asset,) = catalogue.drawn()
    pose = Pose.from_point_pair(np.array(asset.center_of_mass_m), np.zeros(3), QUAT)
    settled = still(rig.body("ring", pose.position_m, QUAT))
    camera = camera_at((0.05, -0.2, 0.2), (0, 0, 0), 400, (320, 240))
    return np.asarray(rig.shoot(settled, shot(camera)).sample.ids > 0)


@pytest.mark.parametrize("render", ["relit", "tiny", "egl"])
@pytest.mark.parametrize("place", list(OFFSETS)[1:])
def test_the_mask_does_not_depend_on_where_the_origin_is(
    client: Client, tmp_path: Path, place: str, render: str
) -> None:
    offset = np.array(OFFSETS[place])
    near = drawn(client, tmp_path / "a", obj(tmp_path / "near", *ring(), np.zeros(3)), render)
    far = drawn(client, tmp_path / "b", obj(tmp_path / "far", *ring(), offset), render)
    assert near.sum() > 5000
    assert np.count_nonzero(near != far) <= (1 if place != "1e9 times its size" else 5)


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("place", list(OFFSETS)[1:3])
def test_formats_that_state_the_place_exactly(client: Client, tmp_path: Path, kind: str, place: str) -> None:
    near = drawn(client, tmp_path / "a", EXACT[kind](tmp_path / "near", *ring(), np.zeros(3)), "tiny")
    far_file = EXACT[kind](tmp_path / "far", *ring(), np.array(OFFSETS[place]))
    assert np.count_nonzero(near != drawn(client, tmp_path / "b", far_file, "tiny")) <= 1
    assert read_mesh_file(far_file).notes == ()


def test_it_falls_like_the_same_ring_near_its_origin(client: Client, tmp_path: Path) -> None:
    rests = []
    for place in ("near", "UTM"):
        path = obj(tmp_path / place[0], *ring(), np.array(OFFSETS[place]))
        (tmp_path / place).mkdir()
        catalogue = catalogue_from({"ring": {"path": str(path), "size_m": 0.1}})
        rig = Rig(client, catalogue, tmp_path / place, {}, RENDERS["tiny"])
        (asset,) = catalogue.drawn()
        pose = Pose.from_point_pair(np.array(asset.center_of_mass_m), np.array([0, 0, 0.2]), QUAT)
        physics = Physics(9.81, 1 / 240, 8.0, 2.0)
        spec = replace(still(rig.body("ring", pose.position_m, QUAT)).spec, physics=physics)
        body = settle(client, rig.files, spec).spec.bodies[0]
        corners = body.apply(asset.mesh.vertices_m)
        rests.append((corners.min(axis=0), corners.max(axis=0)))
    (low, high), (far_low, far_high) = rests
    assert abs(low[2]) < 3e-4 and abs(far_low[2]) < 3e-4
    assert np.abs(high - far_high).max() < 5e-3


@pytest.mark.parametrize("place", list(OFFSETS)[1:])
def test_import_and_library(look: Look, tmp_path: Path, place: str) -> None:
    path = obj(tmp_path / "far", *ring(), np.array(OFFSETS[place]))
    row = look(path, library=tmp_path / "library", unit_m=1.0)
    assert (row.verdict, row.watertight) == ("ok", True)
    assert row.extents_m == pytest.approx((0.1, 0.1, 0.01), rel=1e-6)
    stored = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    near = np.sort(ring()[0] + np.array(OFFSETS[place]), axis=0)
    assert np.abs(np.sort(np.unique(stored.vertices_m, axis=0), axis=0) - near).max() < 1e-7


def _named(value: object) -> str:
    """The same name in every process: the text of a function contains its address."""
    return getattr(value, "__name__", str(value))


def six_digits(path: Path, points: Array, faces: Array, offset: Array) -> Path:
    """An OBJ file as programs write it that print six significant digits."""
    lines = ["v {:.6g} {:.6g} {:.6g}".format(*point) for point in points + offset]
    path = path.with_suffix(".obj")
    path.write_text("\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist())]) + "\n")
    return path


@pytest.mark.parametrize(
    ("write", "far_m"), [(stl, 3e3), (stl, 5e4), (six_digits, 2e2), (six_digits, 5e2)], ids=_named
)
def test_coarse_numbers_are_told(look: Look, tmp_path: Path, write: Write, far_m: float) -> None:
    path = write(tmp_path / "far", *ring(), np.full(3, far_m))
    (note,) = read_mesh_file(path).notes
    assert "far from its origin" in note and "move it to its origin" in note
    assert note in look(path, unit_m=1.0).notes


@pytest.mark.parametrize(("write", "far_m"), [(stl, 1e6), (stl, 1e8), (six_digits, 1e5)], ids=_named)
def test_a_lost_shape_is_refused(look: Look, tmp_path: Path, write: Write, far_m: float) -> None:
    path = write(tmp_path / "far", *ring(), np.full(3, far_m))
    with pytest.raises(MeshError, match="is far from its origin"):
        read_mesh_file(path)
    row = look(path, unit_m=1.0)
    assert row.verdict == "refused" and "is far from its origin" in row.reason


def test_a_box_with_whole_numbers_is_not_coarse(tmp_path: Path) -> None:
    corners = np.array(list(np.ndindex(2, 2, 2)), float) * 10
    faces = np.array([(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)])
    assert read_mesh_file(stl(tmp_path / "box", corners, faces, np.full(3, 15000.0))).notes == ()
