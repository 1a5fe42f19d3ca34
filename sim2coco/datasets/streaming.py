"""Reads a COCO file entry by entry, so that only one entry is in memory at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim2coco.check.jsontext import NotJson
from sim2coco.check.stream import Item, NotObject, items
from sim2coco.datasets.errors import DataSetError

LISTS = ("images", "annotations", "categories")
"""The lists that every file must contain."""
HEAD = ("info", "licenses", "categories")


def entries(path: Path) -> Iterator[Item]:
    """Yields the entries of all lists in a COCO file, in file order.

    Raises:
        DataSetError: The file cannot be read, is invalid JSON, or lacks one of the lists `images`,
            `annotations` and `categories`.
    """
    lists = set()
    for item in _items(path):
        if item.rank is not None:
            yield item
        elif type(item.value) is list:
            lists.add(item.key)
    for kind in LISTS:
        if kind not in lists:
            raise DataSetError(f"{path}: {kind} is missing or not a list")


def head(path: Path) -> dict[str, Any]:
    """Returns `info`, `licenses` and `categories` of a COCO file, if they exist.

    Raises:
        DataSetError: The file cannot be read or is invalid JSON.
    """
    found: dict[str, Any] = {}
    for item in _items(path):
        if item.key not in HEAD and found.keys() >= {*HEAD}:
            break
        if item.key in HEAD and item.rank is None:
            found[item.key] = item.value
        elif item.key in HEAD:
            found[item.key].append(item.value)
    return found


def _items(path: Path) -> Iterator[Item]:
    """Yields the top-level values of a JSON file; a list is yielded empty, and then each of its entries.

    Raises:
        DataSetError: The file cannot be read, is invalid JSON, or contains duplicate keys, NaN or infinity.
    """
    if not path.is_file():
        raise DataSetError(f"{path}: missing, or not a regular file")
    keys = set()
    try:
        with path.open("rb") as file:
            for item in items(file):
                if item.rank is None and item.key in keys:
                    raise DataSetError(f"{path}: key {item.key!r} occurs twice")
                keys.add(item.key)
                for message in item.oddities.values():
                    where = item.key if item.rank is None else f"{item.key}[{item.rank}]"
                    raise DataSetError(f"{path}: {where}: {message}")
                yield item
    except NotJson as error:
        raise DataSetError(f"{path}: invalid JSON: {error}") from error
    except NotObject as error:
        raise DataSetError(f"{path}: {error}") from error
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read: {error.strerror}") from error
