"""Vertices of glTF primitives: positions, normals, texture coordinates, colours, and morph targets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.accessors import Accessor, Which, accessor_of
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.extensions import check_not_packed
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.gltf.topology import Faces, faces_of
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused

KINDS = {"NORMAL": ("VEC3",), "TEXCOORD": ("VEC2",), "COLOR": ("VEC3", "VEC4")}


@dataclass(frozen=True, slots=True, eq=False)
class Vertices:
    """The vertices used by the triangles of a primitive.

    Attributes:
        positions: (n, 3).
        faces: (m, 3) vertex indices.
        normals: (n, 3), or None.
        uvs: (n, 2) texture coordinates, v down, or None.
        colors: (n, 4) linear RGBA, 0..1, or None.
        joints: (n, j) indices of the joints of a skin that move each vertex, or None.
        joint_weights: (n, j) skinning weight of each of these joints, or None.
    """

    positions: Floats
    faces: Faces
    normals: Floats | None
    uvs: Floats | None
    colors: Floats | None
    joints: NDArray[np.int64] | None
    joint_weights: Floats | None


class Reader:
    """Reads the vertices of one primitive.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        primitive: A primitive that consists of triangles.
        weights: The weights of its morph targets.
        notes: Notes on triangles are added here.
        looks: Notes on invalid attributes are added here.
    """

    def __init__(
        self,
        root: Item,
        buffers: Buffers,
        primitive: Item,
        weights: tuple[float, ...],
        notes: list[str],
        looks: list[str],
    ) -> None:
        """Stores the arguments."""
        self._root = root
        self._buffers = buffers
        self._primitive = primitive
        self._notes = notes
        self._looks = looks
        attributes = primitive.item("attributes")
        assert attributes is not None  # a primitive without attributes has no faces
        self._attributes = attributes
        targets = primitive.items("targets")
        self._targets = [(target, weight) for target, weight in zip(targets, weights, strict=False) if weight]

    def vertices(self, uv_set: int) -> Vertices:
        """Reads the vertices, with one set of texture coordinates.

        Raises:
            Refused: Positions or indices are not valid.
        """
        check_not_packed(self._primitive)
        positions = self._accessor(self._attributes, "POSITION")
        if positions.kind != "VEC3":
            raise unreadable(f"is no valid glTF: {positions.place} must be VEC3")
        faces = faces_of(self._root, self._buffers, self._primitive, positions, self._notes)
        which, faces = _compact(faces, positions.count)
        colors = self._attribute("COLOR_0", positions.count, which)
        joints, joint_weights = self._joints(positions.count, which)
        return Vertices(
            self._morphed("POSITION", positions, which),
            faces,
            self._attribute("NORMAL", positions.count, which),
            self._attribute(f"TEXCOORD_{uv_set}", positions.count, which),
            None if colors is None else _rgba(colors),
            joints,
            joint_weights,
        )

    def _accessor(self, attributes: Item, name: str) -> Accessor:
        return accessor_of(self._root, self._buffers, attributes.integer(name))

    def _attribute(self, name: str, count: int, which: Which) -> Floats | None:
        """Reads an attribute; None if it is missing, or, with a note, if it does not fit the vertices."""
        if not self._attributes.has(name):
            return None
        try:
            accessor = self._accessor(self._attributes, name)
            if accessor.kind in KINDS[name.split("_")[0]] and accessor.count >= count:
                return self._morphed(name, accessor, which)
        except Refused as refused:
            if refused.kind != "unreadable":
                raise
        self._looks.append(f"{name} does not fit the vertices: not used")
        return None

    def _morphed(self, name: str, accessor: Accessor, which: Which) -> Floats:
        """The rows of an attribute plus the weighted displacements of the morph targets."""
        rows = accessor.floats(which)
        for target, weight in self._targets:
            if not target.has(name):
                continue
            moved = self._accessor(target, name)
            if moved.count != accessor.count:
                raise unreadable(
                    f"is no valid glTF: {moved.place} has {moved.count} rows, not {accessor.count}"
                )
            shift = weight * moved.floats(which)
            rows[:, : shift.shape[1]] += shift[:, : rows.shape[1]]
        return rows

    def _joints(self, count: int, which: Which) -> tuple[NDArray[np.int64] | None, Floats | None]:
        """Reads the joint indices and joint weights of all sets, each (n, j); None if there are none."""
        joints: list[NDArray[np.int64]] = []
        weights: list[Floats] = []
        while self._attributes.has(f"JOINTS_{len(joints)}") and self._attributes.has(
            f"WEIGHTS_{len(joints)}"
        ):
            joint = self._accessor(self._attributes, f"JOINTS_{len(joints)}")
            weight = self._accessor(self._attributes, f"WEIGHTS_{len(joints)}")
            if joint.kind != "VEC4" or weight.kind != "VEC4" or min(joint.count, weight.count) < count:
                raise unreadable(f"is no valid glTF: {joint.place} or {weight.place} do not fit the vertices")
            joints.append(joint.rows(which).astype(np.int64))
            weights.append(weight.floats(which))
        if not joints:
            return None, None
        return np.concatenate(joints, axis=1), np.concatenate(weights, axis=1)


def _compact(faces: Faces, count: int) -> tuple[Which, Faces]:
    """Returns the indices of the vertices to read, and the faces as indices into these vertices.

    Unused vertices are left out if there are many.
    """
    if count <= faces.size:
        return slice(0, count), faces
    used, index = np.unique(faces, return_inverse=True)
    return used, index.reshape(faces.shape)


def _rgba(colors: Floats) -> Floats:
    """Converts RGB (n, 3) or RGBA (n, 4) colours to RGBA (n, 4), clipped to 0..1."""
    alpha = np.ones((len(colors), 4 - colors.shape[1]))
    whole = np.concatenate([colors, alpha], axis=1)
    return np.clip(np.where(np.isfinite(whole), whole, 1.0), 0.0, 1.0)
