"""Reads the lists of a COCO file entry by entry; one entry is in memory at a time."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import ijson
import numpy as np

from sim2coco.datasets.errors import DataSetError

BUFFER = 1 << 16
MAX_DEPTH = 32
STEPS = np.zeros(256, np.int8)
STEPS[list(b"[{")], STEPS[list(b"]}")] = 1, -1
"""By how much a character changes the depth of nesting."""


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


def _opened(path: Path) -> "_Source":
    if not path.is_file():
        raise DataSetError(f"{path}: missing, or not a regular file")
    return _Source(path.open("rb"))


class _Source:
    """A JSON file in any encoding of Unicode, read as UTF-8; its nesting is limited.

    ijson keeps the path of each level, so that deep nesting needs memory beyond any limit.
    """

    def __init__(self, file: IO[bytes]) -> None:
        encoding = json.detect_encoding(file.read(4))
        file.seek(0)
        self._file = file
        self._text = None if encoding == "utf-8" else io.TextIOWrapper(file, encoding)
        self._nesting = Nesting()

    def read(self, size: int) -> bytes:
        content = self._file.read(size) if self._text is None else self._text.read(size).encode()
        self._nesting.see(content)
        return content

    def close(self) -> None:
        self._file.close()


class Nesting:
    """Follows how deeply lists and objects are nested in JSON that is read part by part.

    Example:
        >>> nesting = Nesting()
        >>> nesting.see(b'{"a": [[1, "]')
        >>> nesting.see(b'"]')
        >>> nesting.depth
        2
    """

    def __init__(self) -> None:
        """Begins outside of all lists and objects."""
        self.depth = 0
        self._in_string = 0
        self._escape = b""

    def see(self, content: bytes) -> None:
        """Follows the next part.

        Raises:
            ValueError: The nesting is too deep.
        """
        plain = (self._escape + content).replace(rb"\\", b"").replace(rb"\"", b"")
        self._escape = plain[-1:] if plain.endswith(b"\\") else b""
        codes = np.frombuffer(plain, np.uint8)
        if len(codes) == 0:
            return
        inside = (np.cumsum(codes == ord('"'), dtype=np.uint8) + np.uint8(self._in_string)) & 1
        depths = np.cumsum(np.where(inside, 0, STEPS[codes]), dtype=np.int32) + self.depth
        self._in_string, self.depth = int(inside[-1]), int(depths[-1])
        if depths.max() > MAX_DEPTH:
            raise ValueError(f"lists and objects are nested more than {MAX_DEPTH} deep")


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
