"""Depth of furniture that consists of cuboids, by ray casting through each pixel centre.

Boards, bin walls and table tops fill much of the image. TinyRenderer takes 0.2 µs for each of their pixels;
intersecting a ray with the six planes of a cuboid takes a tenth of that time. All bars of a layer of wire are
intersected at once, whatever their number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from scenes.assets.mesh import Mesh
from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array
from sim.render.raster.rays import box_rays

TOLERANCE = 1e-9
"""Allowed error of the corners of a cuboid, as a fraction of its largest half side."""
ROUNDING = 1e-5
"""Allowed error of the corners of a disc, as a fraction of its largest half side."""
FACES = 12
"""Number of triangles of a cuboid."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A mesh that is a cuboid around the origin, or several side by side along x, like the bars of a grid.

    Attributes:
        half: (3,) half sides of the bounding box of all cuboids.
        middle: x of the centre of the bounding box; bars are not exactly centred.
        ends: (2 n,) x coordinates of the two ends of each of n cuboids, ascending, relative to `middle`.
    """

    half: Array
    middle: float
    ends: Array


@dataclass(frozen=True, slots=True, eq=False)
class Cuboid:
    """A cuboid, or cuboids side by side, with the pose of the camera relative to them.

    Attributes:
        half_m: (3,) half sides of the bounding box of all cuboids.
        eye_m: (3,) position of the camera in the frame of this box, whose origin is the centre of the box.
        turn: (3, 3) axes of the camera in the frame of the box, in columns.
        ends_m: (2 n,) x coordinates of the two ends of each of n cuboids; None for a single cuboid.
        is_round: Whether the body is a disc with the axis z instead of a cuboid.
    """

    half_m: Array
    eye_m: Array
    turn: Array
    ends_m: Array | None = None
    is_round: bool = False

    @property
    def facing(self) -> list[int]:
        """The axes (0 to 2) that are normal to a face that the camera may see.

        Axis 0 is always included if there are several cuboids, because the camera may look between them.
        """
        return [
            axis
            for axis in range(3)
            if abs(self.eye_m[axis]) > self.half_m[axis] or (axis == 0 and self.ends_m is not None)
        ]


class Cuboids:
    """Finds out which bodies are rendered as cuboids.

    Args:
        files: Meshes of the assets.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Reads no mesh yet."""
        self._files = files
        self._shape = cache(lambda key: shape_of(files.mesh(key, 0)))
        self._disc = cache(lambda key: disc_of(files.mesh(key, 0)))

    def __contains__(self, body: Body) -> bool:
        """Whether a body is furniture that consists of cuboids.

        The result is False if the mesh has a texture of its own.
        """
        return body.role == "furniture" and self._shape(body.asset) is not None

    def is_disc(self, body: Body) -> bool:
        """Whether a body is furniture in the shape of a disc, such as a round table top.

        The result is False if the mesh has a texture of its own.
        """
        return body.role == "furniture" and body not in self and self._disc(body.asset) is not None

    def seen(self, body: Body, camera: Camera) -> Cuboid:
        """Returns the cuboids or the disc of a body, and the pose of the camera relative to them."""
        shape, axes = self._shape(body.asset), np.array(body.axes)
        if shape is None:
            eye = camera.pose.inside(self._files.center_pose(body))
            half = self._disc(body.asset)
            assert half is not None
            return Cuboid(half * axes, np.array(eye.position_m), eye.rotation(), is_round=True)
        eye = camera.pose.inside(self._files.center_pose(body))
        ends_m = None if len(shape.ends) == 2 else shape.ends * axes[0]
        eye_m = np.array(eye.position_m) - (shape.middle * axes[0], 0.0, 0.0)
        return Cuboid(shape.half * axes, eye_m, eye.rotation(), ends_m)


def shape_of(mesh: Mesh) -> Shape | None:
    """The shape of a mesh of cuboids; None for any other mesh."""
    if len(mesh.parts) != 1 or mesh.parts[0].texture is not None or len(mesh.faces) % FACES:
        return None
    corners = mesh.vertices_m[mesh.faces]
    far = np.abs(corners).max(axis=(0, 1))
    slack = TOLERANCE * far.max()
    along = np.sort(corners[..., 0], axis=None)
    ends = along[np.diff(along, prepend=-np.inf) > slack]
    if len(ends) != len(mesh.faces) // FACES * 2 or np.abs(np.abs(corners) - far)[..., 1:].max() > slack:
        return None
    which = np.searchsorted(ends, corners[..., 0] - slack) // 2
    flat = (np.ptp(corners, axis=1) <= slack).any(axis=1)
    middle = float(ends[0] + ends[-1]) / 2
    half = np.array([ends[-1] - middle, far[1], far[2]])
    whole = flat.all() and not np.ptp(which, axis=1).any()
    if not whole or not np.isclose(_area(corners), _surface(half, ends), rtol=1e-6):
        return None
    return Shape(half, middle, ends - middle)


def disc_of(mesh: Mesh) -> Array | None:
    """Half sides (3,) of the bounding box of a mesh that is a prism around z; None for any other mesh."""
    if len(mesh.parts) != 1 or mesh.parts[0].texture is not None:
        return None
    x, y, z = np.abs(mesh.vertices_m.T)
    radii, slack = np.hypot(x, y), ROUNDING * max(x.max(), y.max(), z.max())
    outer = radii >= radii.max() - slack
    if not (outer | (radii <= slack)).all() or z.max() - z.min() > slack:
        return None
    return np.array([radii.max(), radii.max(), z.max()])


def _area(corners: Array) -> float:
    """Total area of triangles (m, 3, 3)."""
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(sides, axis=1).sum() / 2)


def _surface(half: Array, ends: Array) -> float:
    """Total surface area of cuboids side by side along x.

    Args:
        half: (3,) half sides of the bounding box of all cuboids.
        ends: (2 n,) x coordinates of the two ends of each of n cuboids.
    """
    wide, (_, y, z) = (ends[1::2] - ends[::2]) / 2, half
    return float((8 * (wide * y + y * z + z * wide)).sum())


def cuboid_depth(cuboid: Cuboid, camera: Camera, box: Box) -> Array:
    """Depths (h, w) in metres of a body of cuboids at the pixel centres of a box; infinite beside the body.

    This is the slab method: a ray enters and leaves the slab between each pair of parallel planes, and hits
    the cuboid if it enters the last of the three slabs before it leaves the first. A ray from a camera inside
    a slab has already entered this slab.
    """
    along = along_rays(camera, box)
    shape = box[3] - box[1], box[2] - box[0]
    # Inverse depth: it is linear in the image, and negative behind the camera.
    enters, leaves = np.full(shape, np.inf), np.full(shape, -np.inf)
    for row, half_m, eye_m in zip(cuboid.turn, cuboid.half_m, cuboid.eye_m, strict=True):
        side = np.copysign(1.0, eye_m)
        outside_m = side * eye_m - half_m
        least_m = TOLERANCE * half_m  # a camera in a plane counts as this far from it
        if outside_m > 0:
            np.minimum(enters, along(row * (-side / max(outside_m, least_m))), out=enters)
        else:
            np.maximum(leaves, along(row * (side / max(-outside_m, least_m))), out=leaves)
        np.maximum(leaves, along(row * (-side / (half_m + side * eye_m))), out=leaves)
    if cuboid.ends_m is not None:
        _enter_bars(enters, leaves, along(cuboid.turn[0]), float(cuboid.eye_m[0]), cuboid.ends_m)
    met = (enters >= leaves) & (enters > 0) & np.isfinite(enters)
    depth_m = np.full(shape, np.inf)
    np.divide(1.0, enters, out=depth_m, where=met)
    return depth_m


def _enter_bars(enters: Array, leaves: Array, across: Array, eye_m: float, ends_m: Array) -> None:
    """Replaces where rays enter the box around several bars by where they hit the first bar.

    A ray that enters the box between two bars hits the side of the next bar, unless it leaves the box before.
    The array `enters` is changed in place.

    Args:
        enters: (h, w) inverse depth at which rays enter; set to -inf for rays that hit no bar.
        leaves: (h, w) inverse depth at which rays leave.
        across: (h, w) component of the rays along x.
        eye_m: x of the camera.
        ends_m: (2 n,) x coordinates of the two ends of each of n bars, in ascending order.
    """
    place = np.flatnonzero((enters >= leaves) & (enters > 0))
    slope, start = across.ravel()[place], enters.ravel()[place]
    before = np.searchsorted(ends_m, eye_m + slope / start)  # odd inside a bar
    first = np.where(slope > 0, before, before - 1)
    beside = np.flatnonzero((before % 2 == 0) & (slope != 0))
    ahead_m = np.concatenate([ends_m, [np.nan]])[first[beside]] - eye_m  # index -1 gives NaN, too
    found = start.copy()
    found[before % 2 == 0] = -np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        side = slope[beside] / ahead_m
    found[beside] = np.where(np.isfinite(side), side, -np.inf)
    enters.ravel()[place] = found


def along_rays(camera: Camera, box: Box) -> Callable[[Array], Array]:
    """Returns a function that computes dot products with the rays of all pixels in a box.

    The rays start at the camera and end at depth 1. The function takes a vector (3,) in the camera frame, and
    returns its dot product with each ray, (h, w).
    """
    if camera.distortion is not None:
        rays = box_rays(camera, box)
        return lambda row: np.asarray(rays @ row[:2] + row[2])
    x = (np.arange(box[0], box[2]) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(box[1], box[3]) + 0.5 - camera.cy) / camera.fy
    return lambda row: np.asarray(row[0] * x + (row[1] * y + row[2])[:, None])
