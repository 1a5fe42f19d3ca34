"""Reads the lists of a COCO file entry by entry; one entry is in memory at a time."""

import codecs
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import ijson

from sim2coco.datasets.errors import DataSetError

BUFFER = 1 << 18
BOM_LENGTH = {"utf-8-sig": 3}
"""Bytes to leave out at the beginning of a file, by its encoding."""


def entries(path: Path, kind: str) -> Iterator[Any]:
    """Yields the entries of a list of a COCO file, in order.

    Args:
        path: The file.
        kind: The key of the list, such as `annotations`; without it in the file, nothing is yielded.

    Raises:
        DataSetError: The file cannot be read, is invalid JSON, or has something else than a list there.
    """
    found = False
    for entry in _items(path, f"{kind}.item"):
        found = True
        yield entry
    if not found:
        _check_list(path, kind)


def value(path: Path, kind: str) -> Any:
    """The value of a key of a COCO file, such as `info`; None without it.

    Raises:
        DataSetError: The file cannot be read or is invalid JSON.
    """
    return next(_items(path, kind), None)


def _items(path: Path, prefix: str) -> Iterator[Any]:
    try:
        with closing(_opened(path)) as file:
            yield from ijson.items(file, prefix, use_float=True, buf_size=BUFFER)
    except DataSetError:
        raise
    except (ijson.JSONError, ValueError, RecursionError) as error:
        raise DataSetError(f"{path}: invalid JSON: {_first_line(error)}") from error
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read: {error.strerror}") from error


def _opened(path: Path) -> IO[bytes]:
    """Opens a file as UTF-8 without a byte order mark, as JSON files of other programs may be UTF-16."""
    if not path.is_file():
        raise DataSetError(f"{path}: missing, or not a regular file")
    file = path.open("rb")
    encoding = json.detect_encoding(file.read(4))
    file.seek(BOM_LENGTH.get(encoding, 0))
    return file if encoding.startswith("utf-8") else codecs.EncodedFile(file, "utf-8", encoding)


def _check_list(path: Path, kind: str) -> None:
    """Checks that a file has an empty list of this kind, and not something else."""
    with closing(_opened(path)) as file:
        for prefix, event, _ in ijson.parse(file, use_float=True, buf_size=BUFFER):
            if prefix == kind:
                if event == "start_array":
                    return
                break
    raise DataSetError(f"{path}: {kind} is missing, or no list")


def _first_line(error: Exception) -> str:
    text = error.args[0] if error.args else type(error).__name__
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)).split("\n")[0]
