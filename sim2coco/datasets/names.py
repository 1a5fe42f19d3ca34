"""Unique file names for images of several data sets in one folder."""

import sqlite3
from hashlib import sha256
from pathlib import PurePosixPath

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.provenance import DIGITS, origin

MAX_BYTES = 200
"""Maximum length of a file name in bytes; file systems allow 255, and formats add suffixes."""


class Names:
    """Gives each image of a data set a unique file name, in bounded memory.

    Folders become part of the name, joined with `_`. If two names are equal or differ only in case, `_2` is
    appended to the second.
    """

    def __init__(self) -> None:
        """Begins with no names taken."""
        self._taken = sqlite3.connect("", isolation_level=None)
        self._taken.executescript(
            "PRAGMA journal_mode = OFF; CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN"
        )

    def of(self, image: LabelledImage, prefixed: bool) -> str:
        """Returns a file name that is unique in the image's split.

        Args:
            image: The image.
            prefixed: Whether the name gets a prefix that tells the data set from which the image originally
                comes: the first digits of this data set's hash.
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
    """Shortens a name that is too long to a hash of the whole name, followed by the end of the name."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    end = name.encode()[-MAX_BYTES // 2 :].decode("utf-8", "ignore")
    return f"{sha256(name.encode()).hexdigest()[:16]}_{end}"
