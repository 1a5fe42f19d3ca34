"""Writes OBJ files for PyBullet with array operations; OBJ is the only format that PyBullet reads quickly.

Numbers are integers with a common exponent, such as `-01234567e-8`: eight digits are more precise than the
single precision in which PyBullet stores vertices, and all lines of a kind have the same length.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Chars = NDArray[np.uint8]

DIGITS = 8
"""Number of digits of each number."""
PAIRS = np.frombuffer("".join(f"{number:04d}" for number in range(10_000)).encode(), np.uint8).reshape(-1, 4)
"""The four digits of each number below 10,000."""


def obj_file(
    vertices: Array, normals: Array, uvs: Array, corners: NDArray[np.integer], normal_of: NDArray[np.integer]
) -> bytes:
    """The content of an OBJ file with one object, without materials.

    Args:
        vertices: (n, 3) positions.
        normals: (k, 3) normals.
        uvs: (n, 2) texture coordinates, v up.
        corners: (m, 3) indices into `vertices` and `uvs` of the corners of each triangle.
        normal_of: (m, 3) indices into `normals` of the same corners.

    Example:
        >>> triangle = np.array([[0, 1, 2]])
        >>> print(obj_file(np.eye(3), np.eye(3)[:1], np.eye(3)[:, :2], triangle, 0 * triangle).decode())
        v  10000000e-7  00000000e-7  00000000e-7
        v  00000000e-7  10000000e-7  00000000e-7
        v  00000000e-7  00000000e-7  10000000e-7
        vt  10000000e-7  00000000e-7
        vt  00000000e-7  10000000e-7
        vt  00000000e-7  00000000e-7
        vn  10000000e-7  00000000e-7  00000000e-7
        f 1/1/1 2/2/1 3/3/1
        <BLANKLINE>
    """
    lists = (("v", vertices), ("vt", uvs), ("vn", normals))
    return b"".join([*(_lines(name, rows) for name, rows in lists), _face_lines(corners, normal_of)])


def _lines(name: str, rows: Array) -> bytes:
    """One line for each row of an array (n, k): the name, then the numbers of the row."""
    reach = float(np.abs(rows).max(initial=0.0))
    exponent = DIGITS - 1 - int(np.floor(np.log10(reach))) if reach > 0 else 0
    mantissa = np.rint(np.abs(rows) * 10.0**exponent).astype(np.int64)
    if reach > 0 and mantissa.max() >= 10**DIGITS:  # rounded up to a power of ten
        exponent, mantissa = exponent - 1, np.rint(np.abs(rows) * 10.0 ** (exponent - 1)).astype(np.int64)
    head, tail = np.frombuffer(name.encode(), np.uint8), np.frombuffer(f"e{-exponent}".encode(), np.uint8)
    out = np.full((*rows.shape, 2 + DIGITS + len(tail)), ord(" "), np.uint8)
    out[..., 1][rows < 0] = ord("-")
    out[..., 2:6], out[..., 6:10] = PAIRS[mantissa // 10_000], PAIRS[mantissa % 10_000]
    out[..., 10:] = tail
    return _joined(head, out.reshape(len(rows), -1))


def _face_lines(corners: NDArray[np.integer], normal_of: NDArray[np.integer]) -> bytes:
    """One line for each triangle (m, 3): the indices of its vertices, texture coordinates and normals."""
    vertex = _numbers(corners + 1)
    normal = vertex if normal_of is corners else _numbers(normal_of + 1)
    slash = np.full((*corners.shape, 1), ord("/"), np.uint8)
    space = np.full((*corners.shape, 1), ord(" "), np.uint8)
    words = np.concatenate([space, vertex, slash, vertex, slash, normal], axis=2)
    return _joined(np.frombuffer(b"f", np.uint8), words.reshape(len(corners), -1))


def _numbers(index: NDArray[np.integer]) -> Chars:
    """The digits (m, 3, d) of numbers (m, 3), with leading zeros."""
    digits = len(str(int(index.max())))
    table = np.empty((int(index.max()) + 1, digits), np.uint8)
    left = np.arange(len(table))
    for place in reversed(range(digits)):
        left, table[:, place] = left // 10, left % 10 + ord("0")
    return np.asarray(table[index])


def _joined(head: Chars, rows: Chars) -> bytes:
    """The rows (n, w) as lines, each preceded by `head`."""
    lines = np.empty((len(rows), len(head) + rows.shape[1] + 1), np.uint8)
    lines[:, : len(head)], lines[:, len(head) : -1], lines[:, -1] = head, rows, ord("\n")
    return lines.tobytes()
