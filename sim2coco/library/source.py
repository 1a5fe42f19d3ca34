"""Reads a mesh file of any kind that is known, with all that it says of itself."""

import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from scenes.assets.reading import MAX_FACES, MAX_FILE_BYTES
from sim2coco.library.containers import (
    dae_frame,
    gltf_tree,
    threemf_unit,
    unreadable,
    whole_stl,
)
from sim2coco.library.neighbours import Neighbours, digest
from sim2coco.library.raw import Floats, Raw, raw_of
from sim2coco.library.refusal import Refused

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf", ".dae", ".3mf", ".urdf")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A mesh as its file has it.

    Attributes:
        raws: Triangles by material, in the file's unit and frame.
        unit_m: The file's unit in metres, or None where it says nothing.
        up: The axis that points up in the file, or None where it says nothing.
        images: What became of the textures that it names.
        inputs: Every file that was read or looked for, relative to the folder of the mesh, and its hash.
        notes: What was done to read it.
    """

    raws: tuple[Raw, ...]
    unit_m: float | None
    up: str | None
    images: dict[str, str]
    inputs: dict[str, str]
    notes: tuple[str, ...]


def read_source(path: Path, root: Path) -> Source:
    """The mesh in a file.

    Args:
        path: The file.
        root: The folder that is imported: no link leads out of it.

    Raises:
        Refused: It is not taken.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused("path trick", "is a link that leads out of the imported folder", "copy the file there")
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise Refused("over a limit", f"is larger than {MAX_FILE_BYTES >> 20} MiB", "decimate it first")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(f"cannot be opened: {error.strerror}") from error
    neighbours = Neighbours(path, root)
    neighbours.inputs[path.name] = digest(content)
    suffix = path.suffix.lower()
    if suffix == ".urdf":
        from sim2coco.library.urdf import read_urdf

        return read_urdf(content, path, root, neighbours)
    unit_m, up = _frame(content, suffix)
    notes: list[str] = []
    raws = load(content, suffix, neighbours, notes)
    return Source(raws, unit_m, up, dict(neighbours.images), neighbours.inputs, (*neighbours.notes, *notes))


def load(content: bytes, suffix: str, neighbours: Neighbours, notes: list[str]) -> tuple[Raw, ...]:
    """The triangles in a mesh file's bytes; each geometry of its scene in its place.

    Raises:
        Refused: It is not taken.
    """
    if suffix == ".stl":
        content = whole_stl(content, notes)
    if suffix in (".obj", ".ply", ".off"):
        content = _plain_text(content, suffix)
    if suffix == ".obj" and max((len(line) for line in content.splitlines()), default=0) > 1_000_000:
        raise Refused("over a limit", "has a line of more than a million characters", "export it again")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            logging.getLogger("trimesh").setLevel(logging.CRITICAL)
            scene = trimesh.load_scene(
                io.BytesIO(content), file_type=suffix[1:], resolver=neighbours, process=False
            )
            placed = [(geometry, matrix) for geometry, matrix in _placed(scene) if _has_faces(geometry)]
    except ImportError as error:
        needed = f"needs the package {error.name}"
        raise Refused("unreadable", needed, "pip install 'sim2coco[meshes]'") from error
    except MemoryError as error:
        raise Refused("over a limit", "needs too much memory", "decimate it first") from error
    except Exception as error:  # whatever a parser of foreign files raises is one thing to the caller
        if neighbours.trick is not None:
            raise neighbours.trick from error
        raise unreadable(_told(error, neighbours)) from error
    if neighbours.trick is not None:
        raise neighbours.trick
    faces = sum(len(geometry.faces) for geometry, _ in placed)
    if faces > MAX_FACES:
        raise Refused("over a limit", f"has {faces:,} faces, more than {MAX_FACES:,}", "decimate it first")
    if not faces:
        raise Refused("no faces", "has no faces", "export the surface, not points or lines")
    kept = [(_whole(geometry, notes), matrix) for geometry, matrix in placed]
    raws = [raw_of(geometry, notes).moved(matrix) for geometry, matrix in kept if len(geometry.faces)]
    if not raws:
        raise unreadable("its faces name vertices that are not there")
    return tuple(raws)


def _told(error: Exception, neighbours: Neighbours) -> str:
    """What stopped a parser, in a few words."""
    missing = [name for name, content in neighbours.inputs.items() if not content]
    if missing and not missing[0].endswith(".mtl"):
        return f"names {missing[0]!r}, which is not there"
    told = str(error).strip().splitlines()
    return f"cannot be read: {told[0][:200] if told else 'its parts do not fit together'}"


def _placed(scene: trimesh.Scene) -> Iterator[tuple[Any, Floats]]:
    """Each geometry of a scene where it stands (4, 4); one may stand in several places."""
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        yield scene.geometry[name], np.asarray(matrix, np.float64)


def _has_faces(geometry: Any) -> bool:
    if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
        return False
    if np.shape(geometry.vertices)[1:] != (3,) or np.shape(geometry.faces)[1:] != (3,):
        raise unreadable("its corners have no three coordinates")
    return True


def _whole(geometry: Any, notes: list[str]) -> Any:
    """Without the faces that name a vertex which is not there."""
    faces = np.asarray(geometry.faces)
    there = ((faces >= 0) & (faces < len(geometry.vertices))).all(axis=1)
    if not there.all():
        notes.append(f"{int((~there).sum()):,} faces whose vertices are not there dropped")
        geometry.faces = faces[there]
    return geometry


def _plain_text(content: bytes, suffix: str) -> bytes:
    """The text of a file as UTF-8, whatever encoding its comments are in; a PLY's head only.

    What is no UTF-8 is taken as Latin-1, where every byte is a letter: names of files keep their sense.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", "replace").encode()
    head, end = content, b""
    if suffix == ".ply":
        cut = content.find(b"end_header")
        head, end = (content[:cut], content[cut:]) if cut >= 0 else (content, b"")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        head = head.decode("latin-1").encode()
    return head + end


def _frame(content: bytes, suffix: str) -> tuple[float | None, str | None]:
    """The unit in metres and the up axis that a file states or its format prescribes."""
    if suffix in (".glb", ".gltf"):
        gltf_tree(content, suffix)
        return 1.0, "y"
    if suffix == ".dae":
        return dae_frame(content)
    if suffix == ".3mf":
        return threemf_unit(content), "z"
    return None, None


def up_matrix(up: str) -> Floats:
    """The rotation (4, 4) that turns an axis upright: x, y or z to z."""
    matrix = np.eye(4)
    if up == "y":
        matrix[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    elif up == "x":
        matrix[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    return matrix
