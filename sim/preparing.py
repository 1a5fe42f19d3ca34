"""Prepares meshes for rendering: levels of detail and hulls, computed once for all processes of a run.

SciPy is imported inside the functions that need it, see `sim.hull`.
"""

import fcntl
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.levels import MIN_FACES, levels_of
from scenes.assets.mesh import Mesh
from scenes.assets.prepared import Prepared, Unprepared, prepared_bytes, read_prepared
from scenes.assets.stored import PREPARED, Look, StoredMesh, content_name, read_looks
from sim.hull import hull_vertices, simplified

FACE_BYTES = 6
"""Minimum size in bytes of a triangle in a library file."""


def prepare(mesh: Mesh, name: str) -> bytes:
    """Prepares a mesh and returns its file content; empty for a small mesh, which is not stored.

    Args:
        mesh: The mesh, relative to its centre of mass.
        name: Name of the mesh, which is its hash; the file contains the name.
    """
    return b"" if len(mesh.faces) < MIN_FACES else _content(mesh, name)


def _content(mesh: Mesh, name: str) -> bytes:
    hull_m = hull_vertices(mesh.vertices_m)
    return prepared_bytes(name, levels_of(mesh), hull_m, simplified(hull_m))


def must_be_prepared(asset: Asset) -> bool:
    """Whether this run must prepare an asset's mesh, which takes seconds for a mesh with many triangles."""
    surface = asset.surface
    if not isinstance(surface, StoredMesh):
        return sum(len(part.faces) for part in surface.parts) >= MIN_FACES
    if surface.prepared:
        return _beside(surface, surface.read, tuple) is None
    return surface.path.stat().st_size > MIN_FACES * FACE_BYTES


def whole(asset: Asset) -> Prepared:
    """The mesh of an asset with one level of detail, for a single render: nothing is simplified or stored."""
    mesh = asset.mesh.moved(-np.array(asset.center_of_mass_m))
    hull_m = hull_vertices(mesh.vertices_m)
    return Prepared((0.0,), hull_m, simplified(hull_m), lambda _: mesh, lambda *_: mesh.seen_from_behind)


def prepared(asset: Asset, folder: Path) -> Prepared:
    """The mesh of an asset, prepared for rendering.

    The first process that needs a mesh prepares it and stores the result for the other processes.

    Args:
        asset: The asset.
        folder: Folder that all processes of a run share.
    """
    surface, center_m = asset.surface, np.array(asset.center_of_mass_m)
    if not isinstance(surface, StoredMesh):
        mesh = surface.moved(-center_m)
        return _shared(folder, asset.key.rpartition("@")[2], lambda: mesh, lambda: _looks(mesh))
    full = cache(lambda: StoredMesh(surface.path).read().moved(-center_m / surface.factor))
    looks = cache(lambda: read_looks(surface.path))
    found = _beside(surface, full, looks) or _shared(folder, surface.path.stem, full, looks)
    return found.scaled(surface.factor)


def _looks(mesh: Mesh) -> tuple[Look, ...]:
    return tuple((part.color_rgb, part.texture) for part in mesh.parts)


def _beside(
    surface: StoredMesh, full: Callable[[], Mesh], looks: Callable[[], tuple[Look, ...]]
) -> Prepared | None:
    """The prepared mesh stored beside a library mesh; None if missing, damaged or of another version."""
    if not surface.prepared:
        return None
    path = surface.path.with_suffix(PREPARED)
    try:
        content = path.read_bytes()
        if content_name(content) != surface.prepared:
            raise Unprepared("damaged")
        return read_prepared(content, path.stem, full, looks)
    except (OSError, Unprepared) as error:
        logging.getLogger(__name__).warning("%s: %s: it is computed again for this run", path, error)
        return None


def _shared(
    folder: Path, name: str, full: Callable[[], Mesh], looks: Callable[[], tuple[Look, ...]]
) -> Prepared:
    """The prepared mesh in the shared folder; if missing, one process prepares it and the others wait."""
    path = folder / f"{name}{PREPARED}"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return read_prepared(path.read_bytes(), name, full, looks)
        content = _content(full(), name)
        new = folder / f"{name}.new"
        new.write_bytes(content)
        new.rename(path)
    return read_prepared(content, name, full, looks)
