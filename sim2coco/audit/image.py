"""Compares the labels of one image with the results of ray casting."""

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np

from sim2coco.audit.casting import View
from sim2coco.audit.comparing import MIN_PX
from sim2coco.audit.dataset import DataSet, Image, mask_in
from sim2coco.audit.findings import Finding, ImageReport
from sim2coco.audit.geometry import Array, Camera
from sim2coco.audit.label import Label, LabelAudit, Rays, rays_of
from sim2coco.audit.scene import Scene

DROPOUTS = ("Erasing", "CoarseDropout", "GridDropout")
"""Augmentations that clear visible masks where they cover the image."""
GEOMETRY = "their geometry was augmented"
ON_OBJECTS = "without the labels of defects and regions, which lie on the surfaces of objects"
ROLLING = "their rows were exposed one after the other"
COVERED = "without visible masks, which an augmentation may have covered"

Entry = Mapping[str, Any]


class ImageAudit:
    """The audit of one image.

    Args:
        data: The data set.
        image: The image with its labels.
        scene: The scene of the image.
        record: The record of the scene.

    Raises:
        KeyError: The record does not list the image.
    """

    def __init__(self, data: DataSet, image: Image, scene: Scene, record: Entry) -> None:
        """Finds the image in the record."""
        self._data, self._image, self._scene = data, image, scene
        self._shot, self._picture = _entries(record, image.name)
        self._covered = _may_be_covered(data.run, image.split, self._picture)
        self._report = ImageReport(image.file)

    def report(self) -> ImageReport:
        """Runs the audit and returns its result."""
        if self._picture["camera"] is None:
            self._report.left_out = GEOMETRY
            return self._report
        if (self._shot.get("motion") or {}).get("readout"):
            self._report.left_out = ROLLING
            return self._report
        if self._covered:
            self._report.notes.append(COVERED)
        if any(label.get("on") is not None for label in self._picture["annotations"]):
            self._report.notes.append(ON_OBJECTS)
        self._check_camera()
        view = self._scene.view(Camera.parse(self._shot["camera"]))
        self._check_transforms(view)
        self._compare_labels(view)
        self._check_missing(view)
        return self._report

    def _fault(self, instance: int | None, rule: str, what: str) -> None:
        self._report.findings.append(Finding(self._image.file, instance, rule, what))

    def _check_camera(self) -> None:
        own, shot = self._picture["camera"], self._shot["camera"]
        for key in ("width", "height", "fx", "fy", "cx", "cy", "pose", "distortion"):
            if own.get(key) != shot.get(key):
                self._fault(None, "camera", f"its {key} differs from the camera of the view")

    def _check_transforms(self, view: View) -> None:
        """Checks the recorded transforms from mesh files to body frames, for the bodies in view."""
        numbers = {
            label["body"]: label["instance"]
            for label in self._picture["annotations"]
            if label.get("on") is None
        }
        for body, told in self._scene.wrong_transforms():
            if view.amodal(body.index).any():
                self._fault(numbers.get(body.index), "from_file", f"{body.name}: {told}")

    def _compare_labels(self, view: View) -> None:
        depths_m = self._depths_m()
        for label in self._labels():
            audit = LabelAudit(label, self._scene.bodies[label.record["body"]], view, self._covered)
            self._report.instances.append(audit.instance(self._picture["camera"], depths_m, self._step_m))
            self._report.findings += audit.findings

    def masks(self, number: int) -> tuple[Label, Rays]:
        """Returns the label with the instance number `number`, and the ray-cast masks of its body."""
        label = next(label for label in self._labels() if label.number == number)
        view = self._scene.view(Camera.parse(self._shot["camera"]))
        return label, rays_of(view, label.record["body"])

    def _labels(self) -> Iterator[Label]:
        """Yields the valid labels of objects; invalid labels and unknown bodies become findings."""
        told = {label["instance"]: label for label in self._picture["annotations"]}
        for entry in self._image.labels:
            number = int(entry["attributes"]["instance"])
            if told.get(number, {}).get("on") is not None:
                continue
            if number not in told or not 0 <= told[number]["body"] < len(self._scene.bodies):
                self._fault(number, "instance", "the record lists no body for it")
                continue
            label = self._label(entry, told[number])
            if label is not None:
                yield label

    def _label(self, entry: Entry, record: Entry) -> Label | None:
        """Decodes a label's masks; if they are invalid, adds a finding and returns None."""
        height, width = int(self._picture["height"]), int(self._picture["width"])
        amodal, number = self._image.amodal.get(entry["id"]), int(entry["attributes"]["instance"])
        category = self._data.categories.get(entry["category_id"])
        try:
            masks = (
                mask_in(entry, height, width),
                None if amodal is None else mask_in(amodal, height, width),
            )
        except ValueError as error:
            self._fault(number, "mask", str(error))
            return None
        return Label(self._image.file, number, category, entry, amodal, record, masks)

    def _check_missing(self, view: View) -> None:
        """Checks that every sufficiently visible object is labelled or listed as ignored."""
        bodies = {label["instance"]: label["body"] for label in self._picture["annotations"]}
        known = {bodies.get(entry["attributes"]["instance"]) for entry in self._image.labels}
        known |= {entry.get("body") for entry in self._picture["ignored"]}
        for body in self._scene.bodies:
            px = int(view.visible(body.index).sum())
            if body.labelled and body.index not in known and px >= MIN_PX and not self._covered:
                self._fault(None, "missing", f"{body.name} (body {body.index}) has {px} px and no label")

    @property
    def _step_m(self) -> float:
        return float(self._data.run["recipe"]["image"].get("depth_scale_mm", 1.0)) / 1000

    def _depths_m(self) -> Array | None:
        """The depths (H, W) in metres from the image's depth file; None without a readable depth file."""
        names = [name for name in self._picture.get("other_files", {}) if name.startswith("depth/")]
        if not names:
            return None
        try:
            content = np.frombuffer((self._data.root / names[0]).read_bytes(), np.uint8)
            steps = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
        except (OSError, cv2.error):
            steps = None
        if steps is None or steps.shape != (self._picture["height"], self._picture["width"]):
            self._fault(None, "depth", f"{names[0]} cannot be read")
            return None
        return np.asarray(steps, np.float64) * self._step_m


def _entries(record: Entry, name: str) -> tuple[Entry, Entry]:
    """Returns the two entries of a record that describe an image: its shot, and its picture.

    Raises:
        KeyError: The record does not list the image.
    """
    for view in record["views"]:
        for picture in view["pictures"]:
            if picture["name"] == name:
                return view["shot"], picture
    raise KeyError(name)


def _may_be_covered(run: Entry, split: str, picture: Entry) -> bool:
    """Whether an augmentation may have covered parts of an image, and removed them from visible masks."""
    settings = run["recipe"].get("augment", {})
    if split not in settings.get("splits", ()) or (settings.get("copies") and not picture["copy"]):
        return False
    return any(transform.get("name") in DROPOUTS for transform in settings.get("pixels", {}).values())
