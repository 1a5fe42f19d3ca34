"""Reads lists of colours and texture coordinates in 3MF files; triangles refer to their entries by index."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from scenes.assets.reading.raw import GREY, Color, Floats
from scenes.assets.reading.text import numbers
from scenes.assets.reading.threemf.model import Part, whole_numbers

COLOR = re.compile(r"\s*#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})?\s*")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group of colours or texture coordinates.

    Attributes:
        values: (k, 3) RGB, 0..1, or (k, 2) texture coordinates, v up.
        texture: Path of the texture in the package, or None for a colour group.
    """

    values: Floats
    texture: str | None = None


def groups_of(part: Part, looks: list[str]) -> dict[int, Group]:
    """Reads the groups of colours or texture coordinates of a model part.

    Args:
        part: The model part.
        looks: Notes on unsupported content are added here.

    Returns:
        A dict from id to group.
    """
    resources = part.root.find("resources")
    elements = [] if resources is None else list(resources)
    textures = {each.get("id", ""): each.get("path", "") for each in elements if each.tag == "texture2d"}
    groups: dict[int, Group] = {}
    for element in elements:
        group = _group(element, groups, textures, looks)
        if group is not None:
            groups[int(element.get("id", "-1"))] = group
    return groups


def _group(
    element: Element, groups: dict[int, Group], textures: dict[str, str], looks: list[str]
) -> Group | None:
    """Reads a group of colours or texture coordinates; None if the element is not a group, or is empty.

    Args:
        element: The element.
        groups: The preceding groups, keyed by id; the element may refer to them.
        textures: Paths of textures, keyed by id.
        looks: Notes on unsupported content are added here.
    """
    match element.tag:
        case "basematerials":
            group = Group(np.array([_color(base.get("displaycolor")) for base in element], np.float64))
        case "colorgroup":
            group = Group(np.array([_color(color.get("color")) for color in element], np.float64))
        case "texture2dgroup":
            uvs = [(float(each.get("u", "0")), float(each.get("v", "0"))) for each in element]
            group = Group(np.array(uvs, np.float64), textures.get(element.get("texid", ""), ""))
        case "compositematerials":
            return _composite(element, groups.get(int(element.get("matid", "-1"))))
        case "multiproperties":
            looks.append("only the last of several colour layers is rendered")
            return _top_layer(element, groups)
        case _:
            return None
    return group if len(group.values) else None


def _color(text: str | None) -> Color:
    """Parses a colour such as #FF8000 or #FF8000FF; grey if invalid."""
    found = COLOR.fullmatch(text or "")
    if found is None:
        return GREY
    red, green, blue = (int(found[index], 16) / 255 for index in (1, 2, 3))
    return red, green, blue


def _composite(element: Element, bases: Group | None) -> Group | None:
    """Mixes the colours in `bases` as a `compositematerials` element says; None if it is invalid or empty."""
    which = whole_numbers(element.get("matindices", ""))
    if (
        bases is None
        or bases.texture is not None
        or not which
        or not all(0 <= i < len(bases.values) for i in which)
    ):
        return None
    colors = bases.values[np.array(which)]
    mixed = []
    for composite in element:
        weights = np.resize(
            np.append(np.clip(numbers(composite.get("values", "")), 0, 1), np.zeros(len(which))), len(which)
        )
        mixed.append(weights @ colors / (weights.sum() or 1.0))
    return Group(np.array(mixed)) if mixed else None


def _top_layer(element: Element, groups: dict[int, Group]) -> Group | None:
    """Reads a group of multi-properties; only the last layer with a known group is used."""
    layers = whole_numbers(element.get("pids", ""))
    known = [place for place, layer in enumerate(layers) if layer in groups]
    if not known or not len(element):
        return None
    group = groups[layers[known[-1]]]
    chosen = [(*whole_numbers(multi.get("pindices", "")), *[0] * len(layers))[known[-1]] for multi in element]
    return Group(group.values[np.clip(chosen, 0, len(group.values) - 1)], group.texture)
