"""Boxes in space: the corners of the mesh's box in its pose, and their projections."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenes.geometry import Pose, vec3
from scenes.shot import Camera
from sim2coco.check import check
from sim2coco.datasets.labelled import Label, LabelledImage, Solid
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.boxes3d import box_3d
from tests.rig import UPRIGHT, camera_at


@pytest.fixture(scope="module")
def root(with_extras: Path) -> Path:
    return with_extras


def document(root: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((root / "annotations/instances_train.json").read_text())
    return tree


def faults(root: Path) -> list[str]:
    return [fault.kind for fault in check(root).faults]


def test_corners_are_those_of_the_box_and_enclose_the_whole_object(root: Path) -> None:
    """The box of a box touches it at each corner, so the projections span the box of the whole object."""
    assert faults(root) == []
    labelled = {image.name: image.labels for image in open_dataset(root).images()}
    tree, seen = document(root), 0
    for image in tree["images"]:
        labels = [entry for entry in tree["annotations"] if entry["image_id"] == image["id"]]
        for entry, label in zip(labels, labelled[image["file_name"]], strict=True):
            if image["copy"]:
                assert "bbox3d_px" not in entry
                continue
            assert label.solid is not None
            if entry["category_id"] != 1:
                continue
            corners_px = np.array(entry["bbox3d_px"])
            x, y, width, height = label.solid.whole_bbox
            low, high = corners_px.min(axis=0), corners_px.max(axis=0)
            assert np.abs(low - (x, y)).max() < 1
            assert np.abs(high - (x + width, y + height)).max() < 1
            seen += 1
    assert seen > 3


def test_the_order_of_corners_and_those_behind_the_camera() -> None:
    camera: Camera = camera_at((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), 100.0)
    pose = Pose(vec3(np.array([0.1, 0.2, 1.0])), UPRIGHT)
    solid = Solid("a@1", pose, (1.0, 1.0, 2.0), 1, (0.0, 0.0, 1.0, 1.0), box_m=((-1, -2, -3), (1, 2, 3)))
    label = Label(0, (0.0, 0.0, 1.0, 1.0), 1.0, None, solid=solid)
    image = LabelledImage("train", "a.png", Path("a.png"), 160, 120, (label,), camera=camera)
    found = box_3d(image, label)
    assert found["bbox3d_m"][0] == [-0.9, -1.8, -5.0]
    assert found["bbox3d_m"][1] == [-0.9, -1.8, 7.0]
    assert found["bbox3d_m"][2] == [-0.9, 2.2, -5.0]
    assert found["bbox3d_m"][4] == [1.1, -1.8, -5.0]
    assert [pixel == [None, None] for pixel in found["bbox3d_px"]] == [True, False] * 4
    assert found["bbox3d_px"][7] == pytest.approx([80 + 100 * 1.1 / 7, 60 + 100 * 2.2 / 7], abs=1e-3)


@pytest.mark.parametrize("change", ["metres", "pixels", "text"])
def test_check_finds_a_box_that_was_changed(root: Path, tmp_path: Path, change: str) -> None:
    copy = shutil.copytree(root, tmp_path / "copy")
    tree = document(copy)
    entry = next(entry for entry in tree["annotations"] if "bbox3d_m" in entry)
    if change == "metres":
        entry["bbox3d_m"][3][1] += 1e-4
    elif change == "pixels":
        entry["bbox3d_px"][5][0] += 0.1
    else:
        entry["bbox3d_px"] = "none"
    (copy / "annotations/instances_train.json").write_text(json.dumps(tree))
    assert "bbox3d" in faults(copy)
