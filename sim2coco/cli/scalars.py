"""Unquoted scalars in YAML files and on the command line: `5` is a number, `1e-3` may also be a name.

YAML and Hydra decide from the text alone whether a scalar is a number, and discard the text. Here, a scalar
becomes a number, `true` or `false` only if formatting this value gives the same text. Every other scalar
stays text until the type of its setting is known.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenes.settings import Settings

Parsed = TypeVar("Parsed", bound=Settings)
Scalar = str | int | float | bool | None
Place = tuple[str | int, ...]
"""Keys and list indices that lead to a value in a tree of settings."""

NULLS = ("", "~", "null", "Null", "NULL")
BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "y"), True),
    **dict.fromkeys(("false", "no", "off", "n"), False),
}
NUMBER = re.compile(
    r"[-+]?(0[xob][0-9a-f_]+|((0|[1-9][0-9_]*)(\.[0-9_]*)?|\.[0-9_]+)(e[-+]?[0-9]+)?|inf|nan)", re.IGNORECASE
)
"""Numbers in the syntax of YAML 1.1 and Hydra, without sexagesimal and zero-padded octal numbers."""
NUMERIC = ("int_", "float_", "bool_")
"""Prefixes of pydantic's error types for values that are not numbers or booleans."""
NOT_FINITE = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


def scalar(text: str) -> Scalar:
    """Converts an unquoted scalar to None, a number or a boolean if possible; else returns `text` itself.

    Numbers and booleans are returned only if formatting them gives `text` again.

    Example:
        >>> [scalar(text) for text in ("5", "0.25", "true", "~", "2024_11_28", "1e5", "007", "no")]
        [5, 0.25, True, None, '2024_11_28', '1e5', '007', 'no']
    """
    if text in NULLS:
        return None
    value = meant(text)
    return value if written(value) == text else text


def written(value: Scalar) -> str:
    """Formats a value as text; `scalar` converts this text back to the value."""
    names = {None: "null", True: "true", False: "false"}
    return names[value] if value is None or isinstance(value, bool) else str(value)


def meant(text: str) -> Scalar:
    """The number or boolean that a text represents in YAML or Hydra; the text itself if it represents none.

    Octal numbers with leading zeros (`010`) and sexagesimal numbers (`1:30`) are not read as numbers.

    Example:
        >>> [meant(text) for text in ("1e3", "1_000", "0x10", "On", ".5", "010", "1:30", "box")]
        [1000.0, 1000, 16, True, 0.5, '010', '1:30', 'box']
    """
    if text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    plain = NOT_FINITE.get(text.lower(), text)
    if not NUMBER.fullmatch(plain):
        return text
    for read in (_whole, float):
        try:
            return read(plain)
        except ValueError:
            continue
    return text


def _whole(digits: str) -> int:
    return int(digits, base=0)


def parsed(settings: type[Parsed], tree: dict[str, Any]) -> Parsed:
    """Builds settings from YAML values, and converts scalars to the types of their settings.

    If a setting rejects a text that represents a number or a boolean, the number or boolean is tried instead.
    If a setting rejects a number or a boolean, its text is tried instead.

    Args:
        settings: The class of the settings.
        tree: The values; modified in place.

    Raises:
        pydantic.ValidationError: A key is invalid, or a setting rejects a value even after the conversion.
    """
    tried: set[Place] = set()
    while True:
        try:
            return settings.parse(tree)
        except ValidationError as error:
            others = {place: other for found in error.errors() for place, other in _others(found, tree)}
            new = others.keys() - tried
            if not new:
                raise
            for place in new:
                _at(tree, place[:-1])[place[-1]] = others[place]
            tried |= new


def typed(value: Any) -> Any:
    """Copies a tree, converting each text that represents a number or a boolean."""
    if isinstance(value, dict):
        return {key: typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [typed(entry) for entry in value]
    return meant(value) if isinstance(value, str) else value


def _others(error: ErrorDetails, tree: object) -> Iterator[tuple[Place, Scalar]]:
    """Finds a value of another type that a setting may accept instead of a rejected value.

    Yields:
        The position of the rejected value, and the other value; nothing if there is none.
    """
    place = _place(error["loc"], tree)
    value = _at(tree, place)
    if isinstance(value, str):
        other = meant(value)
        if error["type"].startswith("int_") and isinstance(other, float) and other.is_integer():
            other = int(other)
        if other != value and (error["type"].startswith(NUMERIC) or "must be a number" in error["msg"]):
            yield place, other
    elif isinstance(value, bool | int | float) and _wants_text(error):
        yield place, written(value)


def _wants_text(error: ErrorDetails) -> bool:
    return error["type"] == "string_type" or "must be a string" in error["msg"]


def _place(location: Sequence[str | int], tree: object) -> Place:
    """Converts the location in a pydantic error to a position in `tree`.

    Steps that do not exist in `tree`, such as the names of union members, are left out.
    """
    place: list[str | int] = []
    for step in location:
        inside_list = isinstance(tree, list) and isinstance(step, int) and step < len(tree)
        if inside_list or (isinstance(tree, dict) and step in tree):
            tree = tree[step]  # type: ignore[index] # it is a list with this index, or a dict with this key
            place.append(step)
    return tuple(place)


def _at(tree: Any, place: Place) -> Any:
    for step in place:
        tree = tree[step]
    return tree
