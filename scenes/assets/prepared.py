"""Meshes prepared for rendering: simplified levels of detail and hulls, in one compressed file.

The file does not contain the full mesh. Levels are decompressed only when they are rendered.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.levels import Level
from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.reading.limits import MAX_FILE_BYTES
from scenes.assets.stored import DAMAGED, Look

Array = NDArray[np.float64]

VERSION = 5
"""Version of the file format and of the algorithms whose results are stored."""
UNIT_SHORT = 32767
"""The integer that represents 1 in normals."""


class Unprepared(ValueError):
    """The content is damaged, or belongs to another version or mesh: the mesh must be prepared again."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A mesh prepared for rendering, relative to its centre of mass.

    Attributes:
        errors_m: Error of each level of detail; 0 for the first, which is the mesh itself.
        hull_m: Vertices (n, 3) of the convex hull.
        collision_m: Vertices (k, 3) of the simplified convex hull used for collision.
        read: Returns the mesh at a level of detail.
        read_behind: Returns, for each face of a level, whether its back may be visible: bool (m,). Takes the
            level and its number of faces.
    """

    errors_m: tuple[float, ...]
    hull_m: Array
    collision_m: Array
    read: Callable[[int], Mesh]
    read_behind: Callable[[int, int], NDArray[np.bool_]]

    def scaled(self, factor: float) -> "Prepared":
        """Returns the mesh scaled about its centre of mass."""
        if factor == 1.0:
            return self
        return Prepared(
            tuple(factor * error_m for error_m in self.errors_m),
            factor * self.hull_m,
            factor * self.collision_m,
            lambda level: self.read(level).scaled(factor),
            self.read_behind,
        )


def prepared_bytes(name: str, levels: Sequence[Level], hull_m: Array, collision_m: Array) -> bytes:
    """Serializes the hulls and the levels of detail of a mesh.

    The triangles of the first level are left out, because it is the mesh itself.

    Args:
        name: Name of the mesh, which is its hash.
        levels: The levels of detail, relative to the centre of mass.
        hull_m: Vertices (n, 3) of the convex hull.
        collision_m: Vertices (k, 3) of the simplified hull.
    """
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION),
        "mesh": np.array(name),
        "errors_m": np.array([level.error_m for level in levels]),
        "hull_m": hull_m,
        "collision_m": collision_m,
    }
    looks = [_look(part) for part in levels[0].mesh.parts]
    for index, level in enumerate(levels):
        arrays[f"{index}/behind"] = np.packbits(level.mesh.seen_from_behind)
    for index, level in enumerate(levels[1:], 1):
        for number, part in enumerate(level.mesh.parts):
            prefix = f"{index}/{number}/"
            short = len(part.vertices_m) < 1 << 16
            arrays[prefix + "vertices_m"] = part.vertices_m.astype(np.float32)
            arrays[prefix + "normals"] = np.rint(part.normals * UNIT_SHORT).astype(np.int16)
            arrays[prefix + "uvs"] = part.uvs.astype(np.float32)
            arrays[prefix + "faces"] = part.faces.astype(np.uint16 if short else np.int32)
            arrays[prefix + "look"] = np.array(looks.index(_look(part)))
    out = BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _look(part: Part) -> tuple[object, ...]:
    return part.color_rgb, None if part.texture is None else part.texture.tobytes()


def read_prepared(
    content: bytes, name: str, full: Callable[[], Mesh], looks: Callable[[], Sequence[Look]]
) -> Prepared:
    """Reads a mesh written by `prepared_bytes`.

    Args:
        content: The file content.
        name: Name of the mesh.
        full: Returns the mesh itself, relative to its centre of mass.
        looks: Returns the colour and texture of each part of the mesh.

    Raises:
        Unprepared: The content is damaged, or of another version or mesh.
    """
    arrays = _Arrays(content)
    errors_m, hull_m, collision_m = (
        np.asarray(arrays.read(name), np.float64) for name in ("errors_m", "hull_m", "collision_m")
    )
    if arrays.read("version") != VERSION or not (_are_errors(errors_m) and _solid(hull_m, collision_m)):
        raise Unprepared("has another format version")
    if str(arrays.read("mesh")) != name:
        raise Unprepared("belongs to another mesh")
    return Prepared(
        tuple(errors_m.tolist()),
        hull_m,
        collision_m,
        lambda level: arrays.mesh(level, looks()) if level else full(),
        lambda level, faces: np.unpackbits(arrays.read(f"{level}/behind"), count=faces).view(np.bool_),
    )


def _are_errors(errors_m: Array) -> bool:
    """Whether the array is a valid list of level errors, the first of which is 0."""
    sound = errors_m.ndim == 1 and len(errors_m) > 0 and errors_m[0] == 0
    return bool(sound and (np.isfinite(errors_m) & (errors_m >= 0)).all())


def _solid(*hulls: Array) -> bool:
    """Whether every array in `hulls` contains at least four finite points (n, 3)."""
    return all(
        points.ndim == 2 and points.shape[1] == 3 and len(points) > 3 and bool(np.isfinite(points).all())
        for points in hulls
    )


class _Arrays:
    """The arrays in a file; each is decompressed when it is read."""

    def __init__(self, content: bytes) -> None:
        try:
            with zipfile.ZipFile(BytesIO(content)) as file:
                self._names = file.namelist()
                if sum(entry.file_size for entry in file.infolist()) > MAX_FILE_BYTES:
                    raise Unprepared("too large")
            self._file = np.load(BytesIO(content), allow_pickle=False)
        except DAMAGED as error:
            raise Unprepared("damaged") from error

    def read(self, name: str) -> NDArray[Any]:
        """Reads an array.

        Raises:
            Unprepared: The array is missing or damaged.
        """
        try:
            return np.asarray(self._file[name])
        except DAMAGED as error:
            raise Unprepared("damaged") from error

    def mesh(self, level: int, looks: Sequence[Look]) -> Mesh:
        """Reads the mesh at a level of detail above 0.

        Raises:
            Unprepared: The level is missing or damaged.
        """
        try:
            return Mesh(tuple(self._part(f"{level}/{n}/", looks) for n in range(self._parts(level))))
        except (MeshError, IndexError, ValueError) as error:
            raise Unprepared("damaged") from error

    def _parts(self, level: int) -> int:
        return sum(name.startswith(f"{level}/") and name.endswith("/look.npy") for name in self._names)

    def _part(self, prefix: str, looks: Sequence[Look]) -> Part:
        vertices_m, normals, uvs, faces, look = (
            self.read(prefix + name) for name in ("vertices_m", "normals", "uvs", "faces", "look")
        )
        lengths = np.maximum(np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True), 1e-30)
        color_rgb, texture = looks[int(look)]
        return Part(
            vertices_m.astype(np.float64),
            normals / lengths,
            uvs.astype(np.float64),
            faces.astype(np.int32),
            color_rgb,
            texture,
        )
