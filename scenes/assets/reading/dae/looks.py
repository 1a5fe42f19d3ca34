"""Colours and textures of COLLADA materials."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from scenes.assets.reading.dae.document import Document, text_of
from scenes.assets.reading.dae.sources import whole
from scenes.assets.reading.raw import GREY, Color, rgb_of
from scenes.assets.reading.text import numbers

SHADINGS = ("phong", "blinn", "lambert", "constant")


@dataclass(frozen=True, slots=True)
class Look:
    """Appearance of a material.

    Attributes:
        color_rgb: Colour, 0..1, that is used without a texture.
        texture: File name of the texture, or None.
        coordinates: Name of the texture coordinates within the material.
    """

    color_rgb: Color = GREY
    texture: str | None = None
    coordinates: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """The material bound to a material symbol by a geometry instance.

    Attributes:
        look: Appearance of the material.
        number: The set number of the texture coordinates; None for the first set.
    """

    look: Look
    number: int | None


def bindings_of(document: Document, instance: Element, looks: list[str]) -> Mapping[str, Binding]:
    """Returns the materials of a geometry instance, keyed by symbol."""
    bound = instance.findall("bind_material/technique_common/instance_material")
    return {each.get("symbol", ""): _binding(document, each, looks) for each in bound}


def unbound(document: Document, symbol: str, looks: list[str]) -> Binding:
    """Returns the material for an unbound symbol: the material whose id is `symbol`, otherwise grey."""
    return Binding(_look(document, document.target(symbol, "material"), looks), None)


def _binding(document: Document, bound: Element, looks: list[str]) -> Binding:
    look = _look(document, document.target(bound.get("target"), "material"), looks)
    for each in bound.findall("bind_vertex_input"):
        if each.get("semantic") == look.coordinates and each.get("input_semantic") == "TEXCOORD":
            return Binding(look, whole(each.get("input_set")))
    return Binding(look, None)


def _look(document: Document, material: Element | None, looks: list[str]) -> Look:
    instance = None if material is None else material.find("instance_effect")
    effect = None if instance is None else document.target(instance.get("url"), "effect")
    if effect is None:
        return Look()
    parameters = {each.get("sid", ""): each for each in effect.iter("newparam")}
    shading = next((each for tag in SHADINGS for each in effect.iter(tag)), None)
    if shading is None:
        return Look()
    diffuse = shading.find("diffuse" if shading.tag != "constant" else "emission")
    if diffuse is None:
        return Look()
    texture = diffuse.find("texture")
    if texture is None:
        return Look(_color(diffuse, parameters))
    name = _image(document, texture.get("texture", ""), parameters, looks)
    return Look(GREY, name, texture.get("texcoord", ""))


def _color(diffuse: Element, parameters: Mapping[str, Element]) -> Color:
    """Returns the colour in `diffuse`, or in the parameter that it refers to; grey if there is no colour."""
    color, named = diffuse.find("color"), diffuse.find("param")
    if color is None and named is not None:
        parameter = parameters.get(named.get("ref", ""))
        color = None if parameter is None else next(iter(parameter.findall("*")), None)
    return rgb_of(numbers(text_of(color))) if color is not None else GREY


def _image(document: Document, name: str, parameters: Mapping[str, Element], looks: list[str]) -> str | None:
    """Returns the file name of a texture's image; None, with a note in `looks`, if it has none.

    The reference `name` leads to the image directly, or through a sampler and a surface.
    """
    image = None
    for _ in range(3):
        parameter = parameters.get(name)
        if parameter is None:
            break
        image = parameter.find("*/instance_image")
        step = parameter.find("*/source")
        step = parameter.find("*/init_from") if step is None else step
        name = text_of(step).strip()
    found = document.target(name if image is None else image.get("url"), "image")
    start = None if found is None else found.find("init_from")
    if start is None:
        looks.append("a texture is ignored because its image is missing")
        return None
    path = (text_of(start.find("ref")) or text_of(start)).strip()
    if not path:
        looks.append("a texture embedded in the file is ignored")
        return None
    return path
