"""The scene graph of a COLLADA document: geometries and their transforms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.dae.document import Document, text_of
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.text import numbers

MAX_DEPTH = 200
MAX_PLACES = 10_000
"""Largest number of geometries and nodes in a scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A geometry in the scene.

    Attributes:
        geometry: The element `geometry`.
        instance: The element that refers to the geometry and binds its materials.
        matrix: (4, 4) transform from the geometry frame to the document frame.
    """

    geometry: Element
    instance: Element
    matrix: Floats


def places_of(document: Document, looks: list[str]) -> Iterator[Place]:
    """Yields the geometries of the scene; without a scene, all geometries untransformed.

    Raises:
        Refused: A node contains itself, or the scene has too many nodes and geometries.
    """
    named = document.root.find("scene/instance_visual_scene")
    scene = document.target(None if named is None else named.get("url"), "visual_scene")
    scene = document.root.find("library_visual_scenes/visual_scene") if scene is None else scene
    if scene is None:
        for geometry in document.root.findall("library_geometries/geometry"):
            yield Place(geometry, geometry, np.eye(4))
        return
    for count, place in enumerate(_below(document, scene, np.eye(4), MAX_DEPTH, looks)):
        if count >= MAX_PLACES:
            raise _too_many()
        if place is not None:
            yield place


def _too_many() -> Refused:
    what = f"has more than {MAX_PLACES:,} nodes and geometries, or a node that contains itself"
    return Refused("over a limit", what, "export it in pieces")


def _below(
    document: Document, node: Element, matrix: Floats, depth: int, looks: list[str]
) -> Iterator[Place | None]:
    """Yields the geometries at and below a node or scene.

    Also yields None once per node, so that the caller can count the nodes.
    """
    if not depth:
        raise _too_many()
    yield None
    for instance in node:
        match instance.tag:
            case "node":
                yield from _below(document, instance, matrix @ transform_of(instance), depth - 1, looks)
            case "instance_node":
                other = _target(document, instance, "node", looks)
                if other is not None:
                    yield from _below(document, other, matrix @ transform_of(other), depth - 1, looks)
            case "instance_geometry":
                geometry = _target(document, instance, "geometry", looks)
                if geometry is not None:
                    yield Place(geometry, instance, matrix)
            case "instance_controller":
                yield _of_controller(document, instance, matrix, looks)
            case _:
                pass  # transforms, cameras, lights


def _target(document: Document, instance: Element, tag: str, looks: list[str]) -> Element | None:
    """Returns the element `tag` that an instance refers to; None, with a note in `looks`, if missing."""
    found = document.target(instance.get("url"), tag)
    if found is None:
        looks.append(f"a {tag} is left out because it is not in the file")
    return found


def _of_controller(document: Document, instance: Element, matrix: Floats, looks: list[str]) -> Place | None:
    """Returns the undeformed geometry of a skin or morph controller; None if there is none.

    A skin is placed by its bind shape matrix instead of `matrix`, because its skeleton is not read.
    """
    url, bind = instance.get("url"), None
    for _ in range(MAX_DEPTH):
        geometry = document.target(url, "geometry")
        if geometry is not None:
            return Place(geometry, instance, matrix if bind is None else bind)
        controller = document.target(url, "controller")
        shape = next((each for each in controller or () if each.tag in ("skin", "morph")), None)
        if shape is None:
            break
        looks.append("its skeleton or morphing is ignored: the undeformed shape is used")
        url = shape.get("source")
        if shape.tag == "skin":
            bind = (np.eye(4) if bind is None else bind) @ _matrix(shape.find("bind_shape_matrix"))
    looks.append("a controller without a geometry is left out")
    return None


def transform_of(node: Element) -> Floats:
    """Returns the transform (4, 4) of a node, the product of its transform elements in their order.

    Raises:
        Refused: A transform has too few numbers, or they are not finite.
    """
    matrix = np.eye(4)
    for element in node:
        if element.tag in TRANSFORMS:
            size, function = TRANSFORMS[element.tag]
            values = numbers(text_of(element))
            if len(values) < size or not np.isfinite(values).all():
                raise unreadable(f"has a <{element.tag}> with fewer than {size} finite numbers")
            matrix = matrix @ function(values[:size])
    return matrix


def _matrix(element: Element | None) -> Floats:
    values = numbers(text_of(element))
    return np.eye(4) if len(values) != 16 or not np.isfinite(values).all() else values.reshape(4, 4)


def _translated(values: Floats) -> Floats:
    matrix = np.eye(4)
    matrix[:3, 3] = values
    return matrix


def _rotated(values: Floats) -> Floats:
    """The rotation about an axis by an angle in degrees, given (x, y, z, angle)."""
    matrix, length = np.eye(4), float(np.linalg.norm(values[:3]))
    if length:
        x, y, z = values[:3] / length
        angle = np.radians(values[3])
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return matrix


def _looking(values: Floats) -> Floats:
    """Converts a `lookat` transform, (9,) for eye, target and up, to a matrix (4, 4); -z faces the target."""
    eye, target, up = values.reshape(3, 3)
    backward = eye - target
    right = np.cross(up, backward)
    if not (np.linalg.norm(backward) and np.linalg.norm(right)):
        return _translated(eye)
    axes = [right, np.cross(backward, right), backward]
    matrix = _translated(eye)
    matrix[:3, :3] = np.stack([axis / np.linalg.norm(axis) for axis in axes], axis=1)
    return matrix


def _skewed(values: Floats) -> Floats:
    """The shear along an axis by an angle in degrees, given (angle, rotation axis, translation axis)."""
    matrix = np.eye(4)
    turn, along = (axis / (np.linalg.norm(axis) or 1.0) for axis in (values[1:4], values[4:7]))
    across = turn - (turn @ along) * along
    across /= np.linalg.norm(across) or 1.0
    matrix[:3, :3] += np.tan(np.radians(values[0])) * np.outer(along, across)
    return matrix


TRANSFORMS: dict[str, tuple[int, Callable[[Floats], Floats]]] = {
    "matrix": (16, lambda values: values.reshape(4, 4)),
    "translate": (3, _translated),
    "scale": (3, lambda values: np.diag([*values, 1.0])),
    "rotate": (4, _rotated),
    "lookat": (9, _looking),
    "skew": (7, _skewed),
}
