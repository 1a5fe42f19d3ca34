"""Decodes JSON of any origin: what is not JSON is told in one line, keys that occur twice are found."""

import json
from dataclasses import dataclass, field
from typing import Any

from sim2coco.check.values import show

MAX_NESTING = 100
"""Maximum depth of lists and objects in each other; deeper ones exhaust the stack of some readers."""
TOO_DEEP = "it is nested too deeply"
SPACE = " \t\n\r"
SURROGATES = ("\\ud", "\\uD")
"""How escapes of surrogates begin; in pairs they are letters, alone they cannot be written as UTF-8."""


class NotJson(ValueError):
    """A text is not JSON; the message is one line."""


@dataclass(slots=True)
class Decoder:
    """Decodes one value after the other.

    Attributes:
        oddities: What readers may take differently in the value decoded last: kind of the fault, and message.
    """

    oddities: dict[str, str] = field(default_factory=dict)
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        """Prepares the decoder of the standard library."""
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)

    def decode(self, text: str, start: int = 0) -> tuple[Any, int]:
        """Decodes the value that begins at an index of a text.

        Returns:
            The value, and the index behind it.

        Raises:
            json.JSONDecodeError: There is no value, or only a part of one; `pos` is where it breaks off.
            NotJson: The value is nested too deeply, or has a number of too many digits.
        """
        self.oddities.clear()
        try:
            value, end = self._decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            raise
        except RecursionError:
            raise NotJson(TOO_DEEP) from None
        except ValueError as error:  # an integer of more digits than Python converts
            raise NotJson(str(error).partition(";")[0]) from None
        if text.count("[", start, end) + text.count("{", start, end) > MAX_NESTING and _is_deep(value):
            raise NotJson(TOO_DEEP)
        if any(text.find(mark, start, end) >= 0 for mark in SURROGATES) and not is_text(value):
            self.oddities["json"] = "invalid JSON: it contains half of a surrogate pair, which is no text"
        return value, end

    def decode_all(self, content: bytes) -> Any:
        """Decodes the only value of a whole file.

        Raises:
            NotJson: The file contains something else.
        """
        try:
            text = content.decode()
            start = len(text) - len(text.lstrip(SPACE))
            value, end = self.decode(text, start)
        except UnicodeDecodeError as error:
            raise NotJson(f"not UTF-8 at byte {error.start}: {error.reason}") from None
        except json.JSONDecodeError as error:
            raise NotJson(str(error)) from None
        if text[end:].strip(SPACE):
            raise NotJson(f"there is more behind its end, at character {end}")
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            again = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            self.oddities["repeated_key"] = f"key {show(again)} occurs twice in an object"
        return found

    def _constant(self, text: str) -> float:
        self.oddities["json"] = f"invalid JSON: it contains {text}"
        return float(text)


def is_text(value: Any) -> bool:
    """Whether all texts in a JSON value can be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(value: Any) -> bool:
    """Whether lists and objects are nested deeper than `MAX_NESTING`; not recursive."""
    level = [value]
    for _ in range(MAX_NESTING):
        lists = [inner for inner in level if type(inner) is list]
        level = [inner for found in lists for inner in found] + [
            inner for found in level if type(found) is dict for inner in found.values()
        ]
        if not level:
            return False
    return any(isinstance(inner, list | dict) for inner in level)
