"""The audit reads meshes, shapes and statements of its own, and they are those of the generator."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from scenes.assets.reading.file import read_mesh_file
from scenes.assets.shapes import SHAPES as OURS
from sim2coco.audit.geometry import Array, rotation
from sim2coco.audit.meshfile import Unreadable, read
from sim2coco.audit.solids import SHAPES, shape
from sim2coco.audit.stated import stated_transform
from sim2coco.audit.surface import Surface
from tests.solids import CHANNEL, OUTLINES, WRITERS, obj, prism

COLLADA = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit meter="UNIT" name="unit"/><up_axis>UP_AXIS</up_axis></asset>
<library_geometries><geometry id="g" name="g"><mesh>
<source id="p"><float_array id="a" count="12">0 0 0 1 0 0 0 2 0 0 0 3</float_array><technique_common>
<accessor source="#a" count="4" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
<param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="4"><input semantic="VERTEX" source="#v" offset="0"/>
<p>0 2 1 0 1 3 0 3 2 1 2 3</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s" name="s"><node id="n" name="n"><translate>1 2 3</translate>
<rotate>0 0 1 30</rotate><instance_geometry url="#g"/></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#s"/></scene></COLLADA>
"""


def volume(triangles: Array) -> float:
    a, b, c = np.moveaxis(triangles - triangles.reshape(-1, 3).mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_those_of_the_guide(name: str, rng: np.random.Generator) -> None:
    """Rays from everywhere meet both at the same depth."""
    mesh = OURS[name](1.0)
    ours, own = Surface.of(mesh.vertices_m[mesh.faces]), Surface.of(shape(name))
    assert float(own.extents.max()) == pytest.approx(1.0)
    for _ in range(5):
        to_camera = np.eye(4)
        to_camera[:3, :3], to_camera[:3, 3] = rotation(rng.normal(size=4)), (0.0, 0.0, 3.0)
        flat = rng.uniform(-0.3, 0.3, (4000, 2))
        rays = np.concatenate([flat, np.ones((4000, 1))], axis=1)
        one, other = own.depths(to_camera, rays), ours.depths(to_camera, rays)
        met = np.isfinite(one) & np.isfinite(other)
        assert met.sum() > 100
        assert (np.isfinite(one) != np.isfinite(other)).sum() <= 2
        # A quad of a torus or sphere may be cut along its other diagonal.
        assert np.abs(one[met] - other[met]).max() < 2e-3


@pytest.mark.parametrize("outline", OUTLINES)
@pytest.mark.parametrize("suffix", ["obj", "off", "ply"])
def test_concave_polygons_are_read(tmp_path: Path, outline: str, suffix: str) -> None:
    file = tmp_path / f"solid.{suffix}"
    file.write_text(WRITERS[suffix](prism(OUTLINES[outline])))
    mesh = read_mesh_file(file).mesh
    assert volume(read(file).triangles) == pytest.approx(mesh.volume_m3, rel=1e-5)


def test_a_polygon_that_assimp_loses_a_part_of(tmp_path: Path) -> None:
    """A comb of many teeth as a single face."""
    teeth = [
        (x, y)
        for step in range(60)
        for x, y in ((step, 1.0), (step, 0.1), (step + 0.5, 0.1), (step + 0.5, 1.0))
    ]
    outline = [(float(x), float(y)) for x, y in [(60.0, 0.0), *reversed(teeth), (0.0, 0.0)]][::-1]
    file = tmp_path / "comb.obj"
    file.write_text(obj(prism(outline)))
    assert abs(volume(read(file).triangles)) == pytest.approx(read_mesh_file(file).mesh.volume_m3, rel=1e-4)


@pytest.mark.parametrize(("unit", "up"), [("1", "Y"), ("0.01", "Z"), ("0.0254", "X")])
def test_collada_keeps_the_coordinates_of_the_file(tmp_path: Path, unit: str, up: str) -> None:
    file = tmp_path / "wedge.dae"
    file.write_text(COLLADA.replace("UNIT", unit).replace("UP_AXIS", f"{up}_UP"))
    found, ours = read(file), read_mesh_file(file)
    assert (found.unit_m, found.up) == (float(unit), up.lower())
    np.testing.assert_allclose(stated_transform(found, None, {}), ours.from_file)
    moved = found.triangles.reshape(-1, 3) @ ours.from_file[:3, :3].T + ours.from_file[:3, 3]
    for end in ("min", "max"):
        corner = getattr(ours.mesh.vertices_m, end)(axis=0)
        np.testing.assert_allclose(getattr(moved, end)(axis=0), corner, rtol=1e-5, atol=1e-9)


def test_nodes_of_gltf_are_followed(tmp_path: Path) -> None:
    chain: Any = trimesh.Scene()
    for step in range(3):
        matrix = np.eye(4)
        matrix[0, 3] = 0.05 * step
        chain.add_geometry(trimesh.creation.torus(0.02, 0.004), transform=matrix)
    file = tmp_path / "chain.glb"
    chain.export(file)
    found = read(file)
    assert (found.unit_m, found.up) == (1.0, "y")
    np.testing.assert_allclose(np.ptp(found.triangles.reshape(-1, 3), axis=0)[0], 0.148, rtol=1e-4)


def test_a_mesh_far_from_its_origin_keeps_its_shape(tmp_path: Path) -> None:
    """In single precision its smallest step would be 6 cm."""
    vertices = prism(CHANNEL).vertices + np.array([1e6, 0.0, 0.0])
    file = tmp_path / "far.obj"
    lines = "".join(f"v {x:.9f} {y:.9f} {z:.9f}\n" for x, y, z in vertices)
    file.write_text(
        lines + "".join(line + "\n" for line in obj(prism(CHANNEL)).splitlines() if line[0] == "f")
    )
    points = read(file).triangles.reshape(-1, 3)
    np.testing.assert_allclose(np.ptp(points, axis=0), np.ptp(vertices, axis=0), atol=1e-8)


def test_what_cannot_be_followed_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.obj").write_text("v 0 0 0\n")
    with pytest.raises(Unreadable, match="contains no triangles, according to assimp and trimesh"):
        read(tmp_path / "empty.obj")
    (tmp_path / "leaf.gltf").write_text('{"materials": [{"alphaMode" : "MASK"}]}')
    with pytest.raises(Unreadable, match="cut-out materials"):
        read(tmp_path / "leaf.gltf")


@pytest.mark.parametrize(
    ("size_m", "stated", "factor", "up"),
    [
        (None, {}, 1.0, "z"),
        (0.2, {"unit_m": 0.001}, 2.0, "z"),
        (None, {"unit_m": 0.001, "up": "y"}, 0.001, "y"),
        (None, {"longest_m": 0.3, "unit_m": 0.001}, 3.0, "z"),
    ],
    ids=["nothing", "size before unit", "unit and axis", "longest side before unit"],
)
def test_what_the_user_states(
    tmp_path: Path, size_m: float | None, stated: dict[str, object], factor: float, up: str
) -> None:
    file = tmp_path / "channel.obj"
    file.write_text(obj(prism(CHANNEL)))
    matrix = stated_transform(read(file), size_m, stated)
    up_axis = {"z": [0.0, 0.0, factor], "y": [0.0, factor, 0.0]}[up]
    np.testing.assert_allclose(matrix[2, :3], up_axis, rtol=1e-6)
