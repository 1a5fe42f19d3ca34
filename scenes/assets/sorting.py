"""Fast integer sorting, for finding equal vertices, edges and triangles in large meshes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]


def stable_order(keys: NDArray[np.integer]) -> Index:
    """Returns the indices (n,) that stably sort nonnegative integers (n,).

    Same result as `np.argsort(keys, kind="stable")`, but several times faster.

    Example:
        >>> stable_order(np.array([7, 3, 7, 0]))
        array([3, 1, 0, 2])
    """
    bits = max(len(keys) - 1, 1).bit_length()
    if int(keys.max(initial=0)) >> (63 - bits):
        return np.argsort(keys, kind="stable")  # a key and an index do not fit into one integer
    return np.sort(keys.astype(np.int64) << bits | np.arange(len(keys))) & ((1 << bits) - 1)


def distinct(columns: Sequence[NDArray[np.integer]]) -> tuple[Index, Index]:
    """Finds the distinct rows of a table of nonnegative integers, given as columns (n,).

    Rows are sorted lexicographically, with the first column as the primary key.

    Returns:
        The index of the first occurrence of each distinct row, (k,), in sorted order of the rows; and for
        each row, its index among the distinct rows, (n,).

    Example:
        >>> distinct([np.array([1, 0, 1]), np.array([4, 8, 4])])
        (array([1, 0]), array([1, 0, 1]))
    """
    order = stable_order(columns[-1])
    for column in columns[-2::-1]:
        order = order[stable_order(column[order])]
    new = np.ones(len(order), np.bool_)
    new[1:] = False
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    return order[new], place
