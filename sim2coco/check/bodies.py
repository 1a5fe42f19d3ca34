"""Checks labels against the scene's bodies and the camera, with independent code and without mesh files.

Each label refers to a body of the recorded scene, and a defect's label also to a decal of that body. The
label's category, asset and scale must equal the body's, and its pose must be the body's pose in the camera
frame. The masks must agree with the bounding box of the whole object, and this box must agree with the
projections of the outermost mesh vertices, which the record lists.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.check.faults import Place
from sim2coco.check.lens import distorted
from sim2coco.check.shutter import is_rolling, seen
from sim2coco.check.values import Entry, integer, show

Array = NDArray[np.float64]

MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""The exceptions that reading a hand-edited record may raise."""
POSITION_ERROR = 1e-6
"""Allowed deviation of positions (in metres) and of rotation matrix entries."""
BEYOND_PX = 0.8
"""How far a box may extend beyond the projected vertices: half a pixel because masks sample pixel centres,
and up to a quarter because of coarser levels of detail."""
BAND_PX = 0.125
"""Additional allowance with a rolling shutter: half of the motion between adjacent bands of rows."""
WITHIN_PX, WITHIN_SHARE = 8.0, 0.25
"""How far the projected vertices may extend beyond a box, in pixels or as a fraction of the box's width or
height (whichever is larger), because thin tips may cover no pixel centre."""
FRACTION_ERROR = 1e-5


def check_bodies(
    place: Place, record: Entry, view: Entry, picture: Entry, categories: Sequence[str] | None
) -> None:
    """Checks the labels of an image against its camera and the bodies of its scene.

    Args:
        place: Where faults are reported.
        record: The record of the scene.
        view: The record's entry for the view.
        picture: The view's entry for the image.
        categories: The names of all categories, sorted by category id; None if they are unknown.
    """
    try:
        bodies = record["settled"]["spec"]["bodies"]
        found = [*_image(view, picture), *_listing(bodies, picture)]
        with np.errstate(all="ignore"):  # NaN and infinity fail the comparisons
            for label in picture["annotations"]:
                told = f"instance {label['instance']}"
                found += [f"{told}: {what}" for what in _label(bodies, view, picture, label, categories)]
    except MALFORMED as error:
        found = [f"the scene, the camera or a label cannot be read ({type(error).__name__}: {error})"[:120]]
    for what in found:
        place.fault("scene", what)


def _image(view: Entry, picture: Entry) -> Iterator[str]:
    """Checks that an image's camera is its view's camera, or null if an augmentation moved pixels."""
    camera = picture["camera"]
    if camera is None:
        return
    shot = view["shot"]["camera"]
    for key in dict.fromkeys([*shot, *camera]):
        if camera.get(key) != shot.get(key):
            yield f"camera: {key} differs from the camera of the view"
    if (camera["width"], camera["height"]) != (picture["width"], picture["height"]):
        yield "camera: width and height differ from the image's"


def _listing(bodies: list[Any], picture: Entry) -> Iterator[str]:
    """Checks that each object is listed exactly once: as a label, as ignored, or as unseen."""
    labels = sorted(picture["annotations"], key=lambda label: label["instance"])
    keys = [(_decal(label) is not None, label["body"], _decal(label) or 0) for label in labels]
    if keys != sorted(keys):
        yield "instances are not numbered in the order of their bodies, followed by the defects"
    if picture.get("unseen") is None:  # written by an earlier version
        return
    listed = Counter((entry["body"], _decal(entry)) for entry in [*labels, *picture["ignored"]])
    listed.update((body, None) for body in picture["unseen"])
    listed.update((body, decal) for body, decal in picture.get("unseen_decals", []))
    for index, body in enumerate(bodies):
        own = range(len(_on_surface(body)))
        for decal in (None, *own) if body["category"] is not None else ():
            if (number := listed[index, decal]) != 1:
                what = "neither labelled nor ignored nor unseen" if not number else "listed twice"
                yield f"body {index}{'' if decal is None else f', decal {decal}'} is {what}"


def _on_surface(body: Entry) -> list[Entry]:
    """Returns the record's entries for the mesh regions of a body, followed by those for its decals."""
    return [*body.get("regions", []), *body.get("decals", [])]


def _decal(entry: Entry) -> int | None:
    """The decal index of a label or an ignored instance; None for an object."""
    decal: int | None = entry.get("decal")
    return decal


def _label(
    bodies: list[Any], view: Entry, picture: Entry, label: Entry, categories: Sequence[str] | None
) -> Iterator[str]:
    if not integer(0, len(bodies) - 1)(label["body"]) or bodies[label["body"]]["category"] is None:
        yield f"body {show(label['body'])} is not an object of the scene"
        return
    body = bodies[label["body"]]
    if _decal(label) is not None or label.get("on") is not None:
        yield from _defect(body, picture, label)
        return
    name = body["asset"].rpartition("@")[0]
    for key, own in (("category", body["category"]), ("asset", name), ("scale", body["scale"])):
        if label[key] != own:
            yield f"{key} is {show(label[key])}, but body {label['body']} has {show(own)}"
    if categories is not None and not f"{label['asset']}/".startswith(f"{categories[label['category']]}/"):
        yield f"asset {label['asset']!r} does not belong to category {categories[label['category']]!r}"
    if picture["camera"] is not None:
        yield from _pose(body, picture["camera"], label)
        yield from _whole(picture, label)
        if label.get("outermost_m"):
            yield from _box(picture["camera"], view["shot"].get("motion"), label)


def _defect(body: Entry, picture: Entry, label: Entry) -> Iterator[str]:
    """Checks a defect's label against its decal and against the label of its body."""
    decals = _on_surface(body)
    if not integer(0, len(decals) - 1)(_decal(label)):
        yield f"decal {show(_decal(label))} does not exist on body {label['body']}"
        return
    own = {"category": decals[label["decal"]]["category"], "asset": body["asset"].rpartition("@")[0]}
    for key in own:
        if label[key] != own[key]:
            yield f"{key} is {show(label[key])}, but the decal has {show(own[key])}"
    for other in picture["annotations"]:
        same = (other["body"] == label["body"], other["instance"] == label["on"])
        if _decal(other) is None and any(same):
            if not all(same):
                yield f"on is {label['on']}, which is not the instance of body {label['body']}"
            elif not _within(_edges(label["amodal_bbox"]), _edges(other["amodal_bbox"])):
                yield f"amodal_bbox extends beyond the amodal_bbox of instance {label['on']}"
    if picture["camera"] is not None:
        yield from _whole(picture, label)


def _within(inner: Array, outer: Array) -> bool:
    return bool((inner[:2] >= outer[:2]).all() and (inner[2:] <= outer[2:]).all())


def _pose(body: Entry, camera: Entry, label: Entry) -> Iterator[str]:
    """Checks that a label's pose is the pose of its body in the camera frame."""
    (turn, place_m), (eye_turn, eye_m) = _frame(body["pose"]), _frame(camera["pose"])
    told, told_m = _frame(label["pose"])
    right_m = eye_turn.T @ (place_m - eye_m)
    allowed = POSITION_ERROR * (1 + np.abs(place_m).max())  # a mesh may be far from its origin
    if not np.abs(told_m - right_m).max() <= allowed or not np.abs(told - eye_turn.T @ turn).max() <= 1e-6:
        yield f"pose is off by {np.abs(told_m - right_m).max():.3g} m from the pose of body {label['body']}"


def _frame(pose: Entry) -> tuple[Array, Array]:
    """The rotation matrix (3, 3) and position (3,) of a pose."""
    x, y, z, w = np.array(pose["quat_xyzw"], np.float64) / np.linalg.norm(pose["quat_xyzw"])
    turn = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(turn), np.array(pose["position_m"], np.float64)


def _whole(picture: Entry, label: Entry) -> Iterator[str]:
    """Checks the amodal box, amodal area and truncation of a label.

    They must agree with the box and area of the whole object, which may extend beyond the image.
    """
    size = np.array([picture["width"], picture["height"]] * 2)
    whole, amodal = _edges(label["whole_bbox"]), _edges(label["amodal_bbox"])
    clipped = np.clip(whole, 0, size)
    inside = (clipped == whole).all()
    if (amodal[:2] < clipped[:2]).any() or (amodal[2:] > clipped[2:]).any():
        yield "amodal_bbox extends beyond whole_bbox"
    elif inside and ((amodal != whole).any() or label["amodal_area"] != label["whole_px"]):
        yield "the whole object is in the image, but amodal_bbox or amodal_area differs from its box or area"
    elif not abs(label["truncation"] - (1 - label["amodal_area"] / label["whole_px"])) <= FRACTION_ERROR:
        yield "truncation differs from 1 - amodal_area / whole_px"


def _box(camera: Entry, motion: Any, label: Entry) -> Iterator[str]:
    """Checks the box of the whole object against the projections of its outermost vertices."""
    turn, place_m = _frame(label["pose"])
    points_m = (np.array(label["outermost_m"], np.float64) * label["scale"]) @ turn.T + place_m
    x, y = seen(motion, camera["height"], points_m, partial(_pixels, camera)).T
    left, top, right, bottom = _edges(label["whole_bbox"])
    beyond_px = np.array([x[0] - left, right - x[1], y[2] - top, bottom - y[3]])
    width, height = right - left, bottom - top
    within_px = np.maximum(WITHIN_PX, WITHIN_SHARE * np.array([width, width, height, height]))
    allowed_px = BEYOND_PX + (BAND_PX if is_rolling(motion) else 0)
    if not (points_m[:, 2] > 0).all() or not (beyond_px <= allowed_px).all():
        yield f"whole_bbox extends {beyond_px.max():.1f} px beyond the projected mesh"
    elif not (beyond_px >= -within_px).all():
        yield f"whole_bbox ends {-beyond_px.min():.1f} px inside the projected mesh"


def _pixels(camera: Entry, points_m: Array) -> Array:
    """Pixel coordinates (n, 2) of points (n, 3) in the camera frame."""
    focal, centre = np.array([[camera["fx"], camera["fy"]], [camera["cx"], camera["cy"]]], np.float64)
    flat = distorted(camera.get("distortion"), points_m[:, :2] / points_m[:, 2:])
    return np.asarray(flat * focal + centre)


def _edges(box_xywh: list[float]) -> Array:
    """The left, top, right and bottom edges of a box."""
    x, y, width, height = box_xywh
    return np.array([x, y, x + width, y + height], np.float64)
