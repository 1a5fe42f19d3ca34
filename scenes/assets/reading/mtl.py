"""Material files of OBJ meshes: the name of a texture, and how it lies on the surface, told apart."""

import re

from scenes.assets.reading.text import plain_text

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
ARGUMENTS = rf"(?:\s+(?:on|off|{NUMBER}|[rgbmlz])(?=\s|$))*"
BEFORE = re.compile(rf"(?:-[a-z]+{ARGUMENTS}\s+)+", re.IGNORECASE)
AFTER = re.compile(rf"(?:\s+-[a-z]+{ARGUMENTS})+$", re.IGNORECASE)
"""What may stand before the name of a texture, like `-s 2 2 1`; some programs write it after the name."""
TEXTURE = re.compile(r"\s*map_Kd\s+(\S.*)", re.IGNORECASE)
PLACEMENT = "texture_placement"
"""Key of the line that holds how often a texture is repeated along u and v, and by how much it is moved."""


def plain_materials(content: bytes) -> bytes:
    """An MTL in which each `map_Kd` names a file and nothing else; its options are in a line of our own."""
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
    """The first two numbers after an option; the default where there are none."""
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
