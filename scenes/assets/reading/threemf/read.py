"""Reads 3MF files: objects and components at their build positions, with colours and textures."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import WHITE, Floats, Raw, opened, painted
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver, can_be_read
from scenes.assets.reading.surfaces import Surface, cut, joined
from scenes.assets.reading.threemf.colors import Group, groups_of
from scenes.assets.reading.threemf.model import Part, Triangles, part_of, placed
from scenes.assets.reading.threemf.package import Package
from scenes.assets.reading.triangulate import Ints

LEFT_OUT = ("support", "solidsupport", "other")
"""Object types that are not part of the model itself."""
MAX_PLACES = 10_000
"""Largest number of placed objects in a file, including each use of a component."""
MAX_DEPTH = 50
PAINTED = (b" paint_color=", b":mmu_segmentation=")
"""Triangle attributes in which slicers store colours."""


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of all build items of a 3MF file, at their positions on the plate.

    Raises:
        Refused: The file is invalid, exceeds a limit, or requires an unsupported extension.
    """
    return _Reading(Package(content), resolver, notes).raws()


class _Reading:
    """Reads one file; caches each part, mesh and texture."""

    def __init__(self, package: Package, resolver: MeshResolver, notes: list[str]) -> None:
        self._package, self._resolver, self._notes = package, resolver, notes
        self._parts: dict[str, tuple[Part, dict[int, Group]]] = {}
        self._meshes: dict[tuple[str, str], list[Raw]] = {}
        self._textures: dict[str, Image.Image | None] = {}
        self._left_out: Counter[str] = Counter()
        self._places = 0

    def raws(self) -> tuple[Raw, ...]:
        """Returns the triangles of all build items."""
        model = self._package.model
        main, _ = self._part(model)
        raws: list[Raw] = []
        things = faces = 0
        for item in main.root.findall("build/item") or _without_build(main):
            before = faces
            path, matrix = item.get("path", model), placed(item.get("transform"))
            for raw in self._object(path, item.get("objectid", ""), matrix, MAX_DEPTH):
                raws.append(raw)
                faces += len(raw.corners)
                check_faces(faces)
            things += faces > before
        self._tell(things)
        return joined(raws)

    def _tell(self, things: int) -> None:
        looks = self._resolver.notes
        if things > 1:
            looks.append(
                f"{things} objects on one plate become one mesh, arranged as on the plate: "
                "for separate meshes, export each object to its own file"
            )
        for kind, count in sorted(self._left_out.items()):
            looks.append(f"{count} objects of the type {kind!r} left out")

    def _object(self, path: str, name: str, matrix: Floats, depth: int) -> Iterator[Raw]:
        """Yields the triangles of an object and its components, transformed by a matrix (4, 4).

        Raises:
            Refused: An object is missing, there are too many, or one contains itself.
        """
        self._places += 1
        if not depth or self._places > MAX_PLACES:
            what = f"has more than {MAX_PLACES:,} objects, or an object that contains itself"
            raise Refused("over a limit", what, "export it in pieces")
        part, _ = self._part(path)
        element = part.objects.get(name)
        if element is None:
            raise unreadable(f"refers to the object {name!r}, which does not exist")
        kind = element.get("type", "model")
        if kind in LEFT_OUT:
            self._left_out[kind] += 1
            return
        for raw in self._mesh(path, name, element):
            yield raw.moved(matrix)
        for component in element.findall("components/component"):
            inner = matrix @ placed(component.get("transform"))
            yield from self._object(
                component.get("path", path), component.get("objectid", ""), inner, depth - 1
            )

    def _part(self, path: str) -> tuple[Part, dict[int, Group]]:
        key = path.lstrip("/").lower()
        if key not in self._parts:
            try:
                content = self._package.read(path)
            except FileNotFoundError as error:
                raise unreadable(f"refers to the part {path!r}, which does not exist") from error
            if any(word in content for word in PAINTED):
                self._resolver.notes.append("colours painted in a slicer are ignored")
            part = part_of(content)
            if part.root.find("resources/object/mesh/beamlattice") is not None:
                self._resolver.notes.append("lattice beams are ignored")
            self._parts[key] = part, groups_of(part, self._resolver.notes)
        return self._parts[key]

    def _mesh(self, path: str, name: str, element: Element) -> list[Raw]:
        part, groups = self._part(path)
        if name not in part.meshes:
            return []
        key = path.lstrip("/").lower(), name
        if key not in self._meshes:
            self._meshes[key] = self._raws_of(part.meshes[name], element, groups)
        return self._meshes[key]

    def _raws_of(self, mesh: Triangles, element: Element, groups: dict[int, Group]) -> list[Raw]:
        """Returns the triangles of a mesh, one entry for each group of colours or texture coordinates."""
        given = (mesh.group >= 0) & (mesh.colors[:, 0] >= 0)
        group = np.where(given, mesh.group, int(element.get("pid", -1)))
        colors = np.where(given[:, None], mesh.colors, int(element.get("pindex", 0)))
        known = np.isin(group, list(groups))
        group = np.where(known, group, -1)
        raws = []
        for number in np.unique(group).tolist():
            which = group == number
            corners, index = mesh.corners[which], colors[which].ravel()
            surface = Surface(mesh.vertices, corners.ravel(), np.full(len(corners), 3))
            raws.append(self._colored(surface, groups.get(number), index))
        return raws

    def _colored(self, surface: Surface, group: Group | None, index: Ints) -> Raw:
        """Triangulates a surface, and gives its corners the colours or texture coordinates of a group.

        Args:
            surface: The surface.
            group: The group; None if the surface has no colours.
            index: For each corner of the surface, the index of its value in the group.
        """
        if group is None:
            return cut(surface, self._notes)[0]
        values = group.values[np.clip(index, 0, len(group.values) - 1)]
        if group.texture is None:
            return cut(replace(surface, colors=values), self._notes)[0]
        raw, _ = cut(replace(surface, uvs=values), self._notes)
        return painted(raw, raw.color_rgb, WHITE, self._texture(group.texture), self._resolver.notes)

    def _texture(self, path: str) -> Image.Image | None:
        """Opens a texture in the package; None if it is missing or cannot be read."""
        name = path.lstrip("/")
        if name not in self._textures:
            self._textures[name] = None
            try:
                content = self._package.read(name)
            except FileNotFoundError:
                self._resolver.images[name] = "missing"
                return None
            readable = can_be_read(content, name)
            self._resolver.images[name] = "found" if readable else "unsupported"
            self._textures[name] = opened(content) if readable else None
        return self._textures[name]


def _without_build(part: Part) -> list[Element]:
    """Creates the build items for a file that has none: one for each object that no other object contains."""
    inner = {each.get("objectid") for each in part.root.findall("resources/object/components/component")}
    return [Element("item", {"objectid": name}) for name in part.objects if name not in inner]
