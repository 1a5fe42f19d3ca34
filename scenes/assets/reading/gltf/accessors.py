"""Arrays of glTF files: accessors of all component types, normalized, interleaved or sparse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.raw import Floats

COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
"""NumPy dtype of each component type; values are little-endian."""
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
"""Number of components of each type. `MAT2` and `MAT3` do not occur in the data that is read."""
UNSIGNED = (5121, 5123, 5125)
Which = slice | NDArray[np.int64]
"""Rows of an array: all of them (`slice(None)`), or row indices."""


@dataclass(frozen=True, slots=True, eq=False)
class Accessor:
    """An array of a glTF file; rows are copied from the file's buffer only when they are read.

    Attributes:
        place: Where the accessor is in the file, for error messages.
        count: Number of rows.
        kind: Element type as named in the file, such as `VEC3`.
        values: (count, components) view of the buffer; None if all values are 0.
        dtype: Type of the components.
        is_normalized: Whether integers represent fractions: 0..1 if unsigned, -1..1 if signed.
        sparse: Indices (k,) of rows of `values` that are replaced, in increasing order, and the new rows (k,
            components). None if no rows are replaced.
    """

    place: str
    count: int
    kind: str
    values: NDArray[np.generic] | None
    dtype: np.dtype[np.generic]
    is_normalized: bool
    sparse: tuple[NDArray[np.int64], NDArray[np.generic]] | None

    def rows(self, which: Which) -> NDArray[np.generic]:
        """Copies rows as stored: (n, components).

        Args:
            which: `slice(None)` for all rows, or the indices (n,) of rows.
        """
        wanted = np.arange(*which.indices(self.count)) if isinstance(which, slice) else which
        if self.values is None:
            rows = np.zeros((len(wanted), WIDTHS[self.kind]), self.dtype)
        else:
            rows = np.array(self.values[which])
        if self.sparse is not None:
            indices, values = self.sparse
            nearest = np.searchsorted(indices, wanted).clip(max=len(indices) - 1)
            is_replaced = indices[nearest] == wanted
            rows[is_replaced] = values[nearest[is_replaced]]
        return rows

    def floats(self, which: Which) -> Floats:
        """Copies rows as floats, with normalized integers converted to fractions: (n, components).

        Args:
            which: As for `rows`.
        """
        rows = self.rows(which).astype(np.float64)
        if not self.is_normalized or self.dtype.kind not in "iu":
            return rows
        return np.maximum(rows / np.iinfo(self.dtype.str).max, -1.0)


def accessor_of(root: Item, buffers: Buffers, index: int, is_vertex_data: bool = True) -> Accessor:
    """Returns the accessor with an index.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        index: Index of the accessor.
        is_vertex_data: Whether the accessor is a vertex attribute. Other data is always tightly packed.

    Raises:
        Refused: The accessor does not exist, is not valid, or does not fit its buffer view.
    """
    item = root.entry("accessors", index)
    dtype, count = _dtype(item), item.integer("count", least=0)
    kind = item.text("type")
    if kind not in WIDTHS:
        raise item.wrong("type", f"one of {', '.join(WIDTHS)}")
    values = None
    if item.has("bufferView"):
        values = _values(item, buffers, dtype, count, WIDTHS[kind], is_vertex_data)
    sparse = item.item("sparse")
    replaced = None if sparse is None else _sparse(sparse, buffers, dtype, count, WIDTHS[kind])
    is_normalized = item.tree.get("normalized") is True
    return Accessor(item.place, count, kind, values, dtype, is_normalized, replaced)


def _dtype(item: Item, allowed: tuple[int, ...] = tuple(COMPONENTS)) -> np.dtype[np.generic]:
    component = item.integer("componentType")
    if component not in allowed:
        raise item.wrong("componentType", f"one of {', '.join(map(str, allowed))}")
    return np.dtype(COMPONENTS[component])


def _values(
    item: Item, buffers: Buffers, dtype: np.dtype[np.generic], count: int, width: int, may_interleave: bool
) -> NDArray[np.generic]:
    """Returns values in a buffer as an array (count, width), without copying them.

    Args:
        item: The JSON object that says where the values are: an accessor, or a part of a sparse accessor.
        buffers: The buffers of the file.
        dtype: Type of the components.
        count: Number of rows.
        width: Number of components of a row.
        may_interleave: Whether the buffer view may have a stride.
    """
    content, stride = buffers.view(item.integer("bufferView"))
    offset, size = item.integer("byteOffset", 0), width * dtype.itemsize
    stride = stride if may_interleave and stride else size
    if stride < size:
        raise unreadable(
            f"is not valid glTF: {item.place} has rows of {size} bytes, but a stride of {stride}"
        )
    end = offset + stride * (count - 1) + size if count else 0
    if end > len(content):
        sentence = f"{item.place} ends at byte {end:,}, but its buffer view has only {len(content):,}"
        raise unreadable(f"is truncated: {sentence}")
    return np.ndarray((count, width), dtype, content, offset if count else 0, (stride, dtype.itemsize))


def _sparse(
    sparse: Item, buffers: Buffers, dtype: np.dtype[np.generic], count: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.generic]] | None:
    replaced = sparse.integer("count")
    where, what = sparse.item("indices"), sparse.item("values")
    if where is None or what is None:
        raise sparse.wrong("indices" if where is None else "values", "an object")
    indices = _values(where, buffers, _dtype(where, UNSIGNED), replaced, 1, False)[:, 0].astype(np.int64)
    values = _values(what, buffers, dtype, replaced, width, False)
    if not replaced:
        return None
    if (np.diff(indices) <= 0).any() or indices[-1] >= count:
        raise unreadable(f"is not valid glTF: {where.place} must increase, and be less than {count:,}")
    return indices, values
