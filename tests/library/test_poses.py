"""Pose and matrix of a record bring the vertices of the user's own file onto the mask."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.stored import read_stored
from scenes.geometry import Pose, conversion
from sim2coco import generate
from sim2coco.library.importing import import_meshes
from sim2coco.library.scan import scan
from sim2coco.library.table import Flags, find_table, overrides, read_table
from tests.library.recipes import recipe
from tests.library.solids import FACES, SILENT, STATING, egg, obj, put, stl

Floats = NDArray[np.float64]
README = (Path(__file__).parents[2] / "README.md").read_text()
(FORMULA,) = (
    text.partition("\n\n\nwith ")[0]
    for text in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    if "from_file" in text
)
SCENE: dict[str, Any] = {"kind": "floating", "num_objects": 120, "spread": 12.0, "empty_share": 0.0}


def pose_of(tree: dict[str, Any]) -> Pose:
    x, y, z = tree["pose"]["position_m"]
    a, b, c, d = tree["pose"]["quat_xyzw"]
    return Pose((x, y, z), (a, b, c, d))


def projected(record: dict[str, Any], label: dict[str, Any], vertices: Floats) -> list[float]:
    """The box (x, y, width, height) of vertices (n, 3) of the user's file, by the function of the README."""
    names: dict[str, Any] = {}
    exec(FORMULA, names)  # noqa: S102  # the README of this project
    (picture,) = record["views"][0]["pictures"]
    x, y = names["in_pixels"](record, picture, label, vertices)
    return [x.min(), y.min(), np.ptp(x), np.ptp(y)]


def corners_of(box: list[float]) -> list[float]:
    x, y, width, height = box
    return [x, y, x + width, y + height]


def record_of(categories: dict[str, object], out: Path, **scene: object) -> dict[str, Any]:
    made = recipe(categories, **scene)
    image = made.image.model_copy(update={"width": 640, "height": 480})
    generate(made.model_copy(update={"image": image}), out, 1)
    (path,) = (out / "records").rglob("*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def check_all(record: dict[str, Any], files: dict[str, Floats]) -> None:
    """Asserts that each file has a label, and that its vertices fill the whole box of each label."""
    (picture,) = record["views"][0]["pictures"]
    seen = set()
    for label in picture["annotations"]:
        name = label["asset"].rpartition("/")[2]
        seen.add(name)
        box = projected(record, label, files[name])
        np.testing.assert_allclose(corners_of(box), corners_of(label["whole_bbox"]), atol=1.0, err_msg=name)
    assert seen == set(files)


def test_files_named_by_path(tmp_path: Path) -> None:
    files: dict[str, Floats] = {}
    categories: dict[str, object] = {}
    for name, (write, up, unit_m) in STATING.items():
        for size in (None, 0.13):
            called = f"{name} {size}"
            files[called] = put(tmp_path / name, write, up, unit_m)
            categories[called] = {"path": str(tmp_path / name), "size_m": size}
    for name, write in SILENT.items():
        sizes: tuple[tuple[str, float, object], ...] = (("y", 0.001, [0.1, 0.14]), ("z", 1.0, None))
        for up, unit_m, size_m in sizes:
            path = tmp_path / up / name
            files[f"{name} {up}"] = put(path, write, up, unit_m)
            categories[f"{name} {up}"] = {"path": str(path), "size_m": size_m}
    check_all(record_of(categories, tmp_path / "data", **SCENE), files)


TABLE = """file,unit,up,longest_m
table.stl,in,x,
long.stl,,y,0.2
y.glb,,z,
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Floats]]:
    """A library whose units and axes come from files, a table and flags; and the vertices of each file."""
    root = tmp_path_factory.mktemp("poses")
    meshes = root / "meshes"
    files = {
        Path(name).stem: put(meshes / name, write, up, unit_m)
        for name, (write, up, unit_m) in STATING.items()
        if name != "metres.glb"
    }
    for write in SILENT.values():  # --unit mm --up y
        kind = write.__name__
        files[f"flags_{kind}"] = put(meshes / f"flags_{kind}.{kind}", write, "y", 0.001)
    files["table"] = put(meshes / "table.stl", stl, "x", 0.0254)
    files["long"] = put(meshes / "long.stl", stl, "y", 0.0007)
    files["y"] = put(meshes / "y.glb", *STATING["metres.glb"])
    (meshes / "assets.csv").write_text(TABLE)
    table = find_table(meshes, None)
    assert table is not None
    wanted = overrides(scan(meshes).meshes, read_table(table), Flags(unit_m=0.001, up="y"))
    rows = import_meshes(meshes, wanted, root / "library", 1, lambda row, known: None)
    assert [row.asks for row in rows] == [""] * len(rows)
    return root / "library", files


@pytest.mark.parametrize("size_m", [None, 0.12])
def test_files_imported_into_a_library(
    library: tuple[Path, dict[str, Floats]], size_m: float | None, tmp_path: Path
) -> None:
    folder, files = library
    categories: dict[str, object] = {
        name: {"path": f"{folder}#{name}", "size_m": size_m} for name in sorted(files)
    }
    check_all(record_of(categories, tmp_path / "data", **SCENE), files)


def test_the_library_holds_the_matrix_of_each_file(library: tuple[Path, dict[str, Floats]]) -> None:
    folder, files = library
    for asset in json.loads((folder / "library.json").read_text())["assets"]:
        matrix = np.array(asset["from_file"])
        moved = files[asset["name"]] @ matrix[:3, :3].T + matrix[:3, 3]
        vertices_m = read_stored(folder / "meshes" / f"{asset['mesh']}.glb").vertices_m
        np.testing.assert_allclose(moved.min(axis=0), vertices_m.min(axis=0), atol=1e-6)
        np.testing.assert_allclose(moved.max(axis=0), vertices_m.max(axis=0), atol=1e-6)


def test_a_library_of_an_older_version_has_the_same_matrices(
    library: tuple[Path, dict[str, Floats]], tmp_path: Path
) -> None:
    from scenes.assets.library import read_library

    new = read_library(library[0])
    tree = json.loads((library[0] / "library.json").read_text())
    for asset in tree["assets"]:
        del asset["from_file"]
    (tmp_path / "library.json").write_text(json.dumps(tree))
    old = read_library(tmp_path)
    assert [entry.from_file for entry in old.entries] == [entry.from_file for entry in new.entries]


def test_parts_of_a_robot_lie_in_the_frame_of_the_robot(tmp_path: Path) -> None:
    put(tmp_path / "part.obj", obj, "z", 0.001)
    (tmp_path / "robot.urdf").write_text(
        '<robot name="r"><link name="l"><visual><origin xyz="0.1 0 0.2"/><geometry>'
        '<mesh filename="part.obj" scale="0.001 0.001 0.001"/></geometry></visual></link></robot>'
    )
    record = record_of(
        {"r": {"path": str(tmp_path / "robot.urdf"), "size_m": 0.2}}, tmp_path / "data", **SCENE
    )
    check_all(record, {"r": egg() + np.array([0.1, 0.0, 0.2])})


def test_a_shape_has_the_matrix_of_its_scale(tmp_path: Path) -> None:
    categories: dict[str, object] = {"box": {"shape": "box", "size_m": [0.05, 0.1]}}
    record = record_of(categories, tmp_path / "data", **SCENE | {"num_objects": 3})
    for body, matrix in zip(record["settled"]["spec"]["bodies"], record["from_file"], strict=True):
        np.testing.assert_allclose(matrix, np.diag([*3 * [body["scale"]], 1.0]))


@pytest.mark.parametrize("write", ["glb", "gltf"])
def test_a_gltf_stands_up(tmp_path: Path, write: str) -> None:
    """Its y axis, through the matrix of the record, is the world's z; so it is for DAE with y up."""
    made: Any = trimesh.Trimesh(egg("y"), FACES, process=False).export(file_type=write)
    for name, part in (made if isinstance(made, dict) else {"model.glb": made}).items():
        (tmp_path / name).write_bytes(part)
    category = {"path": str(tmp_path / f"model.{write}"), "upright": True}
    record = record_of({"part": category}, tmp_path / "data")
    (body,), (matrix,) = record["settled"]["spec"]["bodies"], record["from_file"]
    in_world = pose_of(body).rotation() @ np.array(matrix)[:3, :3] @ (0.0, 1.0, 0.0)
    assert in_world[2] / np.linalg.norm(in_world) > 0.9
    check_all(record, {"part": egg("y")})


def test_the_rows_of_a_matrix() -> None:
    assert conversion(0.001, "y") == (
        (0.001, 0.0, 0.0, 0.0),
        (0.0, 0.0, -0.001, 0.0),
        (0.0, 0.001, 0.0, 0.0),
        (0.0, 0.0, 0.0, 1.0),
    )
