"""Reads the triangles of mesh files in the formats that trimesh supports."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import trimesh

from scenes.assets.reading.containers import unreadable, whole_stl
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.raw import Floats, Raw, raw_of
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.text import plain_head, plain_text


def load(content: bytes, suffix: str, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads triangles from the content of a mesh file, with the transforms of its scene applied.

    Args:
        content: The bytes of the file.
        suffix: Suffix of the file in lower case, with its dot.
        resolver: Opens the files that the mesh refers to; also collects notes on materials and textures.
        notes: Notes on the triangles are added here.

    Raises:
        Refused: The file is invalid, has no faces, exceeds a limit, or refers to a file outside its folder.
    """
    if suffix == ".stl":
        content = whole_stl(content, notes)
    if suffix in (".obj", ".off"):
        content = plain_text(content)
    if suffix == ".ply":
        content = plain_head(content, b"end_header")
    if suffix == ".obj" and max((len(line) for line in content.splitlines()), default=0) > 1_000_000:
        raise Refused("over a limit", "has a line of more than a million characters", "export it again")
    try:
        with _quiet():
            scene = trimesh.load_scene(
                io.BytesIO(content), file_type=suffix[1:], resolver=resolver, process=False
            )
            placed = [(geometry, matrix) for geometry, matrix in _placed(scene) if _has_faces(geometry)]
    except ImportError as error:
        needed = f"needs the package {error.name}"
        raise Refused("unreadable", needed, "pip install 'sim2coco[meshes]'") from error
    except MemoryError as error:
        raise Refused("over a limit", "needs too much memory", "decimate it first") from error
    except Exception as error:  # parsers of untrusted files can raise anything
        if resolver.trick is not None:
            raise resolver.trick from error
        raise unreadable(_told(error, resolver)) from error
    if resolver.trick is not None:
        raise resolver.trick
    faces = sum(len(geometry.faces) for geometry, _ in placed)
    if faces > MAX_FACES:
        raise Refused("over a limit", f"has {faces:,} faces, more than {MAX_FACES:,}", "decimate it first")
    if not faces:
        raise Refused("no faces", "has no faces", "export the surface, not points or lines")
    with _quiet():
        for geometry, _ in placed:
            _drop_faces(geometry, notes)
        there = [(geometry, matrix) for geometry, matrix in placed if len(geometry.faces)]
        raws = [raw_of(geometry, resolver.notes).moved(matrix) for geometry, matrix in there]
    if not raws:
        raise unreadable("its faces name vertices that are not there")
    return tuple(raws)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses the warnings and log messages of parsers; what matters to the user is in the notes."""
    log = logging.getLogger("trimesh")
    level = log.level
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            log.setLevel(level)


def _told(error: Exception, resolver: MeshResolver) -> str:
    """A short description of why a parser failed."""
    missing = [name for name, content in resolver.inputs.items() if not content]
    if missing and not missing[0].endswith(".mtl"):
        return f"names {missing[0]!r}, which is not there"
    if isinstance(error, IndexError):
        return "cannot be read: a face names a vertex that is not there, or numbers are missing"
    told = str(error).strip().splitlines()
    return f"cannot be read: {told[0][:200] if told else 'its parts do not fit together'}"


def _placed(scene: trimesh.Scene) -> Iterator[tuple[Any, Floats]]:
    """Yields each geometry of a scene with its transform (4, 4), once for each node that uses it."""
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        yield scene.geometry[name], np.asarray(matrix, np.float64)


def _has_faces(geometry: Any) -> bool:
    if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
        return False
    if np.shape(geometry.vertices)[1:] != (3,) or np.shape(geometry.faces)[1:] != (3,):
        raise unreadable("its corners have no three coordinates")
    return True


def _drop_faces(geometry: Any, notes: list[str]) -> None:
    """Drops the faces whose vertex indices are out of range, and adds a note."""
    faces = np.asarray(geometry.faces)
    there = ((faces >= 0) & (faces < len(geometry.vertices))).all(axis=1)
    if not there.all():
        notes.append(f"{int((~there).sum()):,} faces whose vertices are not there dropped")
        geometry.faces = faces[there]
