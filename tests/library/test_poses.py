"""The pose of a label speaks of the mesh as read: in metres and z up where a file or a library says so."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.geometry import Pose
from sim2coco import generate
from sim2coco.library.importing import import_meshes
from sim2coco.library.table import Flags, overrides
from tests.library.recipes import recipe


def pose_of(tree: dict[str, Any]) -> Pose:
    x, y, z = tree["pose"]["position_m"]
    a, b, c, d = tree["pose"]["quat_xyzw"]
    return Pose((x, y, z), (a, b, c, d))


def boxes(record: dict[str, Any], vertices: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """The whole box of the only label, and that of some vertices under its pose: x, y, width, height."""
    (found,) = record["views"][0]["pictures"][0]["annotations"]
    camera = record["views"][0]["shot"]["camera"]
    points = pose_of(found).apply(vertices * found["scale"])
    x = camera["fx"] * points[:, 0] / points[:, 2] + camera["cx"]
    y = camera["fy"] * points[:, 1] / points[:, 2] + camera["cy"]
    return found["whole_bbox"], [x.min(), y.min(), np.ptp(x), np.ptp(y)]


def record_of(categories: dict[str, object], out: Path, **scene: object) -> dict[str, Any]:
    generate(recipe(categories, **scene), out, 1)
    (path,) = (out / "records").rglob("*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


Y_TO_Z = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])


def bottle(path: Path, factor: float = 1.0) -> NDArray[np.float64]:
    """Something tall along its file's y axis; the vertices of the file."""
    made = trimesh.creation.cone(radius=0.03, height=0.2)
    made.vertices = made.vertices @ Y_TO_Z * factor
    path.parent.mkdir(parents=True, exist_ok=True)
    content: Any = made.export(file_type=path.suffix[1:])
    for name, part in (content if isinstance(content, dict) else {path.name: content}).items():
        (path if name == "model.gltf" else path.with_name(name)).write_bytes(part)
    return np.asarray(made.vertices, float)


@pytest.mark.parametrize("kind", ["glb", "gltf"])
def test_a_gltf_stands_up_and_its_pose_is_that_of_the_turned_mesh(tmp_path: Path, kind: str) -> None:
    vertices = bottle(tmp_path / "meshes" / f"bottle.{kind}")
    category = {"path": str(tmp_path / "meshes" / f"bottle.{kind}"), "upright": True}
    record = record_of({"bottle": category}, tmp_path / "data")
    (body,) = record["settled"]["spec"]["bodies"]
    assert pose_of(body).rotation()[2, 2] > 0.99
    label, drawn = boxes(record, vertices @ Y_TO_Z.T)
    np.testing.assert_allclose(drawn, label, atol=1.5)
    wrong = boxes(record, vertices)[1]
    assert np.abs(np.subtract(wrong, label)).max() > 10


def test_the_pose_of_a_file_without_an_axis_is_that_of_its_own_numbers(tmp_path: Path) -> None:
    vertices = bottle(tmp_path / "bottle.stl")
    record = record_of({"bottle": {"path": str(tmp_path / "bottle.stl"), "size_m": 0.3}}, tmp_path / "data")
    label, drawn = boxes(record, vertices * (0.3 / np.ptp(vertices, axis=0).max()))
    np.testing.assert_allclose(drawn, label, atol=1.5)


@pytest.mark.parametrize("flags", [{"unit_m": 0.001, "up": "y"}, {"unit_m": 0.001, "up": "y", "long": 0.15}])
def test_the_pose_of_a_library_speaks_of_metres_and_z_up_and_the_library_says_by_what(
    tmp_path: Path, flags: dict[str, Any]
) -> None:
    vertices = bottle(tmp_path / "meshes" / "glass" / "bottle.stl", 1000.0)
    long_m = flags.pop("long", None)
    wanted = overrides(["glass/bottle.stl"], [], Flags(**flags))
    if long_m is not None:
        wanted = {file: replace(override, longest_m=long_m) for file, override in wanted.items()}
    import_meshes(tmp_path / "meshes", wanted, tmp_path / "library", 1, lambda row, known: None)
    (asset,) = json.loads((tmp_path / "library" / "library.json").read_text())["assets"]
    assert asset["metres_per_unit"] == pytest.approx(0.001 if long_m is None else long_m / 200)
    assert asset["up"] == "y"
    record = record_of({"glass": {"path": f"{tmp_path / 'library'}#glass"}}, tmp_path / "data")
    label, drawn = boxes(record, asset["metres_per_unit"] * vertices @ Y_TO_Z.T)
    np.testing.assert_allclose(drawn, label, atol=1.5)
