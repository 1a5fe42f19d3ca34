"""Meshes and textures as files for PyBullet.

Files are named by a hash of their content, because PyBullet caches files by name.
"""

from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.edges import face_normals
from scenes.assets.mesh import Mesh, Part
from scenes.geometry import Pose, Scale, Vec3, per_axis, vec3
from scenes.shot import Camera
from scenes.spec import Body
from sim.bullet import pb
from sim.collision import collision_obj
from sim.objfile import obj_file
from sim.preparing import prepared, whole

Array = NDArray[np.float64]
MAX_ERROR_PX = 0.05
"""Maximum error of a level of detail in an image, in pixels."""
CACHED_HULLS = 256
"""Number of body hulls in the cache: each is used several times per image."""
EDGE_POINTS = 17
"""Number of points along each hull edge, because a lens may bend the edge."""
CACHED_TRIANGLES = 64
"""Number of levels of detail whose triangles are cached, because they are used in each image."""
UNIFORM: Vec3 = (1.0, 1.0, 1.0)
"""Proportions (axis scales divided by their maximum) of a body with the same scale along all axes."""
CACHED_FACES = 16
"""Number of meshes whose ordered faces are cached, because one mesh is written to several files."""

RenderedFaces = tuple[NDArray[np.int32], NDArray[np.bool_]]
"""Vertex indices of faces (k, 3), and a mask (k,) of the faces that are reversed copies of other faces."""


class MeshFiles:
    """The meshes and textures of a catalogue as files; each is written once, into one folder.

    All vertices, in memory and in files, are relative to the centre of mass of their mesh. PyBullet stores
    single-precision numbers, which would be too coarse for a mesh that lies far from its origin.

    Args:
        catalogue: The assets of the scenes.
        folder: Existing folder for the files; the caller removes it.
        shared: Existing folder for prepared meshes, which other processes may use, too. If it is None,
            prepared meshes are stored in `folder`.
        simplified: Whether to compute levels of detail, which takes longer than rendering one image.
    """

    def __init__(
        self, catalogue: Catalogue, folder: Path, shared: Path | None = None, simplified: bool = True
    ) -> None:
        """Writes nothing; files are written on first use."""
        self.assets, self.keypoints_m = catalogue.assets, cache(catalogue.keypoints_m)
        self._folder = folder
        self._prepared = cache(
            lambda key: (
                prepared(self.assets[key], shared or folder) if simplified else whole(self.assets[key])
            )
        )
        self.mesh = cache(self._mesh)
        self.box_m = cache(self._box_m)
        self._visuals: dict[tuple[str, int, Vec3], tuple[Path, ...]] = {}
        self._collisions: dict[str, Path] = {}
        self.triangles = lru_cache(CACHED_TRIANGLES)(self._triangles)
        self.seen_from_behind = lru_cache(CACHED_TRIANGLES)(self._seen_from_behind)
        self.rendered_faces = lru_cache(CACHED_FACES)(self._rendered_faces)
        self.hull = lru_cache(CACHED_HULLS)(self._hull)
        self.hull_edges = lru_cache(CACHED_HULLS)(self._hull_edges)
        self.projected_hull = lru_cache(CACHED_HULLS)(self._projected_hull)

    def _hull(self, body: Body) -> Array:
        """Vertices (n, 3) of a body's convex hull in world coordinates."""
        points_m = self.hull_vertices(body.asset) * np.array(body.axes)
        return _read_only(self.center_pose(body).apply(points_m))

    def center_pose(self, body: Body) -> Pose:
        """World pose of a body, with the centre of mass of its mesh as the origin."""
        center = np.array([self.assets[body.asset].center_of_mass_m])
        return Pose(vec3(body.apply(center)[0]), body.pose.quat_xyzw)

    def _projected_hull(self, body: Body, camera: Camera) -> tuple[Array, Array]:
        """Pixel coordinates (n, 2) and depths (n,) in metres of the vertices of a body's hull."""
        pixels, depth_m = camera.project(self.hull(body))
        return _read_only(pixels), _read_only(depth_m)

    def hull_vertices(self, key: str) -> Array:
        """Vertices (n, 3) of an asset's convex hull, relative to the centre of mass."""
        return self._prepared(key).hull_m

    def _hull_edges(self, key: str) -> Array:
        """Points along the edges of an asset's convex hull, relative to the centre of mass.

        Returns:
            (`EDGE_POINTS`, n, 3) points along n edges. For a flat mesh, the array contains only the m
            vertices of the hull, and its shape is (1, m, 3).
        """
        # Imported here because SciPy is slow to import, and only distorting lenses need it.
        from scipy.spatial import ConvexHull, QhullError

        points_m = self.hull_vertices(key)
        try:
            faces = ConvexHull(points_m).simplices
        except QhullError:  # a flat mesh: its hull is its outline, or close to it
            return points_m[None]
        pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        start, stop = np.moveaxis(points_m[np.unique(pairs, axis=0)], 1, 0)
        shares = np.linspace(0, 1, EDGE_POINTS)[:, None, None]
        return _read_only(start + shares * (stop - start))

    def _box_m(self, key: str) -> tuple[Vec3, Vec3]:
        """Minimum and maximum corners in metres of an asset's bounding box in the mesh frame."""
        points_m = self.hull_vertices(key) + self.assets[key].center_of_mass_m
        return vec3(points_m.min(axis=0)), vec3(points_m.max(axis=0))

    def collision(self, key: str) -> Path:
        """Path of the OBJ file of an asset's collision shape.

        The shape consists of the asset's convex pieces; without them, it is a hull of at most 192 vertices.
        """
        if key not in self._collisions:
            asset = self.assets[key]
            pieces = tuple(piece - asset.center_of_mass_m for piece in asset.pieces)
            pieces = pieces or (self._prepared(key).collision_m,)
            self._collisions[key] = self.write(collision_obj(pieces), ".obj")
        return self._collisions[key]

    def visual(self, key: str, level: int, proportions: Vec3 = UNIFORM) -> tuple[Path, ...]:
        """Paths of the OBJ files of an asset, one per part, at a level of detail (0 is the full mesh).

        The normals in the files are those of a body with the given proportions, because PyBullet scales
        vertices but not normals.
        """
        if (key, level, proportions) not in self._visuals:
            parts, shaped = self.mesh(key, level).parts, self.shaped(key, level, proportions).parts
            drawn = zip(parts, shaped, self.rendered_faces(key, level), strict=True)
            self._visuals[key, level, proportions] = tuple(
                self.write(_obj(part, other.normals, faces), ".obj") for part, other, faces in drawn
            )
        return self._visuals[key, level, proportions]

    def _rendered_faces(self, key: str, level: int) -> tuple[RenderedFaces, ...]:
        """Faces of each part in rendering order, with reversed copies of faces visible from behind."""
        mesh = self.mesh(key, level)
        ends = np.cumsum([len(part.faces) for part in mesh.parts])
        behind = np.split(self.seen_from_behind(key, level), ends[:-1])
        parts = zip(mesh.parts, behind, strict=True)
        return tuple(ordered_faces(part, shown) for part, shown in parts)

    def _seen_from_behind(self, key: str, level: int) -> NDArray[np.bool_]:
        """For each of the m faces of an asset at a level of detail, whether its back may be visible: (m,)."""
        return self._prepared(key).read_behind(level, len(self.mesh(key, level).faces))

    def texture(self, pixels: NDArray[np.uint8], max_px: int = 512) -> Path:
        """Writes a texture as a BMP file, the format that PyBullet reads fastest, and returns the path.

        Args:
            pixels: (h, w, 3) RGB image.
            max_px: Maximum width and height of the file's image; a larger texture is downsampled.
        """
        height, width = (min(side, max_px) for side in pixels.shape[:2])
        if pixels.shape[:2] != (height, width):
            pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        _, bmp = cv2.imencode(".bmp", pixels[..., ::-1])
        return self.write(bmp.tobytes(), ".bmp")

    def level(self, key: str, px_per_unit: float) -> int:
        """Index of the coarsest level of detail whose error is at most `MAX_ERROR_PX` in the image.

        Args:
            key: Key of the asset.
            px_per_unit: Pixels per unit of the mesh frame, for the part of the body that appears largest.
        """
        errors = [error_m * px_per_unit for error_m in self.errors_m(key)]
        return max(index for index, error in enumerate(errors) if error <= MAX_ERROR_PX)

    def shaped(self, key: str, level: int, proportions: Vec3) -> Mesh:
        """Mesh of an asset at a level of detail, scaled to a body's proportions."""
        return self.mesh(key, level) if proportions == UNIFORM else self.mesh(key, level).scaled(proportions)

    def _mesh(self, key: str, level: int) -> Mesh:
        """Mesh of an asset at a level of detail (0 is the full mesh); its centre of mass is the origin."""
        return self._prepared(key).read(level)

    def errors_m(self, key: str) -> tuple[float, ...]:
        """Error in metres of each level of detail of an asset, from fine to coarse."""
        return self._prepared(key).errors_m

    def _triangles(self, key: str, level: int) -> tuple[Array, NDArray[np.int32]]:
        """Vertices (3, n), relative to the centre of mass, and faces (3, m) at a level of detail."""
        mesh = self.mesh(key, level)
        return _read_only(np.ascontiguousarray(mesh.vertices_m.T)), np.ascontiguousarray(mesh.faces.T)

    def write(self, content: bytes, suffix: str) -> Path:
        """Writes the content to a file named by its hash, unless that file exists, and returns its path."""
        path = self._folder / (sha256(content).hexdigest()[:32] + suffix)
        if not path.exists():
            path.write_bytes(content)
        return path


def collision_shape(client: int, files: MeshFiles, asset: Asset, scale: Scale) -> int:
    """Creates the collision shape of an asset and returns its id; negative if PyBullet rejects the shape."""
    path = files.collision(asset.key)
    shape: int = pb.createCollisionShape(
        pb.GEOM_MESH, fileName=str(path), meshScale=per_axis(scale), physicsClientId=client
    )
    return shape


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array


def ordered_faces(part: Part, behind: NDArray[np.bool_]) -> RenderedFaces:
    """Faces of a part in an order that reduces overdraw, with reversed copies of faces visible from behind.

    Both renderers cull back faces, so a face that may be visible from behind is added again, reversed. Faces
    far from the centre that face outward come first, because they occlude others (Sander, Nehab and Barczak
    2007).

    Args:
        part: Part of a mesh, relative to the centre of the mesh.
        behind: (m,) mask of the faces that may be visible from behind.
    """
    faces = np.concatenate([part.faces, part.faces[behind][:, ::-1]])
    back = np.arange(len(faces)) >= len(part.faces)
    corners = part.vertices_m[faces]
    middle, normals = corners[:, 0] + corners[:, 1] + corners[:, 2], face_normals(corners)
    outward = np.einsum("ni,ni->n", middle, normals)
    order = np.argsort(-outward, kind="stable")
    return faces[order], back[order]


def _obj(part: Part, normals: Array, drawn: RenderedFaces) -> bytes:
    """Returns the contents of an OBJ file of a part, without its material, which is set in PyBullet.

    Args:
        part: The part.
        normals: (n, 3) vertex normals that replace those of the part.
        drawn: The faces to be written.
    """
    faces, back = drawn
    if not back.any():
        return obj_file(part.vertices_m, normals, part.uvs, faces, faces)
    behind = faces + np.where(back, len(normals), 0)[:, None]
    return obj_file(part.vertices_m, np.concatenate([normals, -normals]), part.uvs, faces, behind)
