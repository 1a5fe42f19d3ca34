"""JSON objects of glTF files, whose values are checked when they are read."""

import math
from dataclasses import dataclass
from typing import Any

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.refusal import Refused


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A JSON object of a glTF file.

    All methods raise `Refused` if a value has the wrong type; null counts as absent.

    Attributes:
        tree: The object.
        place: Its path in the file, for messages: `accessors[3].sparse`; "" for the root.
    """

    tree: dict[str, Any]
    place: str = ""

    def has(self, key: str) -> bool:
        """Whether the key has a value."""
        return self.tree.get(key) is not None

    def wrong(self, key: str, needed: str) -> Refused:
        """Creates the exception for a missing or invalid value."""
        place = self._place(key)
        if not self.has(key):
            return unreadable(f"is not valid glTF: {place} is missing")
        return unreadable(f"is not valid glTF: {place} must be {needed}, not {repr(self.tree[key])[:60]}")

    def integer(self, key: str, default: int | None = None, least: int = 0) -> int:
        """Reads an integer of at least `least`; required if there is no default."""
        value = self.tree.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(key, f"a whole number of at least {least}")
        return value

    def numbers(self, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """Reads a list of `len(default)` finite numbers; returns `default` if the list is absent."""
        return self.any_numbers(key, len(default)) if self.has(key) else default

    def any_numbers(self, key: str, count: int | None = None) -> tuple[float, ...]:
        """Reads a list of finite numbers, `count` of them if given; empty if absent."""
        values = self.tree.get(key)
        if values is None:
            return ()
        if (
            not isinstance(values, list)
            or (count is not None and len(values) != count)
            or not all(_is_number(value) for value in values)
        ):
            raise self.wrong(key, f"a list of {'' if count is None else f'{count} '}numbers")
        return tuple(float(value) for value in values)

    def number(self, key: str, default: float) -> float:
        """Reads a finite number."""
        value = self.tree.get(key)
        if value is None:
            return default
        if not _is_number(value):
            raise self.wrong(key, "a number")
        return float(value)

    def text(self, key: str, default: str = "") -> str:
        """Reads a string."""
        value = self.tree.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def texts(self, key: str) -> list[str]:
        """Reads a list of strings; empty if absent."""
        values = self.tree.get(key)
        if values is None:
            return []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "a list of strings")
        return values

    def indices(self, key: str) -> list[int]:
        """Reads a list of nonnegative integers; empty if absent."""
        values = self.tree.get(key)
        if values is None:
            return []
        if not isinstance(values, list) or not all(_is_number(value) and value >= 0 for value in values):
            raise self.wrong(key, "a list of indices")
        if any(value != int(value) for value in values):
            raise self.wrong(key, "a list of indices")
        return [int(value) for value in values]

    def item(self, key: str) -> "Item | None":
        """Reads an object; None if absent."""
        value = self.tree.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "an object")
        return Item(value, self._place(key))

    def extension(self, name: str) -> "Item | None":
        """Reads the JSON object of the glTF extension `name`; None if the object lacks this extension."""
        extensions = self.item("extensions")
        return None if extensions is None else extensions.item(name)

    def count(self, key: str) -> int:
        """Returns the length of a list; 0 if absent."""
        values = self.tree.get(key)
        if values is None:
            return 0
        if not isinstance(values, list):
            raise self.wrong(key, "a list")
        return len(values)

    def entry(self, key: str, index: int) -> "Item":
        """Reads the object at an index of a list."""
        if not 0 <= index < self.count(key):
            raise unreadable(
                f"is not valid glTF: it refers to {key}[{index}], but has {self.count(key)} {key}"
            )
        value = self.tree[key][index]
        place = f"{self._place(key)}[{index}]"
        if not isinstance(value, dict):
            raise unreadable(f"is not valid glTF: {place} must be an object")
        return Item(value, place)

    def items(self, key: str) -> "list[Item]":
        """Reads the objects of a list; empty if absent."""
        return [self.entry(key, index) for index in range(self.count(key))]

    def _place(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of floats
        return False
