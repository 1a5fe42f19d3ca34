"""A 3MF model part: its objects, with triangles or components, its colours, and its build items."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, XMLParser

import numpy as np

from scenes.assets.reading.containers import check_entities, unreadable
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.text import numbers
from scenes.assets.reading.triangulate import Ints

CORE = "http://schemas.microsoft.com/3dmanufacturing/"
READ = ("core", "material", "production", "slice", "trianglesets")
"""Extensions that a file may require: supported ones, and those that do not affect the appearance."""

NUMBERS = ("vertex", "triangle")
"""Elements that are converted to numbers inside a mesh, and skipped elsewhere, as in slices."""


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """The mesh of an object.

    Attributes:
        vertices: (n, 3) positions.
        corners: (m, 3) vertex indices.
        group: (m,) id of each triangle's colour group, or -1 if the triangle uses the group of the object.
        colors: (m, 3) index of each corner's colour in that group, or -1 if none is given.
    """

    vertices: Floats
    corners: Ints
    group: Ints
    colors: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A model part.

    Attributes:
        root: The XML, without vertices and triangles; tags and attributes have no namespaces.
        meshes: Dict from object id to triangles, for the objects that have a mesh.
        objects: Dict from object id to the XML element of the object.
    """

    root: Element
    meshes: dict[str, Triangles]
    objects: dict[str, Element]


def part_of(content: bytes) -> Part:
    """Reads a model part.

    Raises:
        Refused: The content is not valid XML, defines entities, or requires an unsupported extension.
    """
    check_entities(content)
    reader = _Reader()
    parser = XMLParser(target=reader)
    try:
        parser.feed(content)
        parser.close()
    except (ParseError, LookupError) as error:
        raise unreadable(f"is not valid XML: {error}") from error
    except (ValueError, OverflowError) as error:
        raise unreadable("a vertex or triangle has values that are not numbers") from error
    if reader.root is None:
        raise unreadable("is not a 3MF model")
    _check_extensions(reader.root, reader.prefixes)
    objects = {each.get("id", ""): each for each in reader.root.findall("resources/object")}
    return Part(reader.root, reader.meshes, objects)


class _Reader:
    """Extracts vertices and triangles during XML parsing, because they would need much memory as elements."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.meshes: dict[str, Triangles] = {}
        self.prefixes: dict[str, str] = {}
        self._open: list[Element] = []
        self._in_mesh = False
        self._clear()

    def _clear(self) -> None:
        self._vertices, self._corners, self._colors = array("d"), array("q"), array("q")

    def start_ns(self, prefix: str, uri: str) -> None:
        self.prefixes[prefix] = uri

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith(NUMBERS):
            if self._in_mesh:
                self._keep(attributes)
            return
        name = tag.rpartition("}")[2]
        self._in_mesh = self._in_mesh or name == "mesh"
        plain = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        element = Element(name, plain)
        if self._open:
            self._open[-1].append(element)
        self.root = element if self.root is None else self.root
        self._open.append(element)

    def _keep(self, attributes: dict[str, str]) -> None:
        """Stores a triangle if there is an attribute `v1`, otherwise a vertex."""
        get = attributes.get
        if "v1" not in attributes:
            self._vertices.extend((float(get("x", "")), float(get("y", "")), float(get("z", ""))))
            return
        if len(attributes) > 3:
            row, first = len(self._corners) // 3, int(get("p1", -1))
            self._colors.extend(
                (row, int(get("pid", -1)), first, int(get("p2", first)), int(get("p3", first)))
            )
        self._corners.extend((int(attributes["v1"]), int(get("v2", "")), int(get("v3", ""))))

    def end(self, tag: str) -> None:
        if tag.endswith(NUMBERS):
            return
        if self._open.pop().tag == "mesh" and self._open:
            self._in_mesh = False
            self.meshes[self._open[-1].get("id", "")] = self._taken()

    def _taken(self) -> Triangles:
        vertices = np.array(self._vertices, np.float64).reshape(-1, 3)
        corners = np.array(self._corners, np.int64).reshape(-1, 3)
        given = np.array(self._colors, np.int64).reshape(-1, 5)
        colors = np.full((len(corners), 4), -1, np.int64)
        colors[given[:, 0]] = given[:, 1:]
        self._clear()
        return Triangles(vertices, corners, colors[:, 0], colors[:, 1:])


def _check_extensions(root: Element, prefixes: dict[str, str]) -> None:
    for prefix in root.get("requiredextensions", "").split():
        uri = prefixes.get(prefix, prefix)
        if not (uri.startswith(CORE) and uri.removeprefix(CORE).split("/")[0] in READ):
            raise Refused(
                "unreadable",
                f"requires the 3MF extension {uri!r}, which is not supported",
                "export it without that extension",
            )


def placed(transform: str | None) -> Floats:
    """Converts an attribute `transform` (twelve numbers, for row vectors) to a column-vector matrix (4, 4).

    Raises:
        Refused: There are not twelve numbers.
    """
    matrix = np.eye(4)
    if transform is not None:
        values = numbers(transform)
        if len(values) != 12 or not np.isfinite(values).all():
            raise unreadable(f"has a transform that is not 12 finite numbers: {transform[:60]!r}")
        matrix[:3] = values.reshape(4, 3).T
    return matrix


def whole_numbers(text: str) -> Sequence[int]:
    """Parses the integers in a text.

    Raises:
        Refused: The text contains something other than numbers.
    """
    return [int(number) for number in np.nan_to_num(numbers(text)).tolist()]
