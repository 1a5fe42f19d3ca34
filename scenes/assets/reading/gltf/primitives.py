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

    An array is None if the file has no such attribute, or if the attribute is invalid.

    Attributes:
        positions: (n, 3) positions, displaced by the morph targets.
        faces: (m, 3) vertex indices of the triangles.
        normals: (n, 3) vertex normals.
        uvs: (n, 2) texture coordinates, v down.
        colors: (n, 4) linear RGBA, 0..1.
        joints: (n, j) indices of the joints of a skin that move each vertex.
        joint_weights: (n, j) skinning weight of each of these joints.
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
        """Reads the vertices, with the texture coordinates `TEXCOORD_<uv_set>`.

        Raises:
            Refused: Positions or indices are not valid.
        """
        check_not_packed(self._primitive)
        positions = self._accessor(self._attributes, "POSITION")
        if positions.kind != "VEC3":
            raise unreadable(f"is not valid glTF: {positions.place} must be VEC3")
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
        """Reads an attribute of the vertices.

        Args:
            name: Name of the attribute, such as `NORMAL`.
            count: Number of vertices in the file.
            which: The vertices to read.

        Returns:
            (n, c) values; None if there is no such attribute. If the attribute does not fit the vertices, a
            note is added, and the result is None, too.
        """
        if not self._attributes.has(name):
            return None
        try:
            accessor = self._accessor(self._attributes, name)
            if accessor.kind in KINDS[name.split("_")[0]] and accessor.count >= count:
                return self._morphed(name, accessor, which)
        except Refused as refused:
            if refused.kind != "unreadable":
                raise
        self._looks.append(f"{name} does not match the vertices: ignored")
        return None

    def _morphed(self, name: str, accessor: Accessor, which: Which) -> Floats:
        """Reads an attribute of the vertices, and adds the displacements by the morph targets.

        Args:
            name: Name of the attribute.
            accessor: Its values in the file.
            which: The vertices to read.

        Returns:
            (n, c) values, with each displacement multiplied by the weight of its target.
        """
        rows = accessor.floats(which)
        for target, weight in self._targets:
            if not target.has(name):
                continue
            moved = self._accessor(target, name)
            if moved.count != accessor.count:
                raise unreadable(
                    f"is not valid glTF: {moved.place} has {moved.count} rows, not {accessor.count}"
                )
            shift = weight * moved.floats(which)
            rows[:, : shift.shape[1]] += shift[:, : rows.shape[1]]
        return rows

    def _joints(self, count: int, which: Which) -> tuple[NDArray[np.int64] | None, Floats | None]:
        """Reads the joint indices and the joint weights of the vertices.

        The attributes `JOINTS_0`, `JOINTS_1`, ... are concatenated, and so are `WEIGHTS_0`, `WEIGHTS_1`, ...

        Args:
            count: Number of vertices in the file.
            which: The vertices to read.

        Returns:
            Two arrays (n, j); (None, None) if the primitive has no such attributes.
        """
        joints: list[NDArray[np.int64]] = []
        weights: list[Floats] = []
        while self._attributes.has(f"JOINTS_{len(joints)}") and self._attributes.has(
            f"WEIGHTS_{len(joints)}"
        ):
            joint = self._accessor(self._attributes, f"JOINTS_{len(joints)}")
            weight = self._accessor(self._attributes, f"WEIGHTS_{len(joints)}")
            if joint.kind != "VEC4" or weight.kind != "VEC4" or min(joint.count, weight.count) < count:
                raise unreadable(
                    f"is not valid glTF: {joint.place} or {weight.place} does not match the vertices"
                )
            joints.append(joint.rows(which).astype(np.int64))
            weights.append(weight.floats(which))
        if not joints:
            return None, None
        return np.concatenate(joints, axis=1), np.concatenate(weights, axis=1)


def _compact(faces: Faces, count: int) -> tuple[Which, Faces]:
    """Leaves out vertices that no face uses, if `count` is greater than the size of `faces`.

    Args:
        faces: (m, 3) vertex indices.
        count: Number of vertices in the file.

    Returns:
        Which vertices to read, and the faces (m, 3) as indices into these vertices.
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
