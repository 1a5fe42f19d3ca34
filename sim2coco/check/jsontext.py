"""Decodes untrusted JSON: reports syntax errors in one line, and finds duplicate keys."""

import json
from dataclasses import dataclass, field
from typing import Any

from sim2coco.check.values import show

MAX_NESTING = 100
"""Maximum nesting depth of lists and objects; deeper nesting exhausts the stack of some parsers."""
TOO_DEEP = "it is nested too deeply"
SPACE = " \t\n\r"
SURROGATES = ("\\ud", "\\uD")
"""The beginnings of surrogate escapes: a pair encodes a character, a lone one cannot be written as UTF-8."""


class NotJson(ValueError):
    """A text is not JSON; the message is one line."""


@dataclass(slots=True)
class Decoder:
    """Decodes one value after another.

    Attributes:
        oddities: A dict from kind of fault to message. The messages are about the value decoded last: parts
            that JSON parsers handle differently, such as duplicate keys and NaN.
    """

    oddities: dict[str, str] = field(default_factory=dict)
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        """Prepares the decoder of the standard library."""
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)

    def decode(self, text: str, start: int = 0) -> tuple[Any, int]:
        """Decodes the value that begins at an index of a text.

        Returns:
            The value, and the index after its end.

        Raises:
            json.JSONDecodeError: There is no complete value; `pos` is where the error is.
            NotJson: The value is nested too deeply, or contains an integer with too many digits.
        """
        self.oddities.clear()
        try:
            value, end = self._decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            raise
        except RecursionError:
            raise NotJson(TOO_DEEP) from None
        except ValueError as error:  # an integer with more digits than Python converts
            raise NotJson(str(error).partition(";")[0]) from None
        if text.count("[", start, end) + text.count("{", start, end) > MAX_NESTING and _is_deep(value):
            raise NotJson(TOO_DEEP)
        if any(text.find(mark, start, end) >= 0 for mark in SURROGATES) and not is_text(value):
            self.oddities["json"] = (
                "invalid JSON: it contains half of a surrogate pair, which is not valid Unicode"
            )
        return value, end

    def decode_all(self, content: bytes) -> Any:
        """Decodes a file that consists of a single JSON value.

        Raises:
            NotJson: The file is not a single valid JSON value in UTF-8.
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
            raise NotJson(f"extra data after the end, at character {end}")
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
    """Returns whether all strings in a JSON value can be encoded as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(value: Any) -> bool:
    """Whether lists and objects are nested deeper than `MAX_NESTING`, checked without recursion."""
    level = [value]
    for _ in range(MAX_NESTING):
        lists = [inner for inner in level if type(inner) is list]
        level = [inner for found in lists for inner in found] + [
            inner for found in level if type(found) is dict for inner in found.values()
        ]
        if not level:
            return False
    return any(isinstance(inner, list | dict) for inner in level)
