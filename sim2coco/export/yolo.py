"""YOLO for Ultralytics: `labels/<split>/*.txt` beside `images/<split>/`, and `data.yaml`."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage
from sim2coco.export.cropped import cropped_mask
from sim2coco.export.format import Add, Format
from sim2coco.export.names import stem
from sim2coco.export.oriented import oriented_box
from sim2coco.export.pixel_outlines import largest_part, outline, padded
from sim2coco.export.pose import keypoints_in_row, of_pose, with_keypoints
from sim2coco.export.spool import open_spool
from sim2coco.storage import Store

INTO_PIXEL = 0.25
"""Offset in px of a polygon point from the upper left corner of its pixel, in x and y. Readers get the same
pixel whether they round down or to the nearest integer."""
USED_FOR = {"train": ("train",), "val": ("val", "dev"), "test": ("test",)}
"""Keys of data.yaml, with the prefixes of matching split names."""

log = logging.getLogger("sim2coco")


class Yolo(Format):
    """YOLO labels, one text file for each image, and `data.yaml`, with which Ultralytics trains."""

    kind: Literal["yolo"] = "yolo"
    task: Literal["segment", "detect", "obb", "pose"] = "segment"
    """`segment`: outlines; `detect`: boxes; `obb`: rotated boxes; `pose`: boxes with keypoints."""
    split: Literal["bridge", "largest"] = "bridge"
    """`bridge` joins the parts of a mask by bridges one pixel wide; `largest` keeps only the largest part."""
    folders: ClassVar[tuple[str, ...]] = ("labels",)
    by_stem: ClassVar[bool] = True

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Links each image as it is added; writes all labels and `data.yaml` after the last image."""
        told, splits = Counter[str](), dict.fromkeys(info.splits, 0)
        number = keypoints_in_row(info) if self.task == "pose" else 0
        with open_spool() as spool:

            def add(image: LabelledImage) -> None:
                target.link(image.file, image.path)
                spool.add(f"labels/{image.split}/{stem(image)}.txt", self._rows(image, told, number))
                splits[image.split] += 1

            yield add
            for name, rows in spool:
                target.put(name, rows, sync=False)
        used = [split for split, images in splits.items() if images]
        target.put("data.yaml", data_yaml(info, used, of_pose(info) if number else {}))
        self._tell(told)

    def _rows(self, image: LabelledImage, told: Counter[str], number: int) -> bytes:
        """Returns the content of an image's text file, with one row per label.

        Crowds, and labels without pixels, are left out.

        Args:
            image: The image.
            told: Counts of what the format loses; updated.
            number: Number of keypoints in each row.
        """
        rows = []
        for label in image.labels:
            values = None if label.crowd else self._values(image, label, told, number)
            told["left out"] += values is None
            if values is not None:
                rows.append(f"{label.category} {' '.join(map(_number, values.ravel().tolist()))}\n")
        return "".join(rows).encode()

    def _values(
        self, image: LabelledImage, label: Label, told: Counter[str], number: int
    ) -> NDArray[np.float64] | None:
        """Returns the numbers that follow the category in a label's row; None for a label without pixels."""
        match self.task:
            case "segment":
                return self._polygon(image, label, told)
            case "detect":
                return _box(image, label)
            case "pose":
                box = _box(image, label)
                return None if box is None else with_keypoints(box, image, label, number)
            case "obb":
                told["of boxes"] += label.counts is None
                return oriented_box(image, label)

    def _polygon(self, image: LabelledImage, label: Label, told: Counter[str]) -> NDArray[np.float64] | None:
        """The mask outline (n, 2), n ≥ 3, as fractions of the image size; None for an empty mask."""
        found = cropped_mask(image, label)
        if found is None:
            return None
        told["of boxes"] += label.counts is None
        corner, mask = found
        whole = outline(mask)
        told["masks"] += 1
        told["in parts"] += whole.parts > 1
        if whole.parts > 1 and self.split == "largest":
            part = largest_part(mask)
            told["dropped"] += int(mask.sum() - part.sum())
            whole = outline(part)
        told["bridges"] += whole.bridge_px
        points = padded(np.concatenate([whole.points, *[whole.points[:1]] * (3 - len(whole.points))]))
        return np.asarray((points + corner + INTO_PIXEL) / (image.width, image.height))

    def _tell(self, told: Counter[str]) -> None:
        """Logs how much information of the labels this format cannot keep, as counted in `told`."""
        if told["left out"]:
            log.warning("yolo: %d labels are left out: crowds, or without pixels", told["left out"])
        if told["of boxes"]:
            what = f"{told['of boxes']} labels have no mask: their boxes are used as outlines"
            log.warning("yolo: %s; task=detect writes boxes", what)
        if told["in parts"]:
            loss = (
                f"bridges between the parts add {told['bridges']} px"
                if self.split == "bridge"
                else f"their smaller parts, {told['dropped']} px, are left out"
            )
            log.warning("yolo: %d of %d masks have several parts; %s", told["in parts"], told["masks"], loss)


def _box(image: LabelledImage, label: Label) -> NDArray[np.float64] | None:
    """Centre x, y, width and height of a box clipped to the image, as fractions of the image size."""
    x, y, width, height = label.bbox
    size = np.array([image.width, image.height], np.float64)
    low, high = np.clip([(x, y), (x + width, y + height)], 0, size)
    return None if (high <= low).any() else np.concatenate([(low + high) / 2 / size, (high - low) / size])


def _number(value: float) -> str:
    """Formats a number with the precision of 32-bit floats, without trailing zeros."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def data_yaml(
    info: DatasetInfo, splits: Iterable[str], more: Mapping[str, Any] = MappingProxyType({})
) -> bytes:
    """Returns `data.yaml`: the split folders, relative to the file, and the categories.

    Ultralytics needs `train` and `val`: if one of these keys has no split, it gets the other key's
    folders. The entries of `more` come last.
    """
    places: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for split in splits:
        keys = [key for key, names in USED_FOR.items() if split.lower().startswith(names)]
        places[keys[0] if keys else "train"].append(f"images/{split}")
    note = "# Images and labels are beside this file.\n"
    for key, other in (("val", "train"), ("train", "val")):
        if not places[key]:
            note += f"# There is no split {key!r}: {key} uses the images of {other}.\n"
            places[key] = places[other]
    content = {key: paths[0] if len(paths) == 1 else paths for key, paths in places.items() if paths}
    names = {"names": dict(enumerate(info.categories))}
    return (note + yaml.safe_dump({**content, **names, **more}, sort_keys=False, allow_unicode=True)).encode()
