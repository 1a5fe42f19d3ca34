"""Selects text lines by keyword, and parses their numbers; fast enough for millions of lines."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.text import plain_text
from scenes.assets.reading.triangulate import Ints

MAX_LINE_BYTES = 1_000_000
NEWLINE, SPACE = 10, 32
BLANKS = bytes.maketrans(b"\t\v\f", b"   ")


@dataclass(frozen=True, slots=True, eq=False)
class TextLines:
    """The lines of a text, without leading blanks.

    Attributes:
        data: (k,) bytes of the text; each line ends with a newline.
        starts: (n,) position of the first byte of each line.
        ends: (n,) position of the newline of each line.
        heads: (n, 3) first three bytes of each line, which may extend into the next lines.
    """

    data: NDArray[np.uint8]
    starts: Ints
    ends: Ints
    heads: NDArray[np.uint8]

    def begin_with(self, keyword: bytes) -> NDArray[np.bool_]:
        """For each line, whether its first word is `keyword`: bool (n,)."""
        found = self.ends - self.starts >= len(keyword)
        for offset, byte in enumerate(keyword[:3]):
            found &= self.heads[:, offset] == byte
        lines = np.flatnonzero(found)
        for offset, byte in [*enumerate(keyword)][3:]:
            lines = lines[self.data[self.starts[lines] + offset] == byte]
        lines = lines[self.data[self.starts[lines] + len(keyword)] <= SPACE]
        found[:] = False
        found[lines] = True
        return np.asarray(found)

    def text(self, line: int) -> str:
        """Returns the text of one line."""
        found = self.data[self.starts[line] : self.ends[line]].tobytes()
        return found.decode("utf-8", "replace").strip()

    def after(self, keyword: bytes, which: NDArray[np.bool_]) -> bytes:
        """Returns the text of selected lines without keyword and comments.

        Args:
            keyword: The keyword with which the selected lines begin.
            which: (n,) mask that selects the lines.
        """
        lines = np.flatnonzero(which)
        if not len(lines):
            return b""
        first, last = int(lines[0]), int(lines[-1])
        out = self.data[self.starts[first] : self.ends[last] + 1]
        lengths = self.ends[first : last + 1] - self.starts[first : last + 1] + 1
        mask = which[first : last + 1]
        out = out.copy() if mask.all() else out[np.repeat(mask, lengths)]
        heads = np.cumsum(lengths[mask]) - lengths[mask]
        for offset in range(len(keyword)):
            out[heads + offset] = SPACE
        text = out.tobytes()
        return re.sub(rb"#[^\n]*", b"", text) if b"#" in text else text


def text_lines(content: bytes) -> TextLines:
    """Splits text in any encoding and with any line ends; a trailing backslash continues a line.

    Raises:
        Refused: A line is longer than `MAX_LINE_BYTES`.
    """
    text = plain_text(content)
    if any(blank in text for blank in (b"\t", b"\v", b"\f")):
        text = text.translate(BLANKS)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\\" in text:
        text = re.sub(rb"\\ *\n", b" ", text)
    if b"\n " in text or text.startswith(b" "):
        text = re.sub(rb"(\A|\n) +", rb"\1", text)
    data = np.frombuffer(text + b"\n\n\n", np.uint8)  # lets `heads` look beyond the last line
    ends = np.flatnonzero(data == NEWLINE)[:-2]
    starts = np.concatenate([[0], ends[:-1] + 1])
    if int((ends - starts).max()) > MAX_LINE_BYTES:
        raise Refused("over a limit", "has a line of more than a million characters", "export it again")
    return TextLines(data, starts, ends, data[starts[:, None] + np.arange(3)])


def words_per_line(text: bytes) -> tuple[Ints, Ints]:
    """Byte offset (k,) of each word in a text, and number (n,) of words in each line."""
    data = np.frombuffer(text, np.uint8)
    blank = data <= SPACE
    first = ~blank
    first[1:] &= blank[:-1]
    words = np.flatnonzero(first)
    return words, np.diff(np.searchsorted(words, np.flatnonzero(data == NEWLINE)), prepend=0)


def numbers_in(text: bytes, count: int, dtype: type[Any], told: bytes | None = None) -> NDArray[Any]:
    """Parses the numbers in a text, separated by blanks and newlines.

    Args:
        text: The text.
        count: Number of words in the text, each of which must be a number.
        dtype: Type of the numbers.
        told: The text to quote in error messages, with the same number of lines as `text`. None quotes
            `text`.

    Raises:
        Refused: A word is not a number.
    """
    numbers = _parsed(text, dtype)
    if len(numbers) != count:  # some programs write 3.1+e2 for 3.1e2
        numbers = _parsed(re.sub(rb"(?<=[0-9.])[+-](?=[eE])", b"", text), dtype)
    if len(numbers) != count:
        raise unreadable(
            f"cannot be read: {_first_bad(text, told or text)!r} has a word that is not a number"
        )
    return numbers


def _parsed(text: bytes, dtype: type[Any]) -> NDArray[Any]:
    """Parses numbers separated by spaces, up to the first word that is not a number."""
    try:
        return np.fromstring(text, dtype, sep=" ")
    except ValueError:
        return np.empty(0, dtype)


def _first_bad(text: bytes, told: bytes) -> str:
    """Finds the first line of `text` with a word that is not a number.

    Returns:
        The line of `told` with the same line number, shortened; "a line" if all words are numbers.
    """
    for line, shown in zip(text.split(b"\n"), told.split(b"\n"), strict=True):
        try:
            np.array(line.split(), np.bytes_).astype(np.float64)
        except ValueError:
            return shown.decode("utf-8", "replace").strip()[:60]
    return "a line"


def table(text: bytes, least: int, most: int) -> tuple[NDArray[np.float64], Ints]:
    """Parses lines of numbers into a table.

    The table has as many columns as the longest line has numbers, but at least `least` and at most `most`.
    Further numbers are left out.

    Args:
        text: Lines of numbers.
        least: Smallest number of columns.
        most: Largest number of columns.

    Returns:
        (n, columns) numbers, NaN where a line has fewer; and the number of numbers in each line, (n,).

    Raises:
        Refused: A word is not a number.
    """
    words, counts = words_per_line(text)
    numbers = numbers_in(text, len(words), np.float64)
    longest = int(counts.max(initial=0))
    columns = min(max(longest, least), most)
    if longest >= columns and (counts == longest).all():
        return numbers.reshape(len(counts), -1)[:, :columns], counts
    places = (np.cumsum(counts) - counts)[:, None] + np.arange(columns)
    there = np.arange(columns) < counts[:, None]
    padded = np.concatenate([numbers, [np.nan]])
    return padded[np.where(there, places, len(numbers))], counts
