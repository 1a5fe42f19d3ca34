"""Compares one label with the ray-cast masks and depths of its body."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sim2coco.audit.casting import Mask, View, Whole, tight_box
from sim2coco.audit.comparing import (
    MAX_FRACTION,
    MIN_PX,
    Masks,
    compared,
    compared_depths,
    undecided_as_told,
)
from sim2coco.audit.findings import Finding, Instance
from sim2coco.audit.geometry import Array, Box, Camera, moved, rigid
from sim2coco.audit.scene import Body
from sim2coco.audit.wholebox import MAX_PX, worst_side

MAX_CORNER_PX = 0.1
"""Largest distance in pixels, along x or y, between the corners of a body's 3-D box when projected with the
label's pose and with the scene's pose."""
MAX_DEPTHS = 1e-3
"""Largest fraction of compared pixels whose depths may differ. It allows for pixel centres exactly on an edge
with another surface behind it. (OpenGL leaves holes in such pixels too, but the renderer fills them.)"""
MAX_BOX = 1e-3
"""Largest difference between corresponding sides of the label's 3-D box and the mesh's bounding box, as a
fraction of the longest side."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """The ray-cast masks of a body.

    Attributes:
        visible: (H, W), visible mask.
        amodal: (H, W), amodal mask, clipped to the image.
        whole: Pixel count and box of the amodal mask on an unbounded image; None if the ray caster could not
            determine them.
    """

    visible: Mask
    amodal: Mask
    whole: Whole | None

    def fractions(self) -> dict[str, float]:
        """Computes occlusion, truncation and visible fraction; undefined fractions are omitted."""
        visible, amodal = int(self.visible.sum()), int(self.amodal.sum())
        found = {"occlusion": 1 - visible / amodal} if amodal else {}
        if self.whole is not None and self.whole.px:
            found |= {"truncation": 1 - amodal / self.whole.px, "visible_fraction": visible / self.whole.px}
        return found


def rays_of(view: View, body: int) -> Rays:
    """Returns the ray-cast masks of a body in an image."""
    return Rays(view.visible(body), view.amodal(body), view.whole(body))


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A label, from the annotation files and the record.

    Attributes:
        file: The image file.
        number: The instance number.
        category: The category name; None if the annotation file does not list the category.
        visible: The annotation with the visible mask.
        amodal: The annotation with the amodal mask; None if there is none.
        record: The label in the record.
        masks: The visible and amodal masks (H, W); the amodal mask may be None.
    """

    file: str
    number: int
    category: str | None
    visible: Entry
    amodal: Entry | None
    record: Entry
    masks: tuple[Mask, Mask | None]


class LabelAudit:
    """Compares a label with ray casting.

    Args:
        label: The label.
        body: The label's body, according to the record.
        view: The ray-cast image.
        covered: Whether an augmentation may have covered parts of the visible masks.
    """

    def __init__(self, label: Label, body: Body, view: View, covered: bool) -> None:
        """Casts the rays for the masks of the body."""
        self._label, self._body, self._view, self._covered = label, body, view, covered
        self.rays = rays_of(view, body.index)
        self.findings: list[Finding] = []
        self._numbers: dict[str, Any] = {"category": label.category, "asset": body.name, "body": body.index}

    def instance(self, picture_camera: Any, depths_m: Array | None, step_m: float) -> Instance:
        """Returns the measurements of the instance and adds broken rules to `findings`.

        Args:
            picture_camera: The image's camera in the record.
            depths_m: (H, W), depths in the depth file; None if there is none.
            step_m: Quantisation step of the depths.
        """
        self._check_names()
        self._check_pose(Camera.parse(picture_camera))
        compared = list(self._compared_masks())
        self._check_boxes()
        self._check_whole()
        self._check_fractions()
        self._check_depths(depths_m, step_m)
        corners = moved(self._view.camera.from_world @ self._body.to_world, self._body.corners())
        self._numbers["box_corners_m"] = corners.tolist()
        shift = None if self._covered or not compared[0].judged else compared[0].shift_px
        share = max((masks.wrong_px / max(masks.outline_px, 1) for masks in compared), default=0.0)
        return Instance(self._label.file, self._label.number, self._numbers, shift, share)

    def _fault(self, rule: str, what: str) -> None:
        self.findings.append(Finding(self._label.file, self._label.number, rule, what))

    def _check_names(self) -> None:
        """Checks the annotation's category and asset against the body's."""
        pairs = (
            ("category", self._label.category, self._body.category),
            ("asset", self._label.visible["attributes"]["asset"], self._body.name),
        )
        for rule, told, real in pairs:
            if told != real:
                self._fault(rule, f"it is {told!r}, but body {self._body.index} is {real!r}")

    def _check_pose(self, camera: Camera) -> None:
        """Checks the label's pose and 3-D box against the pose and the 3-D box of the body in the scene."""
        corners, record = self._body.corners(), self._label.record
        real = moved(self._view.camera.from_world @ self._body.to_world, corners)
        told = moved(rigid(record["pose"]), corners)
        if (real[:, 2] > 0).all() and (told[:, 2] > 0).all():
            worst = float(np.abs(camera.project(told) - self._view.camera.project(real)).max())
            if not worst <= MAX_CORNER_PX:
                self._fault("pose", f"it moves the corners of the object's box by up to {worst:.2f} px")
        if record.get("box_m") is not None:
            box = np.array(record["box_m"], np.float64) * np.array(record["scale"])
            off = float(np.abs(np.stack([corners.min(axis=0), corners.max(axis=0)]) - box).max())
            if not off <= MAX_BOX * np.ptp(corners, axis=0).max():
                self._fault("3-D box", f"one side is off by {off:.3g} m")

    def _compared_masks(self) -> Iterator[Masks]:
        visible, amodal = self._label.masks
        if not self._covered:
            yield self._judged("mask", compared(visible, self.rays.visible, self._in_view))
        if amodal is None:
            self._fault("amodal mask", "there is none")
        else:
            yield self._judged("amodal mask", compared(amodal, self.rays.amodal, self._on_body))

    def _in_view(self, points_px: Array) -> Mask:
        """Whether the body is visible at image points (n, 2), as bool (n,)."""
        return np.asarray(self._view.nearest_at(points_px) == self._body.index)

    def _on_body(self, points_px: Array) -> Mask:
        """Whether the body is at image points (n, 2), visible or hidden, as bool (n,)."""
        return np.isfinite(self._view.bodies[self._body.index].depths(self._view.camera, points_px))

    def _judged(self, name: str, masks: Masks) -> Masks:
        self._numbers[name.replace(" ", "_")] = asdict(masks)
        for rule, what in masks.faults():
            self._fault(f"{name} {rule}", what)
        return masks

    def _check_boxes(self) -> None:
        """Checks the visible and amodal boxes against the label's own masks, not against ray casting."""
        label = self._label
        entries = (label.visible, label.amodal)
        for name, entry, mask, rays in zip(
            ("box", "amodal box"), entries, label.masks, (self.rays.visible, self.rays.amodal), strict=True
        ):
            if entry is None or mask is None:
                continue
            own = _xywh(tight_box(mask))
            self._numbers[name.replace(" ", "_")] = [entry["bbox"], _xywh(tight_box(rays))]
            if np.abs(np.array(entry["bbox"]) - own).max() > 0:
                self._fault(name, f"it is {_told(entry['bbox'])}, but the box of its mask is {_told(own)}")

    def _check_whole(self) -> None:
        whole, record = self.rays.whole, self._label.record
        if whole is None or record.get("whole_px") is None:
            return
        self._numbers["whole_px"] = [record["whole_px"], whole.px]
        self._numbers["whole_box"] = [record["whole_bbox"], _xywh(whole.box)]
        if max(whole.px, record["whole_px"]) >= MIN_PX:
            off = worst_side(_edges(record["whole_bbox"]), whole.box, self._on_body)
            if off > MAX_PX:
                self._fault("whole box", f"one side is off by {off} px")

    def _check_fractions(self) -> None:
        large = int(self.rays.amodal.sum()) >= MIN_PX
        for name, value in self._decided().fractions().items():
            told = float(self._label.visible["attributes"][name])
            self._numbers[name] = [told, value]
            skipped = self._covered and name != "truncation"
            if large and not skipped and not abs(told - value) <= MAX_FRACTION:
                self._fault(name, f"it is {told:.3f}, but ray casting gives {value:.3f}")

    def _decided(self) -> Rays:
        """Returns the ray-cast masks, with undecided pixels replaced by those of the label.

        A pixel is undecided if a ray very close to its centre gives the label's value. If there is no amodal
        mask, or the masks may be covered by an augmentation, no pixel is replaced.
        """
        (visible, amodal), rays = self._label.masks, self.rays
        if amodal is None or self._covered:
            return rays
        inside = undecided_as_told(amodal, rays.amodal, self._on_body)
        more_px = int(inside.sum()) - int(rays.amodal.sum())
        whole = None if rays.whole is None else replace(rays.whole, px=rays.whole.px + more_px)
        return Rays(undecided_as_told(visible, rays.visible, self._in_view), inside, whole)

    def _check_depths(self, depths_m: Array | None, step_m: float) -> None:
        if depths_m is None:
            return
        both = self._label.masks[0] & self.rays.visible
        index = self._body.index
        rays_m, placed, camera = self._view.framed_depth(index), self._view.bodies[index], self._view.camera
        found = compared_depths(depths_m, rays_m, both, step_m, lambda points: placed.depths(camera, points))
        self._numbers["depth"] = asdict(found)
        if found.wrong_px > MAX_DEPTHS * found.px:
            told = f"{found.wrong_px} of {found.px} px are off by more than 0.5 % and 1 mm"
            self._fault("depth", f"{told}; the largest error is {found.worst_m:.4f} m")


def _xywh(box: Box | None) -> list[float]:
    x0, y0, x1, y1 = box or (0, 0, 0, 0)
    return [float(x0), float(y0), float(x1 - x0), float(y1 - y0)]


def _edges(box_xywh: Any) -> Box:
    x, y, width, height = box_xywh
    return int(x), int(y), int(x + width), int(y + height)


def _told(box: Any) -> str:
    return f"[{', '.join(f'{side:g}' for side in box)}]"
