"""Reads Wavefront OBJ files with their material files."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.content import PULL, is_pointer
from scenes.assets.reading.holes import alpha_of, glass, without_holes
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.mtl import Material, parse_materials
from scenes.assets.reading.named import Named, uvs_or_nan
from scenes.assets.reading.objfile import ObjFile, groups_of, parse
from scenes.assets.reading.polygons import triangles_of
from scenes.assets.reading.raw import (
    GREY,
    WHITE,
    Color,
    Floats,
    Raw,
    decoded,
    meant,
    rgb_of,
    tinted,
    with_colors,
)
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.triangulate import Ints

BORDER = 1e-3
"""Tolerance by which texture coordinates may exceed 0..1 before repetition is noted."""


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of an OBJ file, grouped by material.

    Args:
        content: The bytes of the file.
        resolver: Opens material files and textures; also collects notes on them.
        notes: Notes on the triangles are added here.

    Raises:
        Refused: The file is invalid, or exceeds a limit.
    """
    obj = parse(content)
    if obj.free_form:
        notes.append("its free-form curves and surfaces are ignored")
    cut = triangles_of(obj.vertices, obj.corners[:, 0], obj.counts, notes)
    material_of = np.repeat(obj.material_of, obj.counts)[cut[:, 0]]
    materials, textures = _materials(obj, resolver), _Textures(resolver)
    cut = cut[np.argsort(material_of, kind="stable")]
    groups = np.split(obj.corners[cut], np.cumsum(np.bincount(material_of, minlength=1))[:-1])
    raws: list[Raw] = []
    spare = MAX_FACES - len(cut)
    # The last material comes first; the order of parts affects the mesh hash, so it must not change.
    for index, corners in reversed([*enumerate(groups)]):
        if len(corners):
            name = obj.materials[index] or ""
            material = materials.get(name, Material())
            resolver.notes += glass(name, material)
            for raw in _raws(obj, corners, material, textures, resolver.notes):
                raws.append(textures.cut_out(raw, name, material, spare, notes))
                spare -= max(len(raws[-1].corners) - len(raw.corners), 0)
    return tuple(raws)


def read_named(content: bytes, resolver: MeshResolver) -> Named:
    """Reads the triangles of an OBJ file with their material, object and group names."""
    named, materials, textures = _uncut(content, resolver)
    pieces = []
    for index in np.unique(named.material_of).tolist():
        name, which = named.materials[index], named.material_of == index
        # `cut_out` interpolates vertex colours for new triangles; here, the colours carry group indices.
        numbers = np.repeat(named.groups_of[which, None, None], 3, axis=1).astype(np.float64)
        raw = Raw(named.corners[which], uvs=named.uvs[which], corner_colors=numbers)
        left = textures.cut_out(raw, name, materials.get(name, Material()), MAX_FACES, [])
        assert left.corner_colors is not None
        groups_of = np.rint(left.corner_colors[:, 0, 0]).astype(np.int64)
        pieces.append((left, np.full(len(groups_of), index), groups_of))
    corners, uvs, material_of, groups_of = (
        np.concatenate(arrays)
        for arrays in zip(
            *((raw.corners, uvs_or_nan(raw.uvs, len(of)), material, of) for raw, material, of in pieces),
            strict=True,
        )
    )
    return replace(named, corners=corners, uvs=uvs, material_of=material_of, groups_of=groups_of)


def _uncut(content: bytes, resolver: MeshResolver) -> tuple[Named, dict[str, Material], "_Textures"]:
    """Reads an OBJ file, and keeps the triangles whole where their material is transparent.

    Returns:
        The triangles; a dict from material name to material; the textures.
    """
    obj = parse(content)
    cut = triangles_of(obj.vertices, obj.corners[:, 0], obj.counts, [])
    corners, polygon = obj.corners[cut], np.repeat(np.arange(len(obj.counts)), obj.counts)[cut[:, 0]]
    names = tuple(name or "" for name in obj.materials)
    materials = _materials(obj, resolver)
    laid = [materials.get(name, Material()).placed for name in names]
    material_of, (group_of, groups) = obj.material_of[polygon], groups_of(content)
    repeats, offsets = (np.array(rows)[material_of, None] for rows in zip(*laid, strict=True))
    uvs = _rows(obj.uvs, corners[..., 1]) * repeats + offsets
    named = Named(obj.vertices[corners[..., 0]], uvs, material_of, group_of[polygon], names, groups)
    return named, materials, _Textures(resolver)


def _materials(obj: ObjFile, resolver: MeshResolver) -> dict[str, Material]:
    """Returns the materials of all material files; the first file wins if a name is repeated.

    If at least one file could be read, a note is added for each material that polygons use but no file
    defines.
    """
    found: dict[str, Material] = {}
    files = 0
    for name in dict.fromkeys(name for line in obj.libraries for name in _names(line, resolver)):
        try:
            content = resolver.get(name)
        except FileNotFoundError:  # a note says so
            continue
        except Refused as refused:
            if refused.kind != "path trick":
                raise
            resolver.notes.append(f"{refused.sentence}: {refused.remedy}")
            continue
        if is_pointer(content):
            resolver.notes.append(f"{name!r} is a Git LFS pointer: {PULL}")
            continue
        found = {**parse_materials(content), **found}
        files += 1
    unknown = [name for name in obj.materials if name and name not in found]
    if files:
        resolver.notes += [f"material {name!r} is not defined in any material file" for name in unknown]
    return found


def _names(line: str, resolver: MeshResolver) -> list[str]:
    """Splits the text after `mtllib` into file names, which may contain blanks.

    If there is a file with the whole text as its name, it is the only one. Otherwise, the text is split after
    each `.mtl`.
    """
    line = line.strip('"')
    if " " not in line or resolver.has(line):
        return [line]
    return re.findall(r"\S.*?\.mtl(?=\s|$)", line, re.IGNORECASE) or [line]


class _Textures:
    """Reads and caches the textures of a file's materials, multiplied by the colours of these materials."""

    def __init__(self, resolver: MeshResolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, Color], NDArray[np.uint8] | None] = {}
        self._alphas: dict[str, NDArray[np.uint8] | None] = {}

    def get(self, material: Material) -> NDArray[np.uint8] | None:
        """Returns the texture (h, w, 3) of a material; None if there is no usable texture."""
        key = material.texture, _tint(material)
        if key not in self._known:
            image = self._resolver.image(key[0]) if key[0] else None
            pixels = None if image is None else decoded(image, self._resolver.notes)
            self._known[key] = None if pixels is None else tinted(pixels, key[1])
        return self._known[key]

    def _alpha(self, name: str) -> NDArray[np.uint8] | None:
        if name not in self._alphas:
            image = self._resolver.image(name)
            self._alphas[name] = None if image is None else alpha_of(image, self._resolver.notes)
        return self._alphas[name]

    def cut_out(self, raw: Raw, name: str, material: Material, spare: int, notes: list[str]) -> Raw:
        """Removes the transparent parts of the triangles of a material; see `without_holes`."""
        cutout, looks = material.cutout, self._resolver.notes
        alpha = None if cutout is None else self._alpha(cutout.texture)
        if cutout is None or alpha is None:
            return raw
        if material.placed != (cutout.repeats, cutout.offset):
            looks.append(
                f"material {name!r}: -s and -o of map_d differ from those of map_Kd: rendered without holes"
            )
            return raw
        return without_holes(raw, alpha, name, spare, notes, looks)


def _raws(
    obj: ObjFile, corners: Ints, material: Material, textures: _Textures, notes: list[str]
) -> Iterator[Raw]:
    """Yields the triangles of one material.

    If the material has a texture, triangles with and without texture coordinates are two separate items.

    Args:
        obj: The file.
        corners: (t, 3, 3) vertex, texture coordinate and normal index of each triangle corner.
        material: The material.
        textures: The textures of all materials.
        notes: Notes on unused data are added here.
    """
    uvs, normals = _rows(obj.uvs, corners[..., 1]), _rows(obj.normals, corners[..., 2])
    repeats, offset = material.placed
    uvs = uvs * repeats + offset
    colors = None if obj.colors is None else obj.colors[corners[..., 0]] * _tint(material)
    raw = Raw(
        obj.vertices[corners[..., 0]],
        normals if np.isfinite(normals).any() else None,
        color_rgb=_plain_color(material),
        corner_colors=colors,
    )
    texture = textures.get(material)
    mapped = np.asarray(np.isfinite(uvs).all(axis=(1, 2)))
    if texture is None or not mapped.any():
        if texture is not None:
            notes.append("a texture is ignored because there are no texture coordinates")
        yield _colored(replace(raw, uvs=uvs if mapped.all() else None))
        return
    notes += _unused(material, uvs)
    painted = replace(raw, uvs=uvs, color_rgb=WHITE, corner_colors=None, texture=texture)
    if mapped.all():
        yield painted
        return
    notes.append(f"{int((~mapped).sum()):,} faces without texture coordinates have the material colour")
    yield painted.kept(mapped)
    yield _colored(raw.kept(~mapped))


def _unused(material: Material, uvs: Floats) -> Iterator[str]:
    """Yields a note on each unsupported texture option that would affect these texture coordinates."""
    for option in material.unused:
        yield f"texture {material.texture!r}: {option} in its material file is ignored"
    if material.clamped and ((uvs < -BORDER) | (uvs > 1 + BORDER)).any():
        yield f"texture {material.texture!r} repeats; -clamp in its material file is ignored"


def _plain_color(material: Material) -> Color:
    """The colour of a material, rounded to multiples of 1/255; grey if the material has none."""
    return GREY if material.color is None else rgb_of(np.rint(255 * np.clip(material.color, 0, 1)) / 255)


def _tint(material: Material) -> Color:
    """The colour by which the texture or the vertex colours of a material are multiplied."""
    return WHITE if material.color is None else meant(rgb_of(np.array(material.color)))


def _colored(raw: Raw) -> Raw:
    """Clips vertex colours to 0..1; if all are equal, stores their colour in `color_rgb` instead.

    Triangles without vertex colours are returned unchanged.
    """
    colors = raw.corner_colors
    return raw if colors is None else with_colors(replace(raw, corner_colors=None), colors)


def _rows(table: Floats, index: Ints) -> Floats:
    """Rows of a table; NaN for indices out of range."""
    there = (index >= 0) & (index < len(table))
    rows = np.full((*index.shape, table.shape[1]), np.nan)
    rows[there] = table[index[there]]
    return rows
