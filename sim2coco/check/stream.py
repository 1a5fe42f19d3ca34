"""Reads the entries of a large JSON file one after another, in bounded memory."""

import codecs
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, BinaryIO, NamedTuple

from sim2coco.check.jsontext import Decoder, NotJson

BLOCK = 2**18
"""Number of bytes to read at once."""
MAX_ENTRY = 2**22
"""Maximum length of an entry in characters; a decoded entry may take fifty times as much memory."""
NEXT = re.compile(r"[ \t\n\r]*([,\]])[ \t\n\r]*")
"""The separator or bracket after a list entry."""
SPACE = re.compile(r"[ \t\n\r]*")


class NotObject(ValueError):
    """The top-level value of a JSON file is a list instead of an object."""


class Item(NamedTuple):
    """A value in the top-level object of a JSON file; or, if such a value is a list, one of its entries.

    Attributes:
        key: The key in the top-level object.
        rank: Index of the entry in its list; None for a value of the top-level object.
        value: The value or the entry. For a list in the top-level object, this is an empty list; the entries
            follow as separate items.
        start: Byte offset of the value in the file.
        length: Length of the value in the file, in bytes.
        oddities: Dict from kind of fault to message. The faults are constructs that JSON parsers interpret
            differently, such as duplicate keys.
    """

    key: str
    rank: int | None
    value: Any
    start: int
    length: int
    oddities: dict[str, str]


def items(file: BinaryIO) -> Iterator[Item]:
    """Yields the values of the JSON object in a file; after each list, yields its entries as well.

    Raises:
        NotJson: The file is not valid JSON.
        NotObject: The top-level value is a list.
    """
    window = _Window(file)
    if window.peek() == "\ufeff":
        raise NotJson("it begins with a byte order mark")
    if window.peek() == "[":
        raise NotObject("is a list, must be an object")
    window.take("{")
    if window.peek() == "}":
        window.take("}")
    else:
        yield from _members(window)
    if window.peek():
        raise NotJson(f"extra data after the end, at byte {window.byte}")


def _members(window: "_Window") -> Iterator[Item]:
    closing = ","
    while closing == ",":
        key = window.value()[0] if window.peek() == '"' else window.fail("a key in quotes")
        window.take(":")
        if window.peek() == "[":
            yield Item(key, None, [], window.byte, 0, {})
            yield from _elements(window, key)
        else:
            value, start, length = window.value()
            yield Item(key, None, value, start, length, window.decoder.oddities)
        closing = window.take(",}")


def _elements(window: "_Window", key: str) -> Iterator[Item]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    rank, closing = 0, ","
    while closing == ",":
        window.peek()
        value, start, length = window.value()
        yield Item(key, rank, value, start, length, window.decoder.oddities)
        rank += 1
        closing = window.next_entry() or window.take(",]")


class _Window:
    """A window onto the text of a file.

    Attributes:
        byte: The byte position in the file up to which the text has been consumed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.decoder = Decoder()
        self.byte = 0
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._text, self._at, self._ended = "", 0, False

    def peek(self) -> str:
        """Skips white space and peeks at the next character; "" at the end of the file."""
        while True:
            if self._at < len(self._text) and self._text[self._at] > " ":
                return self._text[self._at]
            match = SPACE.match(self._text, self._at)
            assert match is not None  # white space may be empty
            end = match.end()
            self.byte += end - self._at
            self._at = end
            if end < len(self._text):
                return self._text[end]
            if not self._more():
                return ""

    def take(self, characters: str) -> str:
        """Skips white space, then consumes and returns the next character, which must be in `characters`."""
        found = self.peek()
        if not found or found not in characters:
            self.fail(" or ".join(map(repr, characters)))
        self._at += 1
        self.byte += 1
        return found

    def next_entry(self) -> str:
        """Like `take(",]")`, but does not read from the file: returns "" if the window may be too short."""
        match = NEXT.match(self._text, self._at)
        if match is None or match.end() >= len(self._text):
            return ""
        self.byte += match.end() - self._at
        self._at = match.end()
        return match[1]

    def fail(self, expected: str) -> Any:
        """Raises `NotJson`: something other than `expected` is at the current position."""
        found = "the end of the file" if self.peek() == "" else repr(self.peek())
        raise NotJson(f"{found} at byte {self.byte}, expected {expected}")

    def value(self) -> tuple[Any, int, int]:
        """Decodes the next value; returns the value, and its byte offset and length in the file."""
        while True:
            try:
                value, end = self.decoder.decode(self._text, self._at)
            except JSONDecodeError as error:
                if self._ended or len(self._text) - self._at > MAX_ENTRY or not self._more():
                    raise NotJson(self._broken(error)) from None
            else:
                if end < len(self._text) or not self._more():
                    return value, *self._skip(end)

    def _broken(self, error: JSONDecodeError) -> str:
        if len(self._text) - self._at > MAX_ENTRY:
            return f"the entry at byte {self.byte} is longer than {MAX_ENTRY // 2**20} MiB, or malformed"
        if error.pos >= len(self._text):
            return "it is truncated"
        return f"{error.msg} at byte {self.byte + _bytes(self._text[self._at : error.pos])}"

    def _skip(self, end: int) -> tuple[int, int]:
        start = self.byte
        length = end - self._at if self._text.isascii() else _bytes(self._text[self._at : end])
        self._at, self.byte = end, start + length
        return start, length

    def _more(self) -> bool:
        """Reads a block at least as long as the unconsumed text; returns False at the end of the file."""
        if self._ended:
            return False
        left = self._text[self._at :]
        block = self._file.read(max(BLOCK, len(left)))
        self._ended = not block
        try:
            self._text, self._at = left + self._decode(block, self._ended), 0
        except UnicodeDecodeError as error:
            near = self._file.tell() - len(block) + error.start
            raise NotJson(f"not UTF-8 near byte {near}: {error.reason}") from None
        return True


def _bytes(text: str) -> int:
    return len(text.encode())
