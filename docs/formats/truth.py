"""What pycocotools reads in a COCO file, and how much of it another reader has found.

Used by the programs `read_*.py`, each of which runs in an environment of its own.
"""

import contextlib
import io
import json
import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO


@dataclass
class Objects:
    """The objects of an image.

    Attributes:
        boxes: (n, 4), x0, y0, x1, y1 in pixels, edges of pixels at integers; None if the reader gives none.
        categories: Names, one for each object.
        masks: One array (h, w) for each object; None if the reader gives none.
    """

    boxes: list | None
    categories: list
    masks: list | None = None


def truth(folder: Path, split: str) -> dict[str, Objects]:
    """The images of a split by their file names, as pycocotools reads them."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "annotations" / f"instances_{split}.json"))
    found = {}
    for image in coco.loadImgs(coco.getImgIds()):
        labels = coco.loadAnns(coco.getAnnIds(image["id"]))
        boxes = [[x, y, x + w, y + h] for x, y, w, h in (label["bbox"] for label in labels)]
        names = [coco.cats[label["category_id"]]["name"] for label in labels]
        found[image["file_name"]] = Objects(boxes, names, [coco.annToMask(label) for label in labels])
    return found


@dataclass
class Result:
    """How much of the truth a reader has found; each count is a pair: equal, of how many.

    Attributes:
        format: The format, with the settings that matter.
        tolerance_px: Largest distance of a side of a box that counts as equal.
        note: What else is to be said.
    """

    format: str
    tolerance_px: float = 0.01
    note: str = ""
    images: list = field(default_factory=lambda: [0, 0])
    categories: list = field(default_factory=lambda: [0, 0])
    boxes: list = field(default_factory=lambda: [0, 0])
    masks: list = field(default_factory=lambda: [0, 0])
    masks_in_parts: list = field(default_factory=lambda: [0, 0])
    warnings: list = field(default_factory=list)

    def add(self, expected: dict[str, Objects], found: dict[str, Objects]) -> None:
        """Counts what was found of the images of a split; objects may come in any order."""
        self.images[0] += len(expected.keys() & found.keys())
        self.images[1] += len(expected.keys() | found.keys())
        for name, image in expected.items():
            self._add_image(image, found.get(name, Objects([], [])))

    def _add_image(self, image: Objects, found: Objects) -> None:
        order = list(range(len(found.categories)))
        for index, category in enumerate(image.categories):
            match = min(order, key=lambda other: self._distance(image, index, found, other), default=None)
            if match is not None:
                order.remove(match)
            same = match is not None and found.categories[match] == category
            self._count(self.categories, same)
            if found.boxes is not None:
                self._count(
                    self.boxes, same and self._box_distance(image, index, found, match) <= self.tolerance_px
                )
            if found.masks is not None:
                counts = self.masks if parts(image.masks[index]) == 1 else self.masks_in_parts
                self._count(
                    counts,
                    same and np.array_equal(np.asarray(found.masks[match]) > 0, image.masks[index] > 0),
                )
        self.categories[1] += len(order)  # objects that nothing in the COCO file belongs to

    @staticmethod
    def _count(counts: list, equal: bool) -> None:
        counts[0] += bool(equal)
        counts[1] += 1

    def _distance(self, image: Objects, index: int, found: Objects, other: int) -> tuple:
        unlike = image.categories[index] != found.categories[other]
        if found.masks is not None:
            differing = np.count_nonzero((np.asarray(found.masks[other]) > 0) != (image.masks[index] > 0))
            return unlike, differing
        return unlike, 0 if found.boxes is None else self._box_distance(image, index, found, other)

    @staticmethod
    def _box_distance(image: Objects, index: int, found: Objects, other: int) -> float:
        return float(np.abs(np.subtract(image.boxes[index], found.boxes[other])).max())


def parts(mask: np.ndarray) -> int:
    """Number of parts of a mask (h, w); pixels that touch at a corner belong to one part."""
    left, count = {(int(y), int(x)) for y, x in np.argwhere(mask)}, 0
    while left:
        count += 1
        ends = [left.pop()]
        while ends:
            y, x = ends.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            ends.extend(near)
    return count


class Warnings(logging.Handler):
    """Keeps the messages that a reader logs as warnings or errors."""

    def __init__(self) -> None:
        """Has no messages yet."""
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a message."""
        self.messages.append(record.getMessage())


def report(results: list[Result]) -> None:
    """Prints the results as JSON, on the last line."""
    sys.stdout.write(json.dumps([vars(result) for result in results]) + "\n")
