"""Parses material files (MTL) of OBJ meshes."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite

from scenes.assets.reading.raw import Color
from scenes.assets.reading.text import plain_text

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
ARGUMENTS = rf"(?:\s+(?:on|off|{NUMBER}|[rgbmlz])(?=\s|$))*"
BEFORE = re.compile(rf"(?:-[a-z]+{ARGUMENTS}\s+)+", re.IGNORECASE)
AFTER = re.compile(rf"(?:\s+-[a-z]+{ARGUMENTS})+$", re.IGNORECASE)
"""Matches texture options, such as `-s 2 2 1`, after the file name, where some programs write them."""
UNUSED = ("-mm", "-imfchan", "-t")
"""Unsupported options that would affect the appearance of a texture."""


Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cutout:
    """The opacity map of a material.

    Attributes:
        texture: File name of the image (`map_d`) as written.
        repeats: Scale of u and v, that is, repetitions of the image (`-s`).
        offset: Offset of u and v (`-o`).
    """

    texture: str
    repeats: Pair
    offset: Pair


@dataclass(frozen=True, slots=True)
class Material:
    """The colour and texture of a material.

    Attributes:
        color: Diffuse colour (`Kd`), or None if the file does not give one.
        texture: File name of the diffuse texture (`map_Kd`) as written; "" if there is none.
        repeats: Scale of u and v, that is, repetitions of the texture (`-s`).
        offset: Offset of u and v (`-o`).
        clamped: Whether the file asks for clamping instead of repetition (`-clamp on`).
        unused: Unsupported options of the texture.
        cutout: The opacity map; None without one.
        opacity: Opacity (`d`, or 1 - `Tr`), or None if the file does not give one.
    """

    color: Color | None = None
    texture: str = ""
    repeats: Pair = (1.0, 1.0)
    offset: Pair = (0.0, 0.0)
    clamped: bool = False
    unused: tuple[str, ...] = ()
    cutout: Cutout | None = None
    opacity: float | None = None

    @property
    def placed(self) -> tuple[Pair, Pair]:
        """Scale and offset of u and v for the texture, or for the opacity map if there is no texture."""
        if self.cutout is not None and not self.texture:
            return self.cutout.repeats, self.cutout.offset
        return self.repeats, self.offset


def parse_materials(content: bytes) -> dict[str, Material]:
    """Returns a dict from names to the materials of an MTL file.

    If a name occurs several times, the last material with this name is used.
    """
    materials: dict[str, Material] = {}
    name = None
    for line in re.split(r"\r\n|\r|\n", plain_text(content).decode()):
        keyword, rest = (*line.split(None, 1), "", "")[:2]
        keyword, rest = keyword.lower(), rest.strip()
        if keyword == "newmtl":
            name = " ".join(rest.split())
            materials[name] = Material()
        elif name is not None and keyword == "kd":
            materials[name] = replace(materials[name], color=_color(rest))
        elif name is not None and keyword == "map_kd" and rest:
            materials[name] = _textured(materials[name], rest)
        elif name is not None and keyword == "map_d" and rest:
            found = _textured(Material(), rest)
            cutout = Cutout(found.texture, found.repeats, found.offset)
            materials[name] = replace(materials[name], cutout=cutout)
        elif name is not None and keyword in ("d", "tr"):
            materials[name] = _with_opacity(materials[name], keyword, rest)
    return materials


def _color(text: str) -> Color | None:
    """Parses a colour, `r g b`, or `r` for a grey; returns None for any other form."""
    numbers = _numbers(text.split(), 3)
    if not numbers:
        return None
    red, green, blue = numbers if len(numbers) == 3 else numbers[:1] * 3
    return red, green, blue


def _with_opacity(material: Material, keyword: str, text: str) -> Material:
    """Sets the opacity of a material; `d` overrides `Tr`, which some programs write inverted."""
    numbers = _numbers(text.removeprefix("-halo").split(), 1)
    if not numbers or (keyword == "tr" and (material.opacity is not None or numbers[0] >= 1)):
        return material
    return replace(material, opacity=numbers[0] if keyword == "d" else 1 - numbers[0])


def _textured(material: Material, told: str) -> Material:
    """Returns the material with the texture of a `map_Kd` line.

    Args:
        material: The material.
        told: The line without the keyword: the file name, with options before or after it.
    """
    before, after = BEFORE.match(told), AFTER.search(told)
    options = " ".join(match[0] for match in (before, after) if match).lower().split()
    name = told[before.end() if before else 0 : after.start() if after else None].strip('"')
    (u, v), (along_u, along_v) = _pair(options, "-s", 1.0), _pair(options, "-o", 0.0)
    unused = tuple(option for option in UNUSED if option in options)
    clamped = ("-clamp", "on") in pairwise(options)
    return replace(
        material, texture=name, repeats=(u, v), offset=(along_u, along_v), clamped=clamped, unused=unused
    )


def _pair(options: list[str], option: str, default: float) -> Pair:
    """Returns the two numbers that follow an option; a missing number is replaced with `default`."""
    after = options[options.index(option) + 1 :] if option in options else []
    u, v = (*_numbers(after, 2), default, default)[:2]
    return u, v


def _numbers(words: list[str], most: int) -> tuple[float, ...]:
    """Parses up to `most` numbers at the start of `words`; stops at a word that is not a finite number."""
    numbers: list[float] = []
    for word in words[:most]:
        try:
            number = float(word)
        except ValueError:
            break
        if not isfinite(number):
            break
        numbers.append(number)
    return tuple(numbers)
