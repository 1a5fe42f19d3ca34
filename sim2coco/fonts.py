"""Fonts for names in any script.

A text is drawn with the first font that has all of its characters: DejaVu Sans, Noto Sans CJK, then the fonts
installed on this machine. If no font has all characters, the packaged font with most of them is used, and
draws a box in place of each missing character.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SUFFIXES = (".ttf", ".otf", ".ttc")
SYSTEM_FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts")
"""Folders that fontconfig searches for fonts by default."""
NO_CHARACTER = "\uffff"
"""A code point that is never a character: every font draws its missing-glyph box for it."""


@cache
def font_for(text: str, size_px: int, bold: bool = False) -> Font:
    """The font for a text.

    Args:
        text: The text.
        size_px: Height of the font in pixels.
        bold: Whether to use a bold face, where a font has one.
    """
    own = list(_packaged(bold))
    best = max(own, key=lambda path: _covered(path, text), default=None)
    if best is None or _covered(best, text) < len(text):
        found = next((path for path in _installed() if _covered(path, text) == len(text)), None)
        best = found or best
    return ImageFont.load_default(size_px) if best is None else ImageFont.truetype(best, size_px)


def _packaged(bold: bool) -> Iterator[Path]:
    """The fonts in Python packages, in order of preference."""
    name = f"DejaVuSans{'-Bold' if bold else ''}.ttf"
    for package, file in (
        ("cv2", f"qt/fonts/{name}"),
        ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
    ):
        spec = find_spec(package)
        path = Path(spec.origin).parent / file if spec and spec.origin else Path()
        if path.is_file():
            yield path


@cache
def _installed() -> tuple[Path, ...]:
    """The fonts on this machine, sans-serif ones first."""
    found = [
        path
        for folder in SYSTEM_FOLDERS
        for path in Path(folder).expanduser().rglob("*")
        if path.suffix.lower() in SUFFIXES
    ]
    return tuple(sorted(found, key=lambda path: ("sans" not in path.name.lower(), path.name)))


def _covered(path: Path, text: str) -> int:
    """Number of characters of a text for which a font has a glyph; 0 if the font cannot be read."""
    try:
        return sum(_has(path, character) for character in text)
    except OSError:
        return 0


@cache
def _has(path: Path, character: str) -> bool:
    font = _probe(path)
    return character.isspace() or _glyph(font, character) != _glyph(font, NO_CHARACTER)


@cache
def _probe(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> tuple[float, bytes]:
    return font.getlength(character), bytes(font.getmask(character))
