"""Reads the triangles of mesh files in all formats except URDF."""

import warnings
from collections.abc import Callable

import numpy as np

from scenes.assets.reading import off, stl, wavefront
from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.dae import read as dae
from scenes.assets.reading.gltf import read as gltf
from scenes.assets.reading.ply import read as ply
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import Raw
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.threemf import read as threemf

Read = Callable[[bytes, MeshResolver, list[str]], tuple[Raw, ...]]
"""A reader: takes the file content, the resolver of referenced files, and the list of notes on triangles;
returns the triangles of each material.

It raises `Refused`, or any other exception if the file is invalid."""
READERS: dict[str, Read] = {
    ".obj": wavefront.read,
    ".stl": stl.read,
    ".off": off.read,
    ".ply": ply.read,
    ".3mf": threemf.read,
    ".dae": dae.read,
    ".glb": gltf.read,
    ".gltf": gltf.read,
}
"""The reader for each suffix."""


def load(content: bytes, suffix: str, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of a mesh file, and applies the transforms that the file states for them.

    Args:
        content: The bytes of the file.
        suffix: Suffix of the file in lower case, with its dot.
        resolver: Opens the files that the mesh refers to; also collects notes on materials and textures.
        notes: Notes on the triangles are added here.

    Raises:
        Refused: The file is invalid, has no faces, exceeds a limit, or refers to a file outside its folder.
    """
    raws = _read(content, suffix, resolver, notes)
    faces = sum(len(raw.corners) for raw in raws)
    check_faces(faces)
    if not faces:
        raise Refused("no faces", "has no faces", "export the surface, not points or lines")
    return tuple(raw for raw in raws if len(raw.corners))


def _read(content: bytes, suffix: str, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Calls the reader for a suffix; converts its exceptions to `Refused`, and suppresses its warnings."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return READERS[suffix](content, resolver, notes)
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("over a limit", "needs too much memory", "decimate it first") from error
    except Exception as error:  # parsers of untrusted files can raise anything
        raise unreadable(_told(error, resolver)) from error


def _told(error: Exception, resolver: MeshResolver) -> str:
    """Describes in one line why a mesh file could not be read."""
    missing = [name for name, content in resolver.inputs.items() if not content]
    if missing and not missing[0].endswith(".mtl"):
        return f"refers to {missing[0]!r}, which does not exist"
    if isinstance(error, IndexError):
        return "cannot be read: a face refers to a vertex that does not exist, or numbers are missing"
    told = str(error).strip().splitlines()
    return f"cannot be read: {told[0][:200] if told else 'its content is inconsistent'}"
