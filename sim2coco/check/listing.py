"""An index of the annotations in a file. To save memory, annotations are read from the file on demand."""

import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sim2coco.check.values import Entry

ID, IMAGE, CATEGORY, START, LENGTH, RANK = range(6)
"""The columns of the index."""


class Changed(ValueError):
    """A file was changed while it was read."""


@dataclass(slots=True)
class Listing:
    """An index of the annotations in a file, which finds them by id or by image.

    Attributes:
        file: The open file.
        rows: (n, 6) int64, for each annotation in file order: id, image id, category id, first byte, number
            of bytes, and index in the list.
    """

    file: BinaryIO
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 6), np.int64))
    _by_id: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _by_image: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def fill(self, numbers: "array[int]") -> None:
        """Sets the attribute `rows` from a flat array that contains one row after another."""
        self.keep(np.frombuffer(numbers, np.int64).reshape(-1, 6))

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Sets the attribute `rows`, and sorts it by id and by image for searching."""
        self.rows = rows
        self._by_id = np.argsort(rows[:, ID], kind="stable")
        self._by_image = np.argsort(rows[:, IMAGE], kind="stable")

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids (n,) of all annotations, in ascending order."""
        ids: NDArray[np.int64] = self.rows[self._by_id, ID]
        return ids

    def repeated(self) -> NDArray[np.bool_]:
        """For each row, whether an earlier row has the same id: bool (n,)."""
        again = np.zeros(len(self.rows), bool)
        ids = self.ids
        again[self._by_id[1:][ids[1:] == ids[:-1]]] = True
        return again

    def row(self, identity: int) -> NDArray[np.int64] | None:
        """Returns the entry (6,) of `rows` for the annotation with this id; None if there is none."""
        at = int(np.searchsorted(self.rows[:, ID], identity, sorter=self._by_id))
        found = self.rows[self._by_id[at]] if at < len(self.rows) else None
        return found if found is not None and found[ID] == identity else None

    def get(self, identity: int) -> Entry | None:
        """Reads the annotation with this id; None if there is none."""
        row = self.row(identity)
        return None if row is None else self.read(int(row[START]), int(row[LENGTH]))

    def of_image(self, identity: int) -> Iterator[Entry]:
        """Yields the annotations of an image in file order."""
        column = self.rows[:, IMAGE]
        first, last = (
            int(np.searchsorted(column, identity, side=side, sorter=self._by_image))
            for side in ("left", "right")
        )
        for at in self._by_image[first:last]:
            yield self.read(int(self.rows[at, START]), int(self.rows[at, LENGTH]))

    def read(self, start: int, length: int) -> Entry:
        """Reads the entry at a byte position in the file.

        Raises:
            Changed: The position no longer holds a JSON object.
        """
        try:
            entry = json.loads(os.pread(self.file.fileno(), length, start).decode())
        except (ValueError, OSError):
            entry = None
        if type(entry) is not dict:
            raise Changed(f"{self.file.name}: was changed while it was read")
        return entry
