"""File names for images of several data sets in one folder."""

import sqlite3
from hashlib import sha256
from pathlib import PurePosixPath

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.provenance import DIGITS, origin

MAX_BYTES = 200
"""Longest file name; file systems allow 255 bytes, and formats add suffixes."""


class Names:
    """Gives each image of a data set a file name of its own, in bounded memory.

    A name has no folders: their names are joined with `_`. Of two names that would be equal, or differ in
    upper and lower case only, the second gets `_2`.
    """

    def __init__(self) -> None:
        """Begins without names."""
        self._taken = sqlite3.connect("", isolation_level=None)
        self._taken.executescript(
            "PRAGMA journal_mode = OFF; CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN"
        )

    def of(self, image: LabelledImage, prefixed: bool) -> str:
        """A file name that no other image of the split has.

        Args:
            image: The image.
            prefixed: Whether the name begins with the first digits of the identity of the data set that the
                image was made in.
        """
        name = _short(image.name.replace("/", "_"))
        prefix = f"{(origin(image) or '')[:DIGITS]}_"
        if prefixed and not name.startswith(prefix):
            name = prefix + name
        path, number = PurePosixPath(name), 1
        while not self._take(f"{image.split}/{name.casefold()}"):
            number += 1
            name = f"{path.stem}_{number}{path.suffix}"
        return name

    def _take(self, name: str) -> bool:
        return self._taken.execute("INSERT OR IGNORE INTO names VALUES (?)", (name,)).rowcount == 1


def _short(name: str) -> str:
    """The name, or if it is too long, its end with a hash of the whole."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    end = name.encode()[-MAX_BYTES // 2 :].decode("utf-8", "ignore")
    return f"{sha256(name.encode()).hexdigest()[:16]}_{end}"
