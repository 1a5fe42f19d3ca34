"""Collects the changes that a repair makes, in memory (a limited number) and in a file (all)."""

from collections.abc import Iterator
from typing import TextIO

from sim2coco.check import Fault
from sim2coco.check.faults import Faults, Place

CHANGES = {
    "left_out": "left out, as it cannot be repaired without guessing",
    "dangling": "left out, as it refers to an entry that does not exist",
    "duplicate": "left out, as it is a duplicate",
    "ids": "ids renumbered from 1",
    "category_name": "a category renamed, as another one has its name",
    "file_name": "backslashes in a file name replaced by slashes",
    "size": "width and height taken from the image file",
    "bbox": "box taken from the mask, or clipped to the image",
    "area": "area taken from the mask, or from the box if there is no mask",
    "iscrowd": "iscrowd set to 0, as it was absent",
    "polygons": "polygons of fewer than three points removed",
    "keypoints": "keypoints recounted, or malformed keypoints removed",
    "value": "a value that is not JSON, or of the wrong type, replaced or removed",
}
"""Maps each kind of change to its description."""


class Changes(Faults):
    """The changes that a repair makes. Memory holds at most `MAX_KEPT` of each kind, a file holds all."""

    def __init__(self, file: TextIO) -> None:
        """Begins an empty list; `file` is a temporary file that receives all changes."""
        super().__init__()
        self._file = file

    def add(self, file: str, where: str, kind: str, message: str) -> None:
        """Adds a change."""
        super().add(file, where, kind, message)
        self._file.write(f"{Fault(file, where, kind, message)}\n")

    def at(self, file: str, where: str) -> Place:
        """Returns a `Place`; changes that are reported to it are added here with `file` and `where`."""
        return Place(file, where, self)

    def lines(self) -> Iterator[bytes]:
        """Yields all changes, one line each."""
        self._file.seek(0)
        for line in self._file:
            yield line.encode()
