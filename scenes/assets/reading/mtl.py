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
"""Options before the file name of a texture, such as `-s 2 2 1`; some programs write them after the name."""
UNUSED = ("-mm", "-imfchan", "-t")
"""Options that change how a texture looks, and are not used."""


Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cutout:
    """The image in which a material is transparent.

    Attributes:
        texture: File name of the image (`map_d`) as written.
        repeats: How often it repeats along u and v.
        offset: What is added to u and v.
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
        repeats: How often the texture repeats along u and v.
        offset: What is added to u and v.
        clamped: Whether the texture is meant not to repeat.
        unused: Options of the texture that are not used.
        cutout: Where the material is transparent; None without such an image.
        opacity: Its opacity (`d`, or 1 - `Tr`), or None if the file does not give one.
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
        """How its images lie: how often they repeat, and what is added to u and v."""
        if self.cutout is not None and not self.texture:
            return self.cutout.repeats, self.cutout.offset
        return self.repeats, self.offset


def parse_materials(content: bytes) -> dict[str, Material]:
    """The materials of an MTL file by their names; of two with the same name, the last."""
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
    """The colour in `r g b` or, of a grey, `r`; None if it is given in another way."""
    numbers = _numbers(text.split(), 3)
    if not numbers:
        return None
    red, green, blue = numbers if len(numbers) == 3 else numbers[:1] * 3
    return red, green, blue


def _with_opacity(material: Material, keyword: str, text: str) -> Material:
    """A material with its opacity; `d` counts before `Tr`, which some programs write the other way round."""
    numbers = _numbers(text.removeprefix("-halo").split(), 1)
    if not numbers or (keyword == "tr" and (material.opacity is not None or numbers[0] >= 1)):
        return material
    return replace(material, opacity=numbers[0] if keyword == "d" else 1 - numbers[0])


def _textured(material: Material, told: str) -> Material:
    """A material with the texture that a `map_Kd` line names, before, after or between options."""
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
    """The first two numbers after an option; `default` replaces missing ones."""
    after = options[options.index(option) + 1 :] if option in options else []
    u, v = (*_numbers(after, 2), default, default)[:2]
    return u, v


def _numbers(words: list[str], most: int) -> tuple[float, ...]:
    """The numbers at the start of a list of words, at most so many; numbers that are not finite end it."""
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
