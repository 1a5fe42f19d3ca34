"""Reads the triangles of glTF 2.0 files."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.container import open_document
from scenes.assets.reading.gltf.extensions import check_extensions
from scenes.assets.reading.gltf.images import Pictures
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.gltf.materials import Look, look_of
from scenes.assets.reading.gltf.nodes import Instance, instances, names_above, transforms
from scenes.assets.reading.gltf.painting import painted, shown
from scenes.assets.reading.gltf.pieces import Piece
from scenes.assets.reading.gltf.primitives import Reader, Vertices
from scenes.assets.reading.gltf.skins import joint_matrices, posed
from scenes.assets.reading.gltf.topology import LINES_AND_POINTS, num_faces
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.named import Named, joined
from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the visible triangles of a glTF scene, in metres with y up.

    Args:
        content: The bytes of the file, text or binary.
        resolver: Opens the files that it refers to; also collects notes on materials and textures.
        notes: Notes on the triangles are added here.

    Raises:
        Refused: The file is not valid glTF 2.0, has no visible triangles, exceeds a limit, needs an extension
            that is not supported, or refers to a file outside its folder.
    """
    root, binary = open_document(content)
    check_extensions(root, resolver.notes)
    scene = _Scene(root, Buffers(root, binary, resolver), resolver.notes, notes)
    pieces = list(scene.pieces())
    if not any(len(piece.corners) for piece in pieces):
        raise unreadable("its faces refer to vertices that do not exist")
    raws = painted(pieces, Pictures(root, scene.buffers, resolver), notes, resolver.notes)
    return tuple(raw for raw in raws if len(raw.corners))


def read_named(content: bytes, resolver: MeshResolver) -> Named:
    """Reads the triangles of a glTF file with their material, node and mesh names."""
    root, binary = open_document(content)
    scene = _Scene(root, Buffers(root, binary, resolver), [], [])
    pieces = shown(scene.named_pieces(), Pictures(root, scene.buffers, resolver))
    named = joined(
        [(piece.corners, _v_up(piece.image_uvs), piece.look.name, piece.groups) for piece in pieces]
    )
    uses = [piece.look.texture for piece in pieces]
    return replace(named, wraps=tuple(("repeat", "repeat") if use is None else use.wraps for use in uses))


def _v_up(uvs: Floats | None) -> Floats | None:
    return None if uvs is None else uvs * (1.0, -1.0) + (0.0, 1.0)


class _Scene:
    """Reads the visible meshes of a file's scene."""

    def __init__(self, root: Item, buffers: Buffers, looks: list[str], notes: list[str]) -> None:
        self.buffers = buffers
        self._root = root
        self._looks = looks
        self._notes = notes
        self._places = transforms(root)
        self._materials: dict[int | None, Look] = {}
        self._meshes: dict[int, tuple[list[Item], int]] = {}
        self._read: dict[object, list[tuple[Look, Vertices]]] = {}

    def pieces(self) -> Iterator[Piece]:
        """Yields the transformed triangles of each primitive, once for each transform of its mesh."""
        for instance in self._instances():
            for look, vertices in self._vertices(instance):
                yield from self._placed(instance, look, vertices)
        unused = dict.fromkeys(name for look in self._materials.values() for name in look.unused)
        if unused:
            self._looks.append(f"rendered without its {', '.join(unused)}")

    def named_pieces(self) -> Iterator[Piece]:
        """Like `pieces`, but sets `Piece.groups` to the names of the mesh, its node and the nodes above."""
        names = names_above(self._root)
        for instance in self._instances():
            above = () if instance.node is None else names[instance.node]
            own = self._root.entry("meshes", instance.mesh).text("name")
            groups = tuple(dict.fromkeys((*above, own) if own else above))
            for look, vertices in self._vertices(instance):
                yield from (replace(piece, groups=groups) for piece in self._placed(instance, look, vertices))

    def _instances(self) -> list[Instance]:
        found = list(instances(self._root, self.buffers, self._places, self._notes))
        self._check_size(found)
        return found

    def _check_size(self, shown: list[Instance]) -> None:
        """Raises `Refused` if the meshes have no triangles or too many, before any triangle is read."""
        faces = sum(self._mesh(instance.mesh)[1] * len(instance.matrices) for instance in shown)
        if faces > MAX_FACES:
            raise Refused(
                "over a limit", f"has {faces:,} faces, more than {MAX_FACES:,}", "decimate it first"
            )
        if not faces:
            raise Refused("no faces", "has no faces", "export the surface, not points or lines")

    def _mesh(self, index: int) -> tuple[list[Item], int]:
        """Returns those primitives of a mesh that have triangles, and the total number of their triangles."""
        if index not in self._meshes:
            primitives = self._root.entry("meshes", index).items("primitives")
            counts = [num_faces(self._root, primitive) for primitive in primitives]
            if any(primitive.integer("mode", 4) in LINES_AND_POINTS for primitive in primitives):
                self._notes.append("points and lines left out")
            drawn = [primitive for primitive, count in zip(primitives, counts, strict=True) if count]
            self._meshes[index] = drawn, sum(counts)
        return self._meshes[index]

    def _vertices(self, instance: Instance) -> list[tuple[Look, Vertices]]:
        """Returns the material and the vertices of each primitive of a mesh.

        The result is cached for each combination of mesh and morph weights.
        """
        weights = instance.weights or self._root.entry("meshes", instance.mesh).any_numbers("weights")
        key = (instance.mesh, weights)
        if key not in self._read:
            primitives, _ = self._mesh(instance.mesh)
            self._read[key] = [self._primitive(primitive, weights) for primitive in primitives]
        return self._read[key]

    def _primitive(self, primitive: Item, weights: tuple[float, ...]) -> tuple[Look, Vertices]:
        material = primitive.integer("material") if primitive.has("material") else None
        if material not in self._materials:
            self._materials[material] = look_of(self._root, material)
        look = self._materials[material]
        reader = Reader(self._root, self.buffers, primitive, weights, self._notes, self._looks)
        vertices = reader.vertices(0 if look.texture is None else look.texture.uv_set)
        return look, vertices

    def _placed(self, instance: Instance, look: Look, vertices: Vertices) -> Iterator[Piece]:
        if instance.skin is not None and vertices.joints is not None:
            matrices = joint_matrices(self._root, self.buffers, instance.skin, self._places)
            yield _piece(look, posed(vertices, matrices), np.eye(4))
            return
        for matrix in instance.matrices:
            yield _piece(look, vertices, matrix)


def _piece(look: Look, vertices: Vertices, matrix: Floats) -> Piece:
    """Returns the triangles of a primitive, transformed by `matrix` (4, 4)."""
    faces, uvs = vertices.faces, vertices.uvs
    normals = None if vertices.normals is None else vertices.normals[faces]
    raw = Raw(vertices.positions[faces], normals).moved(matrix)
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]  # consistent with `moved`
    if uvs is not None and look.texture is not None:
        uvs = look.texture.placed(uvs)
    colors = None if vertices.colors is None else vertices.colors[faces]
    return Piece(look, look.factor, raw.corners, raw.normals, None if uvs is None else uvs[faces], colors)
