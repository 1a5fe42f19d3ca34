"""JSON values: keys for ids, hashes for finding equal values, and replacements for invalid values."""

import json
import math
from hashlib import blake2b
from typing import Any

from sim2coco.check.faults import Place
from sim2coco.check.values import Entry

Key = tuple[str, Any]
"""An id as found: its type and its value; whole floats count as integers."""


def key_of(identity: object) -> Key | None:
    """Returns a dict key for an id that is an integer or a string; None for any other type."""
    if type(identity) is float and identity.is_integer():
        identity = int(identity)
    return (type(identity).__name__, identity) if type(identity) in (int, str) else None


def plain(entry: Entry, place: Place) -> Entry:
    """Returns an entry that can be written as JSON in UTF-8, and reports at `place` if it had to be changed.

    NaN and infinity become null, and lone surrogates become replacement characters.
    """
    try:
        json.dumps(entry, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        is_text = isinstance(error, UnicodeEncodeError)
        what = "halves of surrogate pairs replaced" if is_text else "NaN and infinity replaced by null"
        place.fault("value", what)
        found: Entry = _written(entry)
        return found
    return entry


def _written(value: Any) -> Any:
    if type(value) is dict:
        return {_written(key): _written(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_written(inner) for inner in value]
    if type(value) is str:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None if type(value) is float and not math.isfinite(value) else value


def digest(value: Any) -> bytes:
    """Returns a hash of a JSON value.

    Values that are equal in Python, such as 1, 1.0 and true, have the same hash.
    """
    return blake2b(json.dumps(_canonical(value), sort_keys=True).encode(), digest_size=12).digest()


def _canonical(value: Any) -> Any:
    if type(value) is dict:
        return {key: _canonical(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_canonical(inner) for inner in value]
    whole = type(value) is bool or (type(value) is float and value.is_integer())
    return int(value) if whole else value


def encoded(value: Any) -> bytes:
    """Returns the JSON text of a value as bytes."""
    return json.dumps(value, allow_nan=False).encode()
