"""Keypoints of meshes: where they are in the image, whether they are seen, and from which files they come."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.geometry import on_sphere
from scenes.shot import Motion
from sim.sample import Instance
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.pose import keypoints_in_row
from sim2coco.export.yolo import Yolo
from sim2coco.library.importing import import_meshes
from sim2coco.library.row import Override, Row
from sim2coco.review.dataset import DataSet
from sim2coco.review.deep import check_deep
from sim2coco.store import LocalStore
from tests.extrasdata import BOX_M, CORNERS, TREE
from tests.library.meshes import brick
from tests.rig import Rig, camera_at, catalogue_from, shot, still

HANDLE_MM = [30.0, 10.0, 10.0]
"""A point at the edge of the brick, in the numbers of its file."""


def labels_of(root: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each annotation with the entry of its image."""
    tree = json.loads((root / "annotations/instances_train.json").read_text())
    images = {image["id"]: image for image in tree["images"]}
    return [(images[entry["image_id"]], entry) for entry in tree["annotations"]]


def test_keypoints_are_the_projections_of_their_points(with_extras: Path) -> None:
    """The keypoints of this category are the corners of the box, which the annotations have too."""
    tree = json.loads((with_extras / "annotations/instances_train.json").read_text())
    assert tree["categories"][0]["keypoints"] == list(CORNERS)
    assert tree["categories"][0]["skeleton"] == [[1, 2], [1, 3]]
    assert "keypoints" not in tree["categories"][1]
    found: dict[tuple[int, int, int], Any] = {}
    for image, entry in labels_of(with_extras):
        assert ("keypoints" in entry) == (entry["category_id"] == 1)
        if "keypoints" in entry:
            points = np.array(entry["keypoints"]).reshape(8, 3)
            assert entry["num_keypoints"] == np.count_nonzero(points[:, 2])
            assert not points[points[:, 2] == 0].any()
            found[image["scene"], entry["attributes"]["instance"], image["copy"]] = points
            if not image["copy"]:
                seen = points[:, 2] > 0
                assert np.abs(points[seen, :2] - np.array(entry["bbox3d_px"])[seen]).max() <= 0.01
    plain = [key for key in found if not key[2]]
    assert len(plain) > 3
    for scene, instance, _ in plain:
        before, after = found[scene, instance, 0], found[scene, instance, 1]
        seen = before[:, 2] > 0
        assert np.allclose(after[seen, 0], 96 - before[seen, 0], atol=0.011)
        assert np.array_equal(after[:, 1:], before[:, 1:])


def test_the_data_set_is_valid_and_rendered_again_it_is_the_same(with_extras: Path) -> None:
    assert check(with_extras).faults == ()
    assert check_deep(with_extras, scenes=1).faults == ()


def test_check_finds_a_keypoint_that_was_changed(with_extras: Path, tmp_path: Path) -> None:
    root = shutil.copytree(with_extras, tmp_path / "copy")
    file = root / "annotations/instances_train.json"
    tree = json.loads(file.read_text())
    entry = next(entry for entry in tree["annotations"] if entry.get("num_keypoints"))
    entry["keypoints"][0] += 1
    file.write_text(json.dumps(tree))
    assert "record" in {fault.kind for fault in check(root).faults}


@pytest.mark.parametrize("azimuth_deg", [10, 100, 200, 310])
def test_a_corner_is_visible_where_one_of_its_faces_is(rig: Callable[..., Rig], azimuth_deg: float) -> None:
    category = {"box": {"shape": "box", "size_m": 0.08, "keypoints": CORNERS}}
    drawn = rig(catalogue_from(category))
    eye = 0.5 * on_sphere(np.radians(azimuth_deg), np.radians(35))
    settled = still(drawn.body("box", (0.0, 0.0, 0.0)))
    (instance,) = drawn.shoot(settled, shot(camera_at(eye, (0, 0, 0), 300.0))).sample.instances
    signs = np.sign(list(CORNERS.values()))
    faces = signs * eye > np.array(BOX_M)  # whether the eye is in front of each of the corner's three faces
    assert instance.keypoints is not None
    assert [seen == 2 for _, _, seen in instance.keypoints] == faces.any(axis=1).tolist()
    assert {seen for _, _, seen in instance.keypoints} == {1, 2}


def test_a_keypoint_behind_another_object_is_hidden_and_one_outside_is_none(rig: Callable[..., Rig]) -> None:
    top = {"top": [0.0, 0.0, 0.04], "bottom": [0.0, 0.0, -0.04]}
    drawn = rig(catalogue_from({"box": {"shape": "box", "size_m": 0.08, "keypoints": top}}))
    behind, front = drawn.body("box", (0.0, 0.0, 0.0)), drawn.body("box", (0.0, 0.0, 0.2), scale=0.5)
    camera = camera_at((0.0, 0.0, 0.6), (0.0, 0.0, 0.0), 300.0)
    aside = replace(camera, cx=-8.0)

    def seen(*bodies: Any, camera: Any = camera) -> list[list[int]]:
        found: tuple[Instance, ...] = drawn.shoot(still(*bodies), shot(camera)).sample.instances
        return [[point[2] for point in one.keypoints or ()] for one in found]

    assert seen(behind) == [[2, 1]]
    assert seen(behind, front) == [[1, 1], [2, 1]]
    assert seen(behind, camera=aside) == [[0, 0]]


def test_keypoints_follow_the_rows_of_a_rolling_shutter(rig: Callable[..., Rig]) -> None:
    """The corners of a box span its silhouette, also while the camera moves from row to row."""
    drawn = rig(catalogue_from({"box": {"shape": "box", "size_m": 0.08, "keypoints": CORNERS}}))
    motion = Motion((0.005, 0.0, 0.01), (0.0, 0.02, 0.01), 1, readout=4.0, bands=40)
    moving = replace(shot(camera_at((0.3, 0.25, 0.3), (0.0, 0.0, 0.0), 300.0)), motion=motion)
    (instance,) = drawn.shoot(still(drawn.body("box", (0.0, 0.0, 0.0))), moving).sample.instances
    places = np.array(instance.keypoints)
    assert places[:, 2].all()
    spanned = np.concatenate([places[:, :2].min(axis=0), places[:, :2].max(axis=0)])
    assert np.abs(spanned - instance.whole_xyxy).max() < 1
    middle, _ = moving.camera.project(np.array(list(CORNERS.values())))
    assert np.abs(middle - places[:, :2]).max() > 3


def with_keypoints(mesh: Path, tree: object) -> Path:
    mesh.with_name(f"{mesh.stem}.keypoints.yaml").write_text(yaml.safe_dump(tree))
    return mesh


def points_of(catalogue: Catalogue, name: str) -> Any:
    (key,) = (key for key in catalogue.assets if key.startswith(f"{name}"))
    return catalogue.keypoints_m(key)


def test_a_file_beside_the_mesh_has_keypoints_in_its_coordinates(tmp_path: Path) -> None:
    """Numbers in millimetres become metres of the size that the category asks for, also through a library."""
    mesh = with_keypoints(brick(tmp_path / "meshes" / "brick.obj"), {"keypoints": {"handle": HANDLE_MM}})
    other = with_keypoints(
        brick(tmp_path / "meshes" / "other.obj", 2.0),
        {"keypoints": {"tip": [0, 0, 0], "handle": [60, 20, 20]}, "skeleton": [["tip", "handle"]]},
    )
    by_path = load_catalogue(
        Assets.parse({"categories": {"brick": {"path": str(mesh.parent), "size_m": 0.12}}})
    )
    assert by_path.keypoint_names[0] is not None
    assert by_path.keypoint_names[0].names == ("handle", "tip")
    assert by_path.keypoint_names[0].edges == ((1, 0),)
    assert points_of(by_path, "brick/brick")[0] == pytest.approx((0.06, 0.02, 0.02))
    assert points_of(by_path, "brick/brick")[1] is None
    assert points_of(by_path, "brick/other") == (pytest.approx((0.06, 0.02, 0.02)), (0, 0, 0))
    said = {
        file.name: Override("brick", f"brick/{file.stem}", unit_m=0.001, sure_up=True)
        for file in (mesh, other)
    }
    import_meshes(mesh.parent, said, tmp_path / "library", 1, lambda row, known: None)
    imported = load_catalogue(Assets.parse({"path": str(tmp_path / "library")}))
    assert imported.keypoint_names == by_path.keypoint_names
    assert points_of(imported, "brick/brick")[0] == pytest.approx((0.03, 0.01, 0.01))
    assert points_of(imported, "brick/other")[0] == pytest.approx((0.06, 0.02, 0.02))


def test_keypoints_of_the_settings_come_before_those_of_the_file(tmp_path: Path) -> None:
    mesh = with_keypoints(brick(tmp_path / "brick.obj"), {"keypoints": {"handle": HANDLE_MM}})
    category = {"path": str(mesh), "size_m": 0.06, "keypoints": {"far": [300, 0, 0], "lid": [0, 0, 10]}}
    catalogue = load_catalogue(Assets.parse({"categories": {"brick": category}}))
    assert points_of(catalogue, "brick") == (pytest.approx((0.3, 0, 0)), pytest.approx((0, 0, 0.01)))
    (note,) = (note for note in catalogue.notes if "keypoint" in note)
    assert "keypoint 'far' is far from the mesh" in note


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("keypoints: {handle: [1, 2]}", r"brick.keypoints.yaml: keypoints.handle.2: Field required"),
        ("keypoints: {handle: [1, 2, .nan]}", r"keypoints.handle.2: .*finite"),
        ("keypoints: {' ': [1, 2, 3]}", r"a keypoint has no name"),
        ("points: {}", r"brick.keypoints.yaml: keypoints: Field required"),
        ("[", r"brick.keypoints.yaml: cannot be read"),
        ("a: &a [1]\nb: *a", r"YAML aliases are not supported"),
        ("keypoints: {a: [1, 2, 3]}\nskeleton: [[a, b]]", r"skeleton of brick: no keypoint 'b'"),
        ("", r"brick.keypoints.yaml"),
        ("{1: 2, ? [x] : 3}", r"brick.keypoints.yaml"),
        ("keypoints: 2026-01-31", r"brick.keypoints.yaml: cannot be read: "),
        ("keypoints: {a: !!binary aGk=}", r"brick.keypoints.yaml: cannot be read: "),
        ("? 2026-01-31\n: 1", r"brick.keypoints.yaml: cannot be read: "),
        ("[]", r"brick.keypoints.yaml: must be an object"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, content: str, told: str) -> None:
    mesh = brick(tmp_path / "brick.obj")
    (tmp_path / "brick.keypoints.yaml").write_text(content)
    with pytest.raises(CatalogueError, match=told) as error:
        load_catalogue(Assets.parse({"categories": {"brick": {"path": str(mesh), "size_m": 0.06}}}))
    assert "\n" not in str(error.value)
    if "skeleton" not in told:
        reported: list[Row] = []
        overrides = {mesh.name: Override("b", "b")}
        rows = import_meshes(
            tmp_path, overrides, tmp_path / "out", 1, lambda row, known: reported.append(row)
        )
        assert rows == reported
        assert rows[0].verdict == "refused"
        assert "brick.keypoints.yaml" in rows[0].reason


def test_a_data_set_is_rendered_again_with_the_keypoints_of_its_run(tmp_path: Path) -> None:
    """The meshes have moved, and no file of keypoints lies beside them any more."""
    mesh = with_keypoints(brick(tmp_path / "meshes" / "brick.obj"), {"keypoints": {"handle": HANDLE_MM}})
    tree = {
        **TREE,
        "assets": {"categories": {"brick": {"path": str(mesh), "size_m": 0.06}}},
        "image": {"width": 64, "height": 48},
        "camera": {"kind": "shell"},
        "augment": {"splits": []},
    }
    root = Path(generate(Recipe.parse(tree), tmp_path / "data", 1).out)
    assert any("keypoints" in entry for _, entry in labels_of(root))
    assert DataSet(root).run["keypoints"]["categories"] == {"brick": {"names": ["handle"], "skeleton": []}}
    shutil.move(mesh, tmp_path / "brick.obj")
    shutil.rmtree(mesh.parent)
    assert check_deep(root, [tmp_path]).faults == ()


def test_yolo_has_rows_with_keypoints(with_extras: Path, tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="no category has any"):
        keypoints_in_row(DatasetInfo(("train",), ("box",), ("object",)))
    data, store = open_dataset(with_extras), LocalStore(tmp_path)
    with Yolo(task="pose").write(store, data.info) as add:
        for image in data.images():
            add(image)
    told = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert told["kpt_shape"] == [8, 3]
    assert told["keypoints"] == {"box": list(CORNERS)}
    for image in data.images():
        rows = (tmp_path / f"labels/train/{Path(image.name).stem}.txt").read_text().splitlines()
        for row, label in zip(rows, image.labels, strict=True):
            category, *numbers = map(float, row.split())
            assert (category, len(numbers)) == (label.category, 4 + 24)
            found = np.array(numbers[4:]).reshape(8, 3) * (image.width, image.height, 1)
            assert np.allclose(found, label.keypoints or np.zeros((8, 3)), atol=1e-5)
