"""Converts the text of user files in any encoding to UTF-8 without a byte order mark."""

import codecs
import re

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable

NO_NUMBER = re.compile(r"[-+]?1\.#(?:IND|QNAN|SNAN|INF)\d*")
"""NaN and infinity as printed by programs built with Microsoft compilers."""
DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
"""Decimal commas, as printed by programs with some locales."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def plain_text(content: bytes) -> bytes:
    """Converts the text of a file to UTF-8.

    UTF-16 is recognised by its byte order mark. Text that is not valid UTF-8 is decoded as Latin-1, in which
    every byte is a character, so that file names in the text remain usable.
    """
    if content[:2] in UTF_16:
        content = content.decode("utf-16", "replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


def numbers(text: bytes | str) -> NDArray[np.float64]:
    """Parses the numbers (n,) in a text, separated by white space.

    Raises:
        Refused: The text contains something other than numbers.
    """
    plain = text.decode("latin-1") if isinstance(text, bytes) else text
    if "#" in plain:
        plain = NO_NUMBER.sub("nan", plain)
    if "," in plain:
        plain = DECIMAL_COMMA.sub(".", plain)
    if not plain.strip():
        return np.zeros(0)
    try:
        return np.fromstring(plain, np.float64, sep=" ")
    except ValueError as error:
        raise unreadable("contains text where a number is expected") from error
