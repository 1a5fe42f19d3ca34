"""Reads the triangles of mesh files with their material and group names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scenes.assets.reading import wavefront
from scenes.assets.reading.gltf import read as gltf
from scenes.assets.reading.named import Named, joined
from scenes.assets.reading.raw import Raw
from scenes.assets.reading.read import read_source
from scenes.assets.reading.resolver import MeshResolver

READERS: dict[str, Callable[[bytes, MeshResolver], Named]] = {
    ".obj": wavefront.read_named,
    ".glb": gltf.read_named,
    ".gltf": gltf.read_named,
}
"""The reader for each suffix whose format has names for parts of a mesh."""


def read_named(path: Path, roots: Sequence[Path]) -> Named:
    """Reads the triangles of a mesh file with their material and group names.

    Triangles from files other than OBJ and glTF have no names.

    Args:
        path: The mesh file.
        roots: Allowed folders. The mesh file, and files that it refers to, must be in one of them.

    Raises:
        Refused: The file cannot be read, has no faces, exceeds a limit, or is outside `roots`; or it refers
            to a file outside `roots`.
    """
    source = read_source(path, roots)  # checks the file
    reader = READERS.get(path.suffix.lower())
    named = _nameless(source.raws) if reader is None else reader(path.read_bytes(), MeshResolver(path, roots))
    return _finite(named)


def _nameless(raws: Sequence[Raw]) -> Named:
    return joined([(raw.corners, raw.uvs, "", ()) for raw in raws])


def _finite(named: Named) -> Named:
    """Removes triangles whose vertices are not finite."""
    which = np.isfinite(named.corners).all(axis=(1, 2))
    return replace(
        named,
        corners=named.corners[which],
        uvs=named.uvs[which],
        material_of=named.material_of[which],
        groups_of=named.groups_of[which],
    )
