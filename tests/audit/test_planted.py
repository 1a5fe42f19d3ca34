"""Faults that are planted in one instance of one image are found, in it and nowhere else, by name."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from sim2coco.audit import audit
from sim2coco.audit.geometry import Camera
from sim2coco.audit.scene import Body
from sim2coco.audit.surface import Surface
from tests.audit.conftest import Made
from tests.audit.planting import Planted, scaled
from tests.rig import RENDERS

RIGHT = np.array([0.5, 0.0])
Y_AS_Z = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def shift_mask(planted: Planted) -> Any:
    label = planted.largest()
    visible, amodal = planted.masks(label)
    planted.put_masks(label, (np.roll(visible, 1, axis=1), np.roll(amodal, 1, axis=1)))
    return label["instance"]


def drop(planted: Planted) -> Any:
    label = planted.largest()
    for entry in planted.entries(label):
        for tree in planted.trees.values():
            tree["annotations"] = [one for one in tree["annotations"] if one is not entry]
    planted.picture["annotations"] = [one for one in planted.labels if one is not label]
    planted.picture["unseen"] = sorted([*planted.picture["unseen"], label["body"]])
    return None


def swap_ids(planted: Planted) -> Any:
    one, other = planted.labels[:2]
    entries = planted.entries(one), planted.entries(other)
    for key in ("instance", "body"):
        one[key], other[key] = other[key], one[key]
    for label, own in zip((one, other), entries, strict=True):
        for entry in own:
            entry["attributes"]["instance"] = label["instance"]
    return one["instance"], other["instance"]


def stale_pose(planted: Planted) -> Any:
    label = planted.largest()
    label["pose"]["position_m"][0] += 0.004
    return label["instance"]


def move_body(planted: Planted) -> Any:
    """Moves a body, and the pose of its label, by 4 mm along the x axis of the camera."""
    label = planted.largest()
    to_world = np.linalg.inv(Camera.parse(planted.view["shot"]["camera"]).from_world)
    position = planted.bodies[label["body"]]["pose"]["position_m"]
    position[:] = (np.array(position) + 0.004 * to_world[:3, 0]).tolist()
    label["pose"]["position_m"][0] += 0.004
    return label["instance"]


def wrong_intrinsic(planted: Planted) -> Any:
    planted.picture["camera"]["fx"] *= 1.01
    return None


def half_pixel(planted: Planted) -> Any:
    """All masks of the image are half a pixel too far to the right."""
    view = planted.seen(look=lambda camera: replace(camera, centre_px=camera.centre_px + RIGHT))
    for label in planted.labels:
        planted.put_masks(label, (view.visible(label["body"]), view.amodal(label["body"])))
    return tuple(label["instance"] for label in planted.labels)


def filled(body: Body) -> Body:
    points = body.model.surface.vertices
    return replace(body, model=replace(body.model, surface=Surface.of(points[ConvexHull(points).simplices])))


def fill_notch(planted: Planted) -> Any:
    label = planted.largest("channel")
    planted.recast(label, filled)
    return label["instance"]


def rescale(planted: Planted) -> Any:
    """The mesh was rendered 2 % too large."""
    label = planted.largest()
    planted.recast(label, lambda body: scaled(body, 1.02 * np.eye(3)))
    return label["instance"]


def rescale_everywhere(planted: Planted) -> Any:
    """The mesh was read 2 % too large, so that the record says so too."""
    label = planted.largest("ell")
    matrix = np.array(planted.record["from_file"][label["body"]])
    matrix[:3, :3] *= 1.02
    planted.record["from_file"][label["body"]] = matrix.tolist()
    planted.recast(label, lambda body: scaled(body, 1.02 * np.eye(3)))
    return label["instance"]


def turn(planted: Planted) -> Any:
    """The mesh has y up, and was taken as z-up."""
    label = planted.largest("ell")
    turned = np.eye(4)
    turned[:3, :3] = Y_AS_Z
    matrix = turned @ np.array(planted.record["from_file"][label["body"]])
    planted.record["from_file"][label["body"]] = matrix.tolist()
    planted.recast(label, lambda body: scaled(body, Y_AS_Z))
    return label["instance"]


def wrong_category(planted: Planted) -> Any:
    label = planted.largest("ell")
    label["category"] = 2
    planted.bodies[label["body"]]["category"] = 2
    for entry in planted.entries(label):
        entry["category_id"] = 3
    return label["instance"]


def wrong_occlusion(planted: Planted) -> Any:
    label = planted.largest()
    label["occlusion"] += 0.011
    for entry in planted.entries(label):
        entry["attributes"]["occlusion"] += 0.011
    return label["instance"]


# name: (how it is planted, rules of which at least one is broken in each instance)
FAULTS: dict[str, tuple[Callable[[Planted], Any], set[str]]] = {
    "mask shifted by a pixel": (shift_mask, {"mask count", "mask centroid"}),
    "instance dropped": (drop, {"missing"}),
    "ids swapped": (swap_ids, {"mask edge"}),
    "pose stale by 4 mm": (stale_pose, {"pose"}),
    "pose and body moved by 4 mm": (move_body, {"mask edge", "mask centroid"}),
    "focal length off by 1 %": (wrong_intrinsic, {"camera"}),
    "all masks half a pixel off": (half_pixel, {"mask centroid"}),
    "notch of the mesh filled": (fill_notch, {"mask edge"}),
    "mesh 2 % too large": (rescale, {"mask count"}),
    "mesh 2 % too large, by its record too": (rescale_everywhere, {"from_file"}),
    "y-up mesh taken as z-up": (turn, {"from_file"}),
    "occlusion off by 0.011": (wrong_occlusion, {"occlusion"}),
    "category of another mesh": (wrong_category, {"category"}),
}

BESIDE = ("pose and body moved by 4 mm",)
"""Faults that also change what is visible of other objects."""


def cases() -> Iterator[Any]:
    """Each fault in the images of each renderer."""
    for render in RENDERS:
        marks = () if render == "relit" else pytest.mark.slow
        yield from (pytest.param(render, name, marks=marks) for name in FAULTS)


@pytest.mark.parametrize(("render", "name"), list(cases()))
def test_planted_faults_are_found_by_name(
    made_by: Callable[[str], Made], tmp_path: Path, render: str, name: str
) -> None:
    made = made_by(render)
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    plant, rules = FAULTS[name]
    where = plant(planted)
    found = audit(planted.write(), [made.meshes]).findings
    wanted = set(where) if isinstance(where, tuple) else {where}
    assert {finding.file for finding in found} <= {planted.file, ""}
    named = {finding.instance for finding in found if finding.rule in rules}
    assert wanted <= named
    if None not in wanted and name not in BESIDE:
        assert {finding.instance for finding in found if finding.rule != "bias"} == wanted


@pytest.mark.parametrize("render", RENDERS)
def test_an_untouched_data_set_has_no_failure(made_by: Callable[[str], Made], render: str) -> None:
    made = made_by(render)
    report = audit(made.data, [made.meshes])
    assert (report.findings, report.left_out, report.notes) == ((), {}, {})
    assert (report.images, len(report.instances)) == (4, 16)
    assert all(one.numbers["mask"]["iou"] > 0.99 and one.numbers["depth"]["px"] for one in report.instances)
