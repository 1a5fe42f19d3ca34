"""Data sets of a camera with a sensor: the images change, the labels do not, and both are made again."""

import json
from pathlib import Path
from typing import Any

from sim2coco import Recipe, generate
from sim2coco.audit import audit
from sim2coco.check import check
from sim2coco.records import View, record_name
from sim2coco.review.dataset import DataSet
from sim2coco.review.deep import check_deep

PLAIN: dict[str, Any] = {
    "seed": 3,
    "views": 1,
    "lightings": 2,
    "image": {"width": 97, "height": 73, "jpeg_quality": 100},
    "assets": {"categories": {"nut": {"shape": "nut", "size_m": [0.05, 0.08]}}},
    "scene": {"kind": "drop", "num_objects": [2, 3], "empty_share": 0.0},
    "quality": {"checks": {}},
    "augment": {"splits": []},
}
SENSOR = {
    "vignetting": [0.5, 1.5],
    "chromatic_aberration_px": [-1.0, 1.0],
    "iso": [100, 3200],
    "bayer": ["rggb", "grbg"],
    "white_balance_error": [-0.1, 0.1],
    "denoising": [0.0, 1.0],
    "sharpening": [0.0, 1.0],
    "jpeg_quality": [60, 95],
}


def made(out: Path, **sensor: object) -> tuple[list[View], list[bytes]]:
    """The views of a data set of two lightings of one view, and the content of their images."""
    recipe = Recipe.parse({**PLAIN, "camera": {"kind": "shell", "sensor": sensor or None}})
    generate(recipe, out, num_images=2)
    found = list(DataSet(out).pictures())
    contents = [DataSet(out).content(record, picture) for record, _, picture in found]
    return [view for _, view, _ in found], contents


ROLLING = {"kind": "shell", "motion_px": [0.5, 1.0], "sensor": {"readout": [8.0, 12.0]}}


def test_a_sensor_changes_only_the_images_and_they_are_made_again(tmp_path: Path) -> None:
    plain, images = made(tmp_path / "plain")
    noisy, noisy_images = made(tmp_path / "noisy", **SENSOR)
    _, same = made(tmp_path / "same", **SENSOR)
    assert noisy_images == same
    assert all(one != other for one, other in zip(images, noisy_images, strict=True))
    assert len({view.shot.sensor for view in noisy}) == 2
    for view, other in zip(plain, noisy, strict=True):
        assert view.shot.sensor is None
        assert (view.shot.camera, view.shot.light) == (other.shot.camera, other.shot.light)
        assert view.pictures[0].annotations == other.pictures[0].annotations
    assert not check(tmp_path / "noisy").faults
    report = check_deep(tmp_path / "noisy")
    assert (report.images, report.faults) == (2, ())


def test_labels_of_a_rolling_shutter_are_checked_and_made_again(tmp_path: Path) -> None:
    image = {**PLAIN["image"], "extra": ["depth", "normals"]}
    scene = {**PLAIN["scene"], "defects": {"dent": {"kind": "dent", "share": 1.0, "size": [0.5, 0.7]}}}
    tree = {**PLAIN, "lightings": 1, "camera": ROLLING, "image": image, "scene": scene}
    generate(Recipe.parse(tree), tmp_path, num_images=1)
    assert not check(tmp_path).faults
    assert check_deep(tmp_path).faults == ()
    assert set(audit(tmp_path, []).left_out) == {"their rows were exposed one after the other"}
    name = record_name(0)
    record = json.loads((tmp_path / name).read_text())
    motion = record["views"][0]["shot"]["motion"]
    assert motion["readout"] >= 8
    assert motion["bands"] > 16
    labels = record["views"][0]["pictures"][0]["annotations"]
    assert any(label.get("on") is not None for label in labels)
    del motion["readout"], motion["bands"]  # as if all rows were exposed at once
    (tmp_path / name).write_text(json.dumps(record))
    assert "projected mesh" in str(check(tmp_path).faults)
