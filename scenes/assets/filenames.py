r"""File names as printable, storable text, whatever bytes the file system contains.

Bytes that are not UTF-8, and control characters such as line breaks, are escaped as `\xNN`:
`schl\xfcssel.obj`.
"""

import re
import unicodedata
from pathlib import Path

ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
HIDDEN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that are escaped: control characters, surrogate escapes of bytes, line separators."""


def readable(name: str) -> str:
    """Escapes the unprintable bytes in a file name or path."""
    if name.isprintable():
        return name
    return "".join(map(_shown, name))


def real_path(folder: Path, name: str) -> Path:
    """Undoes `readable`: returns the actual path of the file that has a readable path.

    Args:
        folder: Folder to which a relative path refers.
        name: Readable path, absolute or relative. Paths without escapes are allowed too.
    """
    path = folder / name
    if "\\x" not in name or path.exists():
        return path
    found = Path(path.anchor) if Path(name).is_absolute() else folder
    for part in name.strip("/").split("/"):
        found = found / part if (found / part).exists() else found / _unescaped(part)
    return found if found.exists() else path


def _unescaped(part: str) -> str:
    content = ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), part.encode("utf-8", "surrogateescape"))
    return part if b"\0" in content else content.decode("utf-8", "surrogateescape")


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
