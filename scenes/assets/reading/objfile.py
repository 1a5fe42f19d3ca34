"""Parses Wavefront OBJ files into arrays."""

from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.textlines import TextLines, numbers_in, table, text_lines, words_per_line
from scenes.assets.reading.triangulate import Ints

SLASH = 47
FREE_FORM = (b"surf", b"curv", b"curv2")


@dataclass(frozen=True, slots=True, eq=False)
class ObjFile:
    """The polygons of an OBJ file.

    Attributes:
        vertices: (n, 3) positions; NaN where a line has too few numbers.
        colors: (n, 3) RGB of the vertices, 0..1, NaN for vertices without colour; None if no vertex has one.
        uvs: (p, 2) texture coordinates, v up.
        normals: (q, 3) normals.
        corners: (k, 3) vertex, texture coordinate and normal index of each corner; -1 if missing.
        counts: (m,) number of corners of each polygon.
        material_of: (m,) material index of each polygon.
        materials: Material names, in the order in which polygons use them; None for polygons before the first
            `usemtl`.
        libraries: For each line that begins with `mtllib`, the rest of the line.
        free_form: Whether there are free-form curves or surfaces, which are not read.
    """

    vertices: Floats
    colors: Floats | None
    uvs: Floats
    normals: Floats
    corners: Ints
    counts: Ints
    material_of: Ints
    materials: tuple[str | None, ...]
    libraries: tuple[str, ...]
    free_form: bool


def parse(content: bytes) -> ObjFile:
    """Parses an OBJ file; resolves relative indices. Indices in the result may be out of range.

    Raises:
        Refused: A number cannot be read, or a limit is exceeded.
    """
    lines = text_lines(content)
    of = {keyword: lines.begin_with(keyword) for keyword in (b"v", b"vt", b"vn", b"f")}
    check_faces(int(of[b"f"].sum()))
    vertices, colors = _vertices(lines.after(b"v", of[b"v"]))
    uvs, parts = table(lines.after(b"vt", of[b"vt"]), 2, 2)
    uvs[parts == 1, 1] = 0.0
    normals, _ = table(lines.after(b"vn", of[b"vn"]), 3, 3)
    given, counts = _corners(lines.after(b"f", of[b"f"]))
    corners = given - 1
    if (given < 0).any():
        so_far = np.stack([np.cumsum(of[keyword])[of[b"f"]] for keyword in (b"v", b"vt", b"vn")], axis=1)
        relative = np.maximum(np.repeat(so_far, counts, axis=0) + given, -1)
        corners = np.where(given < 0, relative, corners)
    material_of, materials = _materials(lines, np.flatnonzero(of[b"f"]))
    return ObjFile(
        vertices, colors, uvs, normals, corners, counts, material_of, materials,
        tuple(_names(lines, b"mtllib").values()), any(lines.begin_with(word).any() for word in FREE_FORM),
    )  # fmt: skip


def _vertices(text: bytes) -> tuple[Floats, Floats | None]:
    """Parses positions and colours from lines `x y z`, `x y z w` or `x y z r g b`.

    Returns:
        positions: (n, 3).
        colors: (n, 3) RGB, NaN in lines without colour; None if no line has one.
    """
    rows, counts = table(text, 3, 6)
    if not (counts >= 6).any():
        return rows[:, :3], None
    colors = np.where((counts >= 6)[:, None], rows[:, 3:], np.nan)
    largest = np.nanmax(colors)
    return rows[:, :3], colors / 255 if 1 < largest <= 255 else colors


def groups_of(content: bytes) -> tuple[Ints, tuple[tuple[str, ...], ...]]:
    """Finds the object (`o`) and the groups (`g`) of each polygon.

    Returns:
        indices: (m,) for each polygon, an index into `names`.
        names: Tuples, each with the names of an object and of the groups that are active together.
    """
    lines = text_lines(content)
    polygons = np.flatnonzero(lines.begin_with(b"f"))
    objects, groups = _names(lines, b"o"), _names(lines, b"g")
    states: list[tuple[str, ...]] = [()]
    obj: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    starts = sorted({*objects, *groups})
    for line in starts:
        obj = (objects[line],) if line in objects else obj
        # A blank may be part of a group name, or separate several groups.
        group = tuple(dict.fromkeys((groups[line], *groups[line].split()))) if line in groups else group
        states.append(tuple(name for name in dict.fromkeys((*obj, *group)) if name))
    return np.searchsorted(np.array(starts, np.int64), polygons), tuple(states)


def _corners(text: bytes) -> tuple[Ints, Ints]:
    """Parses the corners of polygons.

    Args:
        text: One line per polygon; a corner is `v`, `v/vt`, `v//vn` or `v/vt/vn`.

    Returns:
        indices: (k, 3) vertex, texture coordinate and normal index of each corner as written; 0 if missing.
        counts: (m,) number of corners of each polygon.
    """
    if b"/" in text:
        text = text.replace(b"//", b"/0/").replace(b"/ ", b"/0 ").replace(b"/\n", b"/0\n")
    words, counts = words_per_line(text)
    slashes = np.flatnonzero(np.frombuffer(text, np.uint8) == SLASH)
    numbers = numbers_in(text.replace(b"/", b" "), len(words) + len(slashes), np.int64, text)
    if _alike(words, slashes):
        indices = numbers.reshape(len(words), -1)[:, :3]
        return np.pad(indices, ((0, 0), (0, 3 - indices.shape[1]))), counts
    extra = np.diff(np.searchsorted(slashes, words), append=len(slashes))
    first = np.cumsum(1 + extra) - (1 + extra)
    columns = [np.where(extra >= k, numbers.take(first + k, mode="clip"), 0) for k in range(3)]
    return np.stack(columns, axis=1) if len(words) else np.empty((0, 3), np.int64), counts


def _alike(words: Ints, slashes: Ints) -> bool:
    """Whether all words of a text contain equally many slashes; False if there are no words.

    Args:
        words: Position of the first character of each word.
        slashes: Position of each slash.
    """
    if not len(words) or len(slashes) % len(words):
        return False
    of_word = slashes.reshape(len(words), -1)
    ends = np.append(words[1:], np.iinfo(np.int64).max)[:, None]
    return bool(((of_word > words[:, None]) & (of_word < ends)).all())


def _names(lines: TextLines, keyword: bytes) -> dict[int, str]:
    """Returns a dict from the index of each line that begins with `keyword` to the rest of the line."""
    found = np.flatnonzero(lines.begin_with(keyword)).tolist()
    return {line: lines.text(line)[len(keyword) :].strip() for line in found}


def _materials(lines: TextLines, polygons: Ints) -> tuple[Ints, tuple[str | None, ...]]:
    """Finds the material of each polygon.

    Args:
        lines: The lines of the file.
        polygons: (m,) line indices of the polygons.

    Returns:
        material_of: (m,) for each polygon, an index into `materials`.
        materials: The names of the materials, in the order in which polygons first use them; None for
            polygons before the first `usemtl`.
    """
    named = _names(lines, b"usemtl")
    names = [None, *named.values()]
    index: dict[str | None, int] = {}
    block = np.searchsorted(np.array([*named], np.int64), polygons)
    used, first = np.unique(block, return_index=True)
    for number in used[np.argsort(first)].tolist():
        index.setdefault(names[number], len(index))
    of_block = np.array([index.get(name, -1) for name in names])
    return of_block[block], tuple(index)
