"""Material files (MTL) of OBJ meshes: separates the file name of a texture from its placement options."""

import re

from scenes.assets.reading.text import plain_text

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
ARGUMENTS = rf"(?:\s+(?:on|off|{NUMBER}|[rgbmlz])(?=\s|$))*"
BEFORE = re.compile(rf"(?:-[a-z]+{ARGUMENTS}\s+)+", re.IGNORECASE)
AFTER = re.compile(rf"(?:\s+-[a-z]+{ARGUMENTS})+$", re.IGNORECASE)
"""Options before the file name of a texture, such as `-s 2 2 1`; some programs write them after the name."""
TEXTURE = re.compile(r"\s*map_Kd\s+(\S.*)", re.IGNORECASE)
PLACEMENT = "texture_placement"
"""Keyword of a line with four numbers: the repetitions of a texture along u and v, and its offsets."""


def plain_materials(content: bytes) -> bytes:
    """The content of an MTL file, as UTF-8, in which each `map_Kd` line has a file name and no options.

    The options are moved to a separate line that starts with `PLACEMENT`.
    """
    lines = plain_text(content).decode().splitlines()
    return "\n".join(plain for line in lines for plain in _plain(line)).encode()


def _plain(line: str) -> list[str]:
    found = TEXTURE.fullmatch(line)
    if found is None:
        return [line]
    told = found[1].strip()
    before, after = BEFORE.match(told), AFTER.search(told)
    options = " ".join(match[0] for match in (before, after) if match)
    name = told[before.end() if before else 0 : after.start() if after else None].strip('"')
    placement = (*_numbers(options, "-s", 1.0), *_numbers(options, "-o", 0.0))
    return [" ".join(map(str, (PLACEMENT, *placement))), f"map_Kd {name}"]


def _numbers(options: str, option: str, default: float) -> tuple[float, float]:
    """The first two numbers after an option; `default` replaces missing ones."""
    words = options.lower().split()
    after = words[words.index(option) + 1 :] if option in words else []
    numbers = []
    for word in after[:2]:
        try:
            numbers.append(float(word))
        except ValueError:
            break
    u, v = (*numbers, default, default)[:2]
    return u, v
