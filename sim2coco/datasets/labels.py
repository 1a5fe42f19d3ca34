"""Converts COCO entries to labelled images; masks are validated before they reach pycocotools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim2coco.check.entries import IGNORED
from sim2coco.check.masks import Runs, compressed, mask_of, run_lengths, runs_from_lengths
from sim2coco.check.values import Entry, number, show, violations
from sim2coco.datasets.categories import scalars
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import (
    Amodal,
    IgnoredObject,
    Keypoint,
    Label,
    LabelledImage,
    Scalar,
    Skeleton,
    Xywh,
)

OF_IMAGES = ("id", "file_name", "width", "height", "scene", "license")
OF_ANNOTATIONS = ("id", "image_id", "category_id", "area", "iscrowd", "num_keypoints")

Pair = tuple[Entry, Entry | None]
"""An annotation, and its amodal counterpart if there is one."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Builds the labelled images of a split.

    Attributes:
        split: The split.
        source: The annotation file, for error messages.
        folder: The image folder.
        category_of: Maps COCO's id of each category to the index of the category.
        licence_of: Maps COCO's id of each licence to the index of the licence.
        skeletons: Keypoints of each category; None for a category without keypoints.
        amodal: Whether each label must have an amodal mask.
    """

    split: str
    source: Path
    folder: Path
    category_of: Mapping[int, int]
    licence_of: Mapping[int, int]
    skeletons: Sequence[Skeleton | None]
    amodal: bool

    def image(self, entry: Entry, annotations: Sequence[Pair]) -> LabelledImage:
        """Builds a labelled image.

        Args:
            entry: The COCO entry of the image.
            annotations: The annotations of the image.

        Raises:
            DataSetError: An annotation is invalid, or the image file is missing.
        """
        name = entry["file_name"].replace("\\", "/")
        file = self.folder / name
        if not is_file(file):
            raise DataSetError(f"{self.source}: image file {show(name)} does not exist in {self.folder}")
        scene = entry.get("scene")
        return LabelledImage(
            split=self.split,
            name=name,
            file=file,
            width=entry["width"],
            height=entry["height"],
            labels=tuple(self._label(entry, *pair) for pair in annotations),
            ignored=self._ignored(entry),
            scene=scene if type(scene) is int and scene >= 0 else None,
            facts=self._facts(entry),
        )

    def _label(self, image: Entry, entry: Entry, amodal: Entry | None) -> Label:
        try:
            category = self._category(entry)
            whole = _mask(image, amodal) if amodal is not None else None
            if self.amodal and whole is None:
                raise ValueError("it has no mask in the amodal file of this split")
            own = entry.get("attributes")
            return Label(
                category=category,
                bbox=_box(entry),
                area=entry["area"],
                counts=_mask(image, entry),
                crowd=bool(entry["iscrowd"]),
                amodal=Amodal(whole, amodal["area"], _box(amodal)) if amodal and whole else None,
                attributes=scalars(entry, OF_ANNOTATIONS) | (scalars(own) if type(own) is dict else {}),
                keypoints=_keypoints(entry, self.skeletons[category]),
            )
        except ValueError as error:
            raise DataSetError(f"{self.source}: annotation {entry['id']}: {error}") from error

    def _category(self, entry: Entry) -> int:
        if entry["category_id"] not in self.category_of:
            raise ValueError(f"category_id {entry['category_id']} is not the id of a category")
        return self.category_of[entry["category_id"]]

    def _ignored(self, entry: Entry) -> tuple[IgnoredObject, ...] | None:
        """Returns the visible objects without a label; None if the entry does not list them.

        Only data sets of sim2coco list them. Objects of unknown categories are left out.
        """
        listed = entry.get("ignored")
        if type(listed) is not list or any(True for each in listed for _ in violations(each, IGNORED)):
            return None
        known = [each for each in listed if each["category_id"] in self.category_of]
        return tuple(
            IgnoredObject(self.category_of[each["category_id"]], _box(each), each["reason"]) for each in known
        )

    def _facts(self, entry: Entry) -> dict[str, Scalar]:
        """Returns the additional scalars of an image's entry.

        COCO's id of a licence, `license`, is replaced by the index of the licence, counted from 1.
        """
        licence = self.licence_of.get(entry["license"]) if type(entry.get("license")) is int else None
        return scalars(entry, OF_IMAGES) | ({} if licence is None else {"license": licence + 1})


def is_file(path: Path) -> bool:
    """Returns whether a path is a regular file; False for invalid file names."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # for example, if the name is too long
        return False


def _box(entry: Entry) -> Xywh:
    x, y, width, height = entry["bbox"]
    if width <= 0 or height <= 0:
        raise ValueError(f"bbox {show(entry['bbox'])} is empty")
    return x, y, width, height


def _mask(image: Entry, entry: Entry) -> str | None:
    """The mask of an annotation as compressed RLE; None if there is no mask.

    Raises:
        ValueError: The mask is invalid or empty.
    """
    segmentation = entry.get("segmentation")
    if segmentation is None or segmentation == []:
        return None
    mask = mask_of(segmentation, image["height"], image["width"])
    if mask.area == 0:
        raise ValueError("the mask is empty")
    stated = segmentation.get("counts") if type(segmentation) is dict else None
    return stated if type(stated) is str else compressed(mask, image["height"], image["width"])


def valid_mask(counts: str, height: int, width: int) -> Runs:
    """Decodes and validates a compressed RLE.

    Raises:
        ValueError: The RLE is invalid or does not fit an image of this size.
    """
    return runs_from_lengths(run_lengths(counts), height, width)


def _keypoints(entry: Entry, skeleton: Skeleton | None) -> tuple[Keypoint, ...] | None:
    """The keypoints of an annotation; None if the annotation or its category has none."""
    listed = entry.get("keypoints")
    if skeleton is None or not listed:
        return None
    if type(listed) is not list or len(listed) != 3 * len(skeleton.names) or not all(map(number, listed)):
        raise ValueError(f"keypoints must be {3 * len(skeleton.names)} finite numbers, x, y and visibility")
    if not all(visible in (0, 1, 2) for visible in listed[2::3]):
        raise ValueError("keypoints: the visibility must be 0, 1 or 2")
    return tuple(
        (x, y, int(visible)) for x, y, visible in zip(listed[::3], listed[1::3], listed[2::3], strict=True)
    )
