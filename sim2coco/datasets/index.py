"""Indexes the entries of a COCO file in a temporary database, to look up annotations by image.

Annotation files list annotations in any order, and may be larger than memory. The database is an unnamed file
in the temporary folder (`TMPDIR`), which disappears when the process ends for any reason.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from sim2coco.check.entries import COCO
from sim2coco.check.values import Entry, follows, show, violations
from sim2coco.datasets.categories import SCALARS
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.streaming import entries

CACHE_KIB = 16 * 1024
"""Memory for the database; the rest of the database is in the temporary file."""
SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{cache};
CREATE TABLE images (rank INTEGER PRIMARY KEY, id INTEGER, name TEXT, entry BLOB);
CREATE TABLE annotations (rank INTEGER PRIMARY KEY, id INTEGER, image INTEGER, entry BLOB);
CREATE TABLE amodal (rank INTEGER PRIMARY KEY, id INTEGER, entry BLOB);
"""
UNIQUE = {"images.id": "id", "images.name": "file_name", "annotations.id": "id", "amodal.id": "id"}
"""Columns with unique values, and the corresponding keys in the file."""
KEPT = ("segmentation", "bbox", "keypoints", "attributes", "ignored")
"""Keys of an entry that are kept in addition to its scalars."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The images of a COCO file with their annotations.

    Attributes:
        num_images: Number of images.
        num_annotations: Number of annotations.
        names: The file names of all images, with backslashes replaced by `/`.
    """

    num_images: int
    num_annotations: int
    names: Collection[str]
    _database: sqlite3.Connection

    def images(self) -> Iterator[tuple[Entry, list[tuple[Entry, Entry | None]]]]:
        """Yields each image in file order, with a list of (annotation, amodal annotation).

        An amodal annotation is the entry with the same id in the amodal file; None if there is none.
        """
        for number, entry in self._database.execute("SELECT id, entry FROM images ORDER BY rank"):
            yield from_json(entry), self._annotations(number)

    def find(self, name: str) -> list[str]:
        """Returns the file names of the images that are meant by `name`.

        If a file name equals `name`, only this one is returned. Otherwise `name` may lack the folder, the
        suffix, or both.
        """
        ends = self._database.execute("SELECT name FROM images WHERE instr(name, ?) ORDER BY rank", (name,))
        found = [own for (own,) in ends]
        return [own for own in found if own == name] or [
            own for own in found if name in (Path(own).name, Path(own).stem, str(Path(own).with_suffix("")))
        ]

    def image(self, name: str) -> tuple[Entry, list[tuple[Entry, Entry | None]]]:
        """Returns the image with a file name, and its annotations as in `images`."""
        query = "SELECT id, entry FROM images WHERE name = ?"
        number, entry = self._database.execute(query, (name,)).fetchone()
        return from_json(entry), self._annotations(number)

    def _annotations(self, image: int) -> list[tuple[Entry, Entry | None]]:
        rows = self._database.execute(
            "SELECT a.entry, m.entry FROM annotations a LEFT JOIN amodal m ON m.id = a.id "
            "WHERE a.image = ? ORDER BY a.rank",
            (image,),
        )
        return [(from_json(entry), from_json(amodal) if amodal else None) for entry, amodal in rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Names(Collection[str]):
    """The file names of an index, read from the database on demand."""

    length: int
    database: sqlite3.Connection

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[str]:
        return (name for (name,) in self.database.execute("SELECT name FROM images ORDER BY rank"))

    def __contains__(self, name: object) -> bool:
        query = "SELECT 1 FROM images WHERE name = ?"
        return self.database.execute(query, (name,)).fetchone() is not None


def index_file(path: Path, amodal: Path | None = None) -> Index:
    """Builds the index of a COCO file.

    Args:
        path: The file.
        amodal: A second COCO file, with the amodal masks of the same annotations under the same ids; or None.

    Raises:
        DataSetError: An entry is invalid, an id or a file name occurs twice, or an annotation refers to a
            missing image.
    """
    database = sqlite3.connect("", isolation_level=None)
    with _told(path):
        database.executescript(SCHEMA.format(cache=CACHE_KIB))
        _fill(database, path, {"images": _image_row, "annotations": _annotation_row})
        if amodal is not None:
            _fill(database, amodal, {"annotations": _amodal_row})
        for column, key in UNIQUE.items():
            _check_unique(database, path, column, key)
        database.execute("CREATE INDEX by_image ON annotations (image)")
        _check_references(database, path)
        images, annotations = (_count(database, table) for table in ("images", "annotations"))
    return Index(images, annotations, _Names(images, database), database)


Row = Callable[[Entry], tuple[str, tuple[Any, ...]]]
"""Converts an entry to an SQL statement and its parameters except the first, the entry's list index."""


def _fill(database: sqlite3.Connection, path: Path, rows: Mapping[str, Row]) -> None:
    """Inserts entries of a COCO file into the database.

    Args:
        database: The database.
        path: The COCO file.
        rows: Converters of entries to rows, keyed by the list in the file, such as `images`. Entries of other
            lists are not inserted.
    """
    database.execute("BEGIN")
    for item in entries(path):
        if item.key not in rows:
            continue
        where = f"{path}: {item.key}[{item.rank}]"
        if not follows(item.value, COCO[item.key]):
            raise DataSetError(f"{where}: {next(violations(item.value, COCO[item.key]))}")
        try:
            statement, row = rows[item.key](item.value)
        except (ValueError, RecursionError) as error:
            raise DataSetError(f"{where}: cannot be read ({str(error).splitlines()[0]})") from error
        database.execute(statement, (item.rank, *row))
    database.execute("COMMIT")


def _image_row(entry: Entry) -> tuple[str, tuple[Any, ...]]:
    row = entry["id"], entry["file_name"].replace("\\", "/"), _text(entry)
    return "INSERT INTO images VALUES (?, ?, ?, ?)", row


def _annotation_row(entry: Entry) -> tuple[str, tuple[Any, ...]]:
    return "INSERT INTO annotations VALUES (?, ?, ?, ?)", (entry["id"], entry["image_id"], _text(entry))


def _amodal_row(entry: Entry) -> tuple[str, tuple[Any, ...]]:
    kept = {key: entry.get(key) for key in ("segmentation", "area", "bbox")}
    return "INSERT INTO amodal VALUES (?, ?, ?)", (entry["id"], _text(kept))


def _text(entry: Entry) -> bytes:
    """Encodes an entry as JSON; leaves out lists and objects, except those with a key in `KEPT`."""
    kept = {key: value for key, value in entry.items() if key in KEPT or isinstance(value, SCALARS)}
    return to_json(kept)


def _check_unique(database: sqlite3.Connection, path: Path, column: str, key: str) -> None:
    table, _, name = column.partition(".")
    try:
        database.execute(f"CREATE UNIQUE INDEX {table}_{name} ON {table} ({name})")
    except sqlite3.IntegrityError:
        query = f"SELECT {name} FROM {table} GROUP BY {name} HAVING count(*) > 1 LIMIT 1"
        (repeated,) = database.execute(query).fetchone()
        raise DataSetError(f"{path}: {table}: {key} {show(repeated)} occurs twice") from None


def _check_references(database: sqlite3.Connection, path: Path) -> None:
    query = "SELECT id, image FROM annotations WHERE image NOT IN (SELECT id FROM images) LIMIT 1"
    for number, image in database.execute(query):
        raise DataSetError(f"{path}: annotation {number}: image_id {image} is not the id of an image")


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Converts database errors to `DataSetError`, or to `OSError` if the temporary folder is full."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {error}") from error
    except sqlite3.Error as error:
        raise DataSetError(f"{path}: cannot be read ({error})") from error
