"""Triangles of glTF primitives: lists, strips and fans."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.accessors import UNSIGNED, Accessor, accessor_of
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.refusal import Repair

TRIANGLES, STRIP, FAN = 4, 5, 6
LINES_AND_POINTS = range(4)
Faces = NDArray[np.int64]


def num_faces(root: Item, primitive: Item) -> int:
    """Returns the number of triangles of a primitive from the lengths of its arrays, without reading them."""
    mode = _mode(primitive)
    attributes = primitive.item("attributes")
    if mode in LINES_AND_POINTS or attributes is None or not attributes.has("POSITION"):
        return 0
    index = primitive.integer("indices") if primitive.has("indices") else attributes.integer("POSITION")
    corners = root.entry("accessors", index).integer("count")
    return corners // 3 if mode == TRIANGLES else max(corners - 2, 0)


def faces_of(root: Item, buffers: Buffers, primitive: Item, positions: Accessor, notes: list[str]) -> Faces:
    """Returns the triangles (m, 3) of a primitive as vertex indices, with counter-clockwise winding.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        primitive: A primitive that consists of triangles.
        positions: The positions of its vertices.
        notes: A note is added here if triangles are dropped.

    Raises:
        Refused: The indices are not valid.
    """
    mode = _mode(primitive)
    corners = _corners(root, buffers, primitive, mode, positions.count)
    faces = _joined(corners, mode)
    if mode == TRIANGLES and len(corners) % 3:
        notes.append(Repair(f"{len(corners) % 3} corners after its last triangle left out"))
    there = (faces < positions.count).all(axis=1)
    if not there.all():
        notes.append(Repair(f"{int((~there).sum()):,} faces with missing vertices dropped"))
        faces = faces[there]
    return faces


def _mode(primitive: Item) -> int:
    mode = primitive.integer("mode", TRIANGLES)
    if mode > FAN:
        raise primitive.wrong("mode", "0 to 6")
    return mode


def _corners(root: Item, buffers: Buffers, primitive: Item, mode: int, count: int) -> NDArray[np.int64]:
    """Reads the vertex indices (n,) of a triangle list, strip or fan.

    If the primitive has no indices, the result is 0, 1, 2, ... for its `count` vertices.
    """
    if not primitive.has("indices"):
        return np.arange(count)
    indices = accessor_of(root, buffers, primitive.integer("indices"), is_vertex_data=False)
    if indices.kind != "SCALAR" or indices.dtype.kind != "u":
        raise unreadable(
            f"is not valid glTF: {indices.place} must be SCALAR with one of the component types {UNSIGNED}"
        )
    corners = indices.rows(slice(None))[:, 0].astype(np.int64)
    restart = np.iinfo(indices.dtype.str).max
    if mode != TRIANGLES and (corners == restart).any():
        raise unreadable(f"is not valid glTF: {indices.place} contains the primitive restart value {restart}")
    return corners


def _joined(corners: NDArray[np.int64], mode: int) -> Faces:
    if mode == TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    first = np.arange(max(len(corners) - 2, 0))
    if mode == FAN:
        order = np.stack([first + 1, first + 2, np.zeros_like(first)], axis=1)
    else:
        order = np.stack([first, first + 1 + first % 2, first + 2 - first % 2], axis=1)
    faces: Faces = corners[order]
    a, b, c = faces.T
    has_three = (a != b) & (b != c) & (c != a)
    return np.asarray(faces[has_three])  # degenerate triangles only join strips
