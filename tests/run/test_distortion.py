"""Data sets of a distorting lens: check and audit know it, and images are made again from their records."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim2coco import Recipe, generate
from sim2coco.audit import audit
from sim2coco.check import check
from sim2coco.review.deep import check_deep
from tests.refusals import assert_refused

TREE: dict[str, Any] = {
    "seed": 3,
    "views": 2,
    "image": {"width": 128, "height": 96, "extra": ["depth", "normals"]},
    "assets": {"categories": {"nut": {"shape": "nut", "size_m": [0.05, 0.08]}}},
    "scene": {
        "kind": "drop",
        "num_objects": [4, 5],
        "empty_share": 0.0,
        "defects": {"dent": {"kind": "dent", "share": 0.9, "size": [0.3, 0.5]}},
    },
    "quality": {"checks": {}},
    "augment": {"splits": []},
}
CAMERA: dict[str, Any] = {"kind": "shell", "fill": 1.6, "aperture_mm": 2.0, "motion_px": 2.0}
LENSES: dict[str, dict[str, Any]] = {
    "brown": {"kind": "brown", "k1": [-0.3, -0.2], "k2": [0.05, 0.1], "p1": 0.002, "p2": [-0.002, 0.0]},
    "fisheye": {"kind": "fisheye", "k1": [-0.02, 0.02], "k3": 0.003},
}


@pytest.mark.parametrize(("kind", "fov_deg"), [("brown", 75), ("fisheye", 105)])
def test_check_and_audit_follow_the_lens(tmp_path: Path, kind: str, fov_deg: int) -> None:
    camera = {**CAMERA, "fov_deg": fov_deg, "distortion": LENSES[kind]}
    generate(Recipe.parse({**TREE, "camera": camera}), tmp_path, num_images=2)
    assert not check(tmp_path).faults
    report = check_deep(tmp_path)
    assert (report.images, report.faults) == (2, ())
    found = audit(tmp_path)
    assert not found.findings
    assert max(max(map(abs, one.shift_px)) for one in found.instances if one.shift_px) < 0.05
    (path,) = (tmp_path / "records").glob("*/*.json")
    record = json.loads(path.read_text())
    cameras = [view["shot"]["camera"] for view in record["views"]]
    assert cameras[0]["distortion"]["coefficients"] != cameras[1]["distortion"]["coefficients"]
    for view in record["views"]:
        for camera in (view["shot"]["camera"], view["pictures"][0]["camera"]):
            camera["distortion"]["coefficients"][0] += 0.3
    path.write_text(json.dumps(record))
    assert any("projected mesh" in fault.message for fault in check(tmp_path).faults)
    assert audit(tmp_path).findings


def test_without_distortion_the_records_do_not_mention_it(tmp_path: Path) -> None:
    generate(Recipe.parse(TREE), tmp_path, num_images=1)
    (path,) = (tmp_path / "records").glob("*/*.json")
    assert "distortion" not in path.read_text()


@pytest.mark.parametrize(
    ("lens", "others", "where", "why"),
    [
        (
            {"kind": "brown", "k1": [-0.5, 0.0]},
            {"fov_deg": 90},
            "",
            "brown with k1=-0.5 shows some points twice",
        ),
        ({"kind": "brown", "k4": 3.0}, {"fov_deg": 90}, "", "brown with k4=3 shows some points twice"),
        ({"kind": "fisheye", "k1": -0.3}, {"fov_deg": [60, 110]}, "", "with k1=-0.3 shows some points twice"),
        (
            {"kind": "fisheye"},
            {"fx": [55, 200], "fy": [55, 200]},
            "",
            "or points more than 80 degrees from its axis",
        ),
        ({"kind": "fisheye", "p1": 0.1}, {}, "camera.distortion", "fisheye has no p1"),
    ],
)
def test_lenses_that_make_no_image_are_refused(
    lens: object, others: dict[str, Any], where: str, why: str
) -> None:
    camera = {"kind": "shell", "distortion": lens, **others}
    assert_refused(Recipe, {**TREE, "camera": camera}, where, why)


def test_large_images_of_wide_lenses_are_refused() -> None:
    image = {"width": 4096, "height": 3072}
    camera = {"kind": "shell", "distortion": {"kind": "fisheye"}, "fov_deg": 115}
    assert_refused(Recipe, {**TREE, "camera": camera, "image": image}, "", "needs a pinhole image of")
