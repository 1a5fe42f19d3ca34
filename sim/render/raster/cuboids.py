"""Furniture that consists of cuboids: its depth by a ray through each pixel centre, as that of floors.

Boards, walls of bins and table tops fill much of the image. TinyRenderer spends 0.2 µs on each of their
pixels; to compare a ray with the six planes of a cuboid takes a tenth of that. The bars of a layer of wire
are found in one go, whatever their number.
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
"""Allowed error of the corners of a cuboid, as a fraction of its largest side."""
ROUNDING = 1e-5
"""The same of the corners of a disc."""
FACES = 12
"""Triangles of a cuboid."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A mesh that is a cuboid around the origin, or several side by side along x, as the bars of a grid.

    Attributes:
        half: (3,) half of the sides of the cuboid around all of them.
        middle: x of its middle; bars are not quite centred.
        ends: (2 n,) where each of n cuboids begins and ends along x, from the middle, in ascending order.
    """

    half: Array
    middle: float
    ends: Array


@dataclass(frozen=True, slots=True, eq=False)
class Cuboid:
    """A cuboid, or cuboids side by side, in view of a camera.

    Attributes:
        half_m: (3,) half of the sides of the cuboid around all of them.
        eye_m: (3,) position of the camera in its frame, whose origin is its middle.
        turn: (3, 3) axes of the camera in its frame, in columns.
        ends_m: (2 n,) where each of n cuboids begins and ends along x; None for one.
        is_round: Whether it is a disc, whose axis is z, and not a cuboid.
    """

    half_m: Array
    eye_m: Array
    turn: Array
    ends_m: Array | None = None
    is_round: bool = False

    @property
    def facing(self) -> list[int]:
        """The axes whose faces the camera sees."""
        return [
            axis
            for axis in range(3)
            if abs(self.eye_m[axis]) > self.half_m[axis] or (axis == 0 and self.ends_m is not None)
        ]


class Cuboids:
    """Tells which bodies are drawn as cuboids.

    Args:
        files: Meshes of the assets.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Looks at no mesh yet."""
        self._files = files
        self._shape = cache(lambda key: shape_of(files.mesh(key, 0)))
        self._disc = cache(lambda key: disc_of(files.mesh(key, 0)))

    def __contains__(self, body: Body) -> bool:
        """Whether a body is a piece of furniture of cuboids without a texture of its own."""
        return body.role == "furniture" and self._shape(body.asset) is not None

    def is_disc(self, body: Body) -> bool:
        """Whether a body is a round piece of furniture, as a table top, without a texture of its own."""
        return body.role == "furniture" and body not in self and self._disc(body.asset) is not None

    def seen(self, body: Body, camera: Camera) -> Cuboid:
        """A body of cuboids, or a disc, as a camera sees it."""
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
    """Half of the sides (3,) of the cuboid around a mesh that is a prism around z; None for another mesh."""
    if len(mesh.parts) != 1 or mesh.parts[0].texture is not None:
        return None
    x, y, z = np.abs(mesh.vertices_m.T)
    radii, slack = np.hypot(x, y), ROUNDING * max(x.max(), y.max(), z.max())
    outer = radii >= radii.max() - slack
    if not (outer | (radii <= slack)).all() or z.max() - z.min() > slack:
        return None
    return np.array([radii.max(), radii.max(), z.max()])


def _area(corners: Array) -> float:
    """Area of triangles (m, 3, 3)."""
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(sides, axis=1).sum() / 2)


def _surface(half: Array, ends: Array) -> float:
    """Surface area of cuboids side by side."""
    wide, (_, y, z) = (ends[1::2] - ends[::2]) / 2, half
    return float((8 * (wide * y + y * z + z * wide)).sum())


def cuboid_depth(cuboid: Cuboid, camera: Camera, box: Box) -> Array:
    """Depths (h, w) in metres of a body of cuboids at the pixel centres of a box; infinite beside it.

    A ray enters the space between two parallel planes, unless the camera is between them, and leaves it. It
    meets the cuboid if it has entered the last of the three spaces before it leaves the first.
    """
    along = along_rays(camera, box)
    shape = box[3] - box[1], box[2] - box[0]
    # Inverse depth: it is linear in the image, and negative behind the camera.
    enters, leaves = np.full(shape, np.inf), np.full(shape, -np.inf)
    for row, half_m, eye_m in zip(cuboid.turn, cuboid.half_m, cuboid.eye_m, strict=True):
        side = np.copysign(1.0, eye_m)
        outside_m = side * eye_m - half_m
        least_m = TOLERANCE * half_m  # a camera in a plane is beside it
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
    """Moves, in place, where rays enter the cuboid around bars to where they enter the first bar.

    A ray that enters beside the bars meets the side of the next one, if it has not left before.

    Args:
        enters: (h, w) inverse depth at which rays enter; -inf if they meet no bar.
        leaves: (h, w) inverse depth at which they leave.
        across: (h, w) component along x of the rays.
        eye_m: x of the camera.
        ends_m: (2 n,) where each bar begins and ends along x.
    """
    place = np.flatnonzero((enters >= leaves) & (enters > 0))
    slope, start = across.ravel()[place], enters.ravel()[place]
    before = np.searchsorted(ends_m, eye_m + slope / start)  # it is odd inside a bar
    first = np.where(slope > 0, before, before - 1)
    beside = np.flatnonzero((before % 2 == 0) & (slope != 0))
    ahead_m = np.concatenate([ends_m, [np.nan]])[first[beside]] - eye_m  # -1 is not a number, too
    found = start.copy()
    found[before % 2 == 0] = -np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        side = slope[beside] / ahead_m
    found[beside] = np.where(np.isfinite(side), side, -np.inf)
    enters.ravel()[place] = found


def along_rays(camera: Camera, box: Box) -> Callable[[Array], Array]:
    """A function that returns the products (h, w) of a vector (3,) and pixels' rays, scaled to depth 1."""
    if camera.distortion is not None:
        rays = box_rays(camera, box)
        return lambda row: np.asarray(rays @ row[:2] + row[2])
    x = (np.arange(box[0], box[2]) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(box[1], box[3]) + 0.5 - camera.cy) / camera.fy
    return lambda row: np.asarray(row[0] * x + (row[1] * y + row[2])[:, None])
