"""Reads Wavefront OBJ files with their material files."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from scenes.assets.reading.mtl import Material, parse_materials
from scenes.assets.reading.objfile import ObjFile, parse
from scenes.assets.reading.polygons import triangles_of
from scenes.assets.reading.raw import GREY, WHITE, Color, Floats, Raw, meant, painted, rgb_of, with_colors
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.triangulate import Ints


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
        notes.append("its free-form curves and surfaces are not read")
    cut = triangles_of(obj.vertices, obj.corners[:, 0], obj.counts, notes)
    material_of = np.repeat(obj.material_of, obj.counts)[cut[:, 0]]
    materials = _materials(obj, resolver)
    raws: list[Raw] = []
    # The last material comes first: the order of parts is part of the hash of a mesh.
    for index, name in reversed([*enumerate(obj.materials)]):
        corners = obj.corners[cut[material_of == index]]
        raws += _raws(obj, corners, materials.get(name or ""), resolver)
    return tuple(raws)


def _materials(obj: ObjFile, resolver: MeshResolver) -> dict[str, Material]:
    """The materials of all material files; of those with the same name, that of the first file.

    A note is added for each material that polygons use and none of the files defines.
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
        found = {**parse_materials(content), **found}
        files += 1
    unknown = [name for name in obj.materials if name and name not in found]
    if files:
        resolver.notes += [f"material {name!r} is in no material file" for name in unknown]
    return found


def _names(line: str, resolver: MeshResolver) -> list[str]:
    """The file names after `mtllib`: one, possibly with blanks in it, or several."""
    line = line.strip('"')
    if " " not in line or resolver.has(line):
        return [line]
    return re.findall(r"\S.*?\.mtl(?=\s|$)", line, re.IGNORECASE) or [line]


def _raws(obj: ObjFile, corners: Ints, material: Material | None, resolver: MeshResolver) -> Iterator[Raw]:
    """Yields the triangles of one material; in two groups if some lack the coordinates for its texture.

    Args:
        obj: The file.
        corners: (t, 3, 3) index of vertex, texture coordinate and normal of the corners of its triangles.
        material: The material, or None if no file defines it.
        resolver: Opens the texture.
    """
    known = material or Material()
    uvs, normals = _rows(obj.uvs, corners[..., 1]), _rows(obj.normals, corners[..., 2])
    raw = Raw(
        obj.vertices[corners[..., 0]],
        normals if np.isfinite(normals).any() else None,
        uvs * known.repeats + known.offset,
        _plain_color(known),
        None if obj.colors is None else obj.colors[corners[..., 0]],
    )
    image = resolver.image(known.texture) if known.texture else None
    if image is not None:
        unused = ", ".join(known.unused)
        resolver.notes += [f"texture {known.texture!r}: {unused} in its material file is not used"] * bool(
            unused
        )
    mapped = np.asarray(np.isfinite(uvs).all(axis=(1, 2)))
    if image is None or mapped.all() or not mapped.any():
        yield _painted(raw if mapped.all() else replace(raw, uvs=None), known, image, resolver.notes)
        return
    resolver.notes.append(f"{int((~mapped).sum()):,} faces without texture coordinates have their colour")
    yield _painted(raw.kept(mapped), known, image, resolver.notes)
    yield _painted(replace(raw.kept(~mapped), uvs=None), known, None, resolver.notes)


def _plain_color(material: Material) -> Color:
    """The colour of a material, in steps of 1/255 like the pixels of textures."""
    return GREY if material.color is None else rgb_of(np.rint(255 * np.clip(material.color, 0, 1)) / 255)


def _painted(raw: Raw, material: Material, image: Image.Image | None, notes: list[str]) -> Raw:
    """Adds the texture of a material or, if there is none, the colours of the vertices."""
    tint = WHITE if material.color is None else meant(rgb_of(np.array(material.color)))
    colors = raw.corner_colors
    done = painted(replace(raw, corner_colors=None), raw.color_rgb, tint, image, notes)
    return done if colors is None or done.texture is not None else with_colors(done, colors * tint)


def _rows(table: Floats, index: Ints) -> Floats:
    """Rows of a table; NaN for an index that is out of range."""
    there = (index >= 0) & (index < len(table))
    padded = np.concatenate([table, np.full((1, table.shape[1]), np.nan)])
    return np.asarray(padded[np.where(there, index, len(table))])
