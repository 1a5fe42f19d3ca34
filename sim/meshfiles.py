"""Meshes and textures as files that PyBullet reads: its caches go by name, so names carry the content."""

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.mesh import Mesh, Part, face_normals
from scenes.assets.obj import ObjGroup, obj_bytes
from scenes.assets.shapes import box
from scenes.geometry import Scale, Vec3, per_axis
from scenes.shot import Camera
from scenes.spec import Body
from sim.bullet import pb
from sim.collision import collision_obj
from sim.hull import hull_vertices, thinned

Array = NDArray[np.float64]
MIN_TRIANGLE_PX = 0.05
"""TinyRenderer drops triangles below about 0.01 px²; slanted ones are smaller than they seem."""
LEVEL_CELLS = (256, 128, 64, 32, 16, 8, 4)
"""Cells along the longest side of each coarser level of detail."""
KEPT_HULLS = 256
"""Hulls of bodies that are remembered: each is asked for several times for one picture."""
KEPT_TRIANGLES = 4096
"""Triangle sizes that are remembered, each of a mesh, a level of detail and proportions."""
EVEN: Vec3 = (1.0, 1.0, 1.0)
"""The proportions of a body with the same scale along all axes."""
KEPT_FACES = 16
"""Meshes whose faces as drawn are remembered: files are written for several looks of one."""
OVERLOOKED_SHARE = 0.01
"""Share of the surface that may vanish."""

DrawnFaces = tuple[NDArray[np.int32], NDArray[np.bool_]]
"""Faces (k, 3), and which of them are the backs of others (k,)."""


class Vanishing(Exception):
    """Even the coarsest level of an asset has triangles too small to be drawn."""


class MeshFiles:
    """Writes each mesh and texture once, into one folder.

    Args:
        catalogue: The assets that bodies name.
        folder: Where files go; its owner removes it.
    """

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        """Nothing is written yet."""
        self.assets = catalogue.assets
        self._folder = folder
        self._levels: dict[tuple[str, int, Vec3], tuple[Path, ...]] = {}
        self._meshes: dict[str, list[Mesh]] = {}
        self._hulls: dict[str, Array] = {}
        self._collisions: dict[str, Path] = {}
        self._small_triangle = lru_cache(KEPT_TRIANGLES)(lambda *shape: small_triangle(self.shaped(*shape)))
        self.drawn_faces = lru_cache(KEPT_FACES)(self._drawn_faces)
        self.hull = lru_cache(KEPT_HULLS)(self._hull)
        self.projected_hull = lru_cache(KEPT_HULLS)(self._projected_hull)

    def _hull(self, body: Body) -> Array:
        """World points (n, 3) that bound a body from every side."""
        return _frozen(body.apply(self.hull_vertices(body.asset)))

    def _projected_hull(self, body: Body, camera: Camera) -> tuple[Array, Array]:
        """Pixel coordinates (n, 2) and depths (n,) in metres of those points."""
        pixels, depth_m = camera.project(self.hull(body))
        return _frozen(pixels), _frozen(depth_m)

    def hull_vertices(self, key: str) -> Array:
        """The corners (n, 3) of an asset's convex hull: they bound it from every side."""
        if key not in self._hulls:
            self._hulls[key] = hull_vertices(self.assets[key].mesh.vertices_m)
        return self._hulls[key]

    def collision(self, key: str) -> Path:
        """An OBJ file of what stands for the asset in physics: its pieces, or a hull of at most 128 points.

        It is given about the centre of mass: where the mesh has its origin makes no difference.
        """
        if key not in self._collisions:
            asset = self.assets[key]
            pieces = asset.pieces or (thinned(self.hull_vertices(key)),)
            self._collisions[key] = self.write(collision_obj(pieces, asset.center_of_mass_m), ".obj")
        return self._collisions[key]

    def visual(self, key: str, level: int, proportions: Vec3 = EVEN) -> tuple[Path, ...]:
        """An OBJ file for each part of an asset at a level of detail (0 is the mesh itself).

        PyBullet scales vertices, but not normals: these are those of the mesh in the proportions of the body.
        """
        if (key, level, proportions) not in self._levels:
            parts, shaped = self.mesh(key, level).parts, self.shaped(key, level, proportions).parts
            drawn = zip(parts, shaped, self.drawn_faces(key, level), strict=True)
            self._levels[key, level, proportions] = tuple(
                self.write(_obj(part, other.normals, faces), ".obj") for part, other, faces in drawn
            )
        return self._levels[key, level, proportions]

    def _drawn_faces(self, key: str, level: int) -> tuple[DrawnFaces, ...]:
        """The faces of each part as they are drawn."""
        mesh, middle = self.mesh(key, level), np.array(self.assets[key].center_of_mass_m)
        ends = np.cumsum([len(part.faces) for part in mesh.parts])
        behind = np.split(mesh.seen_from_behind, ends[:-1])
        parts = zip(mesh.parts, behind, strict=True)
        return tuple(ordered_faces(part, shown, middle) for part, shown in parts)

    def texture(self, pixels: NDArray[np.uint8], max_px: int = 512) -> Path:
        """A BMP file of a texture (h, w, 3) RGB: the fastest for PyBullet to read."""
        height, width = (min(side, max_px) for side in pixels.shape[:2])
        if pixels.shape[:2] != (height, width):
            pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        _, bmp = cv2.imencode(".bmp", pixels[..., ::-1])
        return self.write(bmp.tobytes(), ".bmp")

    def level(self, key: str, px_per_unit: float, proportions: Vec3 = EVEN) -> int:
        """The finest level of detail whose triangles are large enough to be drawn.

        Args:
            key: The asset.
            px_per_unit: Pixels that a length of 1 in the mesh frame covers, along the axis of largest scale.
            proportions: Of the body.

        Raises:
            Vanishing: There is none.
        """
        for level in range(len(LEVEL_CELLS) + 2):
            if self._small_triangle(key, level, proportions) * px_per_unit**2 >= MIN_TRIANGLE_PX:
                return level
        raise Vanishing(key)

    def shaped(self, key: str, level: int, proportions: Vec3) -> Mesh:
        """An asset at a level of detail in the proportions of a body, its largest scale 1."""
        return self.mesh(key, level) if proportions == EVEN else self.mesh(key, level).scaled(proportions)

    def mesh(self, key: str, level: int) -> Mesh:
        """An asset at a level of detail (0 is the mesh itself); coarse ones may have lost parts."""
        known = self._meshes.setdefault(key, [self.assets[key].mesh])
        while len(known) <= level:
            cells = LEVEL_CELLS[len(known) - 1 :]
            known.append(coarser(known[0], cells[0]) if cells else boxed(known[0]))
        return known[level]

    def write(self, content: bytes, suffix: str) -> Path:
        """A file of some content, named by it."""
        path = self._folder / (sha256(content).hexdigest()[:32] + suffix)
        if not path.exists():
            path.write_bytes(content)
        return path


def collision_shape(client: int, files: MeshFiles, asset: Asset, scale: Scale) -> int:
    """PyBullet's id of an asset's hull or convex pieces."""
    path = files.collision(asset.key)
    shape: int = pb.createCollisionShape(
        pb.GEOM_MESH, fileName=str(path), meshScale=per_axis(scale), physicsClientId=client
    )
    return shape


def coarser(mesh: Mesh, cells: int) -> Mesh:
    """The mesh with all vertices of one cell of a grid drawn together to their mean (vertex clustering).

    Rossignac and Borrel 1993. Parts that collapse altogether are left out, unless all would be.

    Args:
        mesh: What to simplify.
        cells: Cells along the longest side.
    """
    low, size = mesh.vertices_m.min(axis=0), float(mesh.extents_m.max()) / cells
    parts = [_clustered(part, low, size) for part in mesh.parts]
    return Mesh(tuple(part for part in parts if part is not None) or mesh.parts)


def boxed(mesh: Mesh) -> Mesh:
    """A box with the outermost points of a mesh as corners: what is left of it at a few pixels.

    It lies within the mesh's hull, by which pictures are cropped.
    """
    extents = np.ptp(mesh.vertices_m, axis=0)
    (part,) = box(1.0, 1.0, 1.0).parts
    toward = np.sign(part.vertices_m) / np.maximum(extents, 1e-3 * extents.max())
    outermost = mesh.vertices_m[np.argmax(mesh.vertices_m @ toward.T, axis=0)]
    return Mesh((replace(part, vertices_m=outermost, color_rgb=mesh.parts[0].color_rgb),))


def _clustered(part: Part, low: Array, size: float) -> Part | None:
    cell = np.floor((part.vertices_m - low) / size + 0.5).astype(np.int64)
    _, place = np.unique(cell, axis=0, return_inverse=True)
    count = np.bincount(place)
    mean = np.column_stack([np.bincount(place, column) / count for column in part.vertices_m.T])
    corners = place[part.faces]
    kept = (
        (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
    )
    if not kept.any():
        return None
    return replace(part, vertices_m=mean[place], faces=part.faces[kept])


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array


def small_triangle(mesh: Mesh) -> float:
    """The triangle area below which triangles hold 1 % of a mesh's surface; square mesh units."""
    corners = mesh.vertices_m[mesh.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.sort(np.linalg.norm(cross, axis=1) / 2)
    first = int(np.searchsorted(areas.cumsum(), OVERLOOKED_SHARE * areas.sum()))
    return float(areas[min(first, len(areas) - 1)])


def ordered_faces(part: Part, behind: NDArray[np.bool_], middle: Array) -> DrawnFaces:
    """The faces of a part, and the backs of some, in an order in which few are painted over.

    No renderer draws a face from behind, so what may be seen so gets a back. What lies far out and faces
    outward comes first: it hides others (Sander, Nehab and Barczak 2007).

    Args:
        part: Of a mesh.
        behind: (m,) whose backs may be seen.
        middle: (3,) of the mesh.
    """
    faces = np.concatenate([part.faces, part.faces[behind][:, ::-1]])
    back = np.arange(len(faces)) >= len(part.faces)
    corners = part.vertices_m[faces] - middle
    outward = (corners.sum(axis=1) * face_normals(corners)).sum(axis=1)
    order = np.argsort(-outward, kind="stable")
    return faces[order], back[order]


def _obj(part: Part, normals: Array, drawn: DrawnFaces) -> bytes:
    """A part as an OBJ file without a material: colour and texture are set by the scene."""
    faces, back = drawn
    if not back.any():
        return obj_bytes([ObjGroup(part.vertices_m, faces, part.uvs, normals)])
    behind = faces + np.where(back, len(normals), 0)[:, None]
    normals = np.concatenate([normals, -normals])
    return obj_bytes([ObjGroup(part.vertices_m, faces, part.uvs, normals, behind)])
