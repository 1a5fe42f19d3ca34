"""Furniture geometry of an open box with solid or wire walls."""

from dataclasses import dataclass

import numpy as np

from scenes.furnishing.furniture import CUBE, Part, cuboid
from scenes.furnishing.wire import panel
from scenes.geometry import Pose, Vec3, quaternion
from scenes.scene import IDENTITY, Array, UnplacedBody
from scenes.space import BoundingVolume
from scenes.spec import Region

LEVEL_RAD = 0.01
"""Crates tilted by less than this stand on the floor without a support."""


@dataclass(frozen=True, slots=True)
class Crate:
    """An open box of given size.

    The origin of its frame is the centre of the inner bottom; z points along the walls.

    Attributes:
        half_m: Half of the inner length (x) and of the inner width (y).
        height_m: Height of the walls above the inner bottom.
        thick_m: Thickness of walls and bottom.
        rim_m: Overhang of the rim; 0 is no rim.
        gap_m: Distance between neighbouring wires; None for solid walls.
        tilt_rad: Angle by which the end at +x is raised.
        turn_rad: Rotation of the whole crate about the vertical axis.
    """

    half_m: tuple[float, float]
    height_m: float
    thick_m: float
    rim_m: float
    gap_m: float | None
    tilt_rad: float
    turn_rad: float

    @property
    def volume_m3(self) -> float:
        """The inner volume."""
        return 4 * self.half_m[0] * self.half_m[1] * self.height_m

    @property
    def pose(self) -> Pose:
        """Pose of the crate in the world. The lowest edge of the tilted crate lies on the floor."""
        sine, cosine = np.sin(self.tilt_rad), np.cos(self.tilt_rad)
        tilted = np.array([[cosine, 0.0, -sine], [0.0, 1.0, 0.0], [sine, 0.0, cosine]])
        raised_m = (self.half_m[0] + self.thick_m) * sine + self.thick_m * cosine
        return self._turned.of(Pose((0.0, 0.0, float(raised_m)), quaternion(tilted)))

    @property
    def _turned(self) -> Pose:
        """The frame of the crate before tilting: rotated about z, with its origin on the floor."""
        half = self.turn_rad / 2
        return Pose((0.0, 0.0, 0.0), (0.0, 0.0, float(np.sin(half)), float(np.cos(half))))

    @property
    def region(self) -> Region:
        """The region in which objects must come to rest: the inside of the crate and the space above it.

        At the sides, it extends to the outer faces of the walls.
        """
        x, y = (half + self.thick_m for half in self.half_m)
        top_m = self.height_m + 10 * max(x, y)
        center = self.pose.of(Pose((0.0, 0.0, top_m / 2), IDENTITY.quat_xyzw))
        return Region(center, (x, y, top_m / 2))

    def place(self, unplaced: UnplacedBody) -> Array:
        """Samples a release position (2,) over the inner bottom, clear of the walls if the body fits.

        Consumes two random numbers.
        """
        (x0, x1), (y0, y1) = self._clear(unplaced.volume)
        x, y = x0 + (x1 - x0) * unplaced.rng.random(), y0 + (y1 - y0) * unplaced.rng.random()
        return self._turned.apply(np.array([[x, y, 0.0]]))[0, :2]

    def _clear(self, volume: BoundingVolume) -> tuple[tuple[float, float], tuple[float, float]]:
        """Computes the horizontal positions from which a body falls into the crate without hitting walls.

        Returns:
            (lowest x, highest x) and (lowest y, highest y) of the body's centre, in the crate's frame before
            the tilt. Both limits are 0 along an axis along which the body is too big for the crate.
        """
        sine, cosine, aside_m = np.sin(self.tilt_rad), np.cos(self.tilt_rad), volume.aside_m
        x_m, y_m = (half - aside_m for half in self.half_m)
        # A wall that leans inwards is nearest at its top; a wall that leans outwards is nearest at its
        # bottom.
        low, high = -x_m * cosine - aside_m * sine, x_m * cosine - self.height_m * sine
        along = (low, high) if low <= high else (0.0, 0.0)
        return along, ((-y_m, y_m) if y_m >= 0 else (0.0, 0.0))

    def lowest(self, x: float, y: float, volume: BoundingVolume) -> float:
        """Returns the smallest height of a body's centre at which it touches neither bottom nor walls.

        A body that is too big for the crate must be above the walls. Any other body may be between them.

        Args:
            x: World x of the centre, in metres.
            y: World y of the centre.
            volume: Bounds of the body.
        """
        local = self._turned.apply_inverse(np.array([[x, y, 0.0]]))[0]
        raised_m, tangent = self.pose.position_m[2], np.tan(self.tilt_rad)
        if (0.0, 0.0) in self._clear(volume):
            top_m = self.half_m[0] * np.sin(self.tilt_rad) + self.height_m * np.cos(self.tilt_rad)
            return float(raised_m + top_m + self.rim_m + volume.below_m)
        below_m = volume.below_m / np.cos(self.tilt_rad)
        return float(raised_m + local[0] * tangent + below_m + (not volume.round) * volume.aside_m * tangent)

    def parts(self) -> list[Part]:
        """All parts: bottom and walls, the rim if there is one, and the support of a tilted crate."""
        walls = self._solid() if self.gap_m is None else self._wire(self.gap_m)
        return [*walls, *(self._support() if self.tilt_rad > LEVEL_RAD else ())]

    def _solid(self) -> list[Part]:
        (x, y), z, thick_m = self.half_m, self.height_m, self.thick_m
        bottom = (-x - thick_m, -y - thick_m, -thick_m), (x + thick_m, y + thick_m, 0.0)
        boxes = [bottom, *_ring(x, y, (0.0, z), thick_m)]
        if self.rim_m:
            boxes += _ring(x + thick_m, y + thick_m, (z - self.rim_m, z), self.rim_m)
        return [(CUBE, *cuboid(low, high, self.pose)) for low, high in boxes]

    def _wire(self, gap_m: float) -> list[Part]:
        (x, y), z, out_m = self.half_m, self.height_m, self.thick_m / 2
        sides = [(_facing((0.0, 0.0, -out_m), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), 2 * x, 2 * y)]
        for sign in (-1.0, 1.0):
            end, side = (sign * (x + out_m), 0.0, z / 2), (0.0, sign * (y + out_m), z / 2)
            sides.append((_facing(end, (0.0, sign, 0.0), (0.0, 0.0, 1.0)), 2 * y, z))
            sides.append((_facing(side, (-sign, 0.0, 0.0), (0.0, 0.0, 1.0)), 2 * x, z))
        return [
            part
            for frame, length_m, width_m in sides
            for part in panel(self.pose.of(frame), length_m, width_m, gap_m)
        ]

    def _support(self) -> list[Part]:
        """A block on the floor below the raised end."""
        (x, y), thick_m = self.half_m, self.thick_m
        sine, cosine = np.sin(self.tilt_rad), np.cos(self.tilt_rad)
        near_m = float(0.75 * (x + thick_m) * cosine)
        # The underside of the bin passes through the floor at the lower edge.
        top_m = float((near_m + (x + thick_m) * cosine - thick_m * sine) * np.tan(self.tilt_rad))
        low, high = (near_m, -0.8 * y, 0.0), (near_m + 0.25 * x, 0.8 * y, top_m)
        return [(CUBE, *cuboid(low, high, self._turned))]


def _ring(x: float, y: float, z_m: tuple[float, float], wide_m: float) -> list[tuple[Vec3, Vec3]]:
    """Builds a frame of four cuboids, such as the walls of a box, around a rectangle centred at the origin.

    Args:
        x: Half side of the rectangle along x.
        y: Half side of the rectangle along y.
        z_m: Lowest and highest z of the cuboids.
        wide_m: Thickness of the frame, outwards from the rectangle.

    Returns:
        The lowest and the highest corner of each cuboid.
    """
    low, high = z_m
    return [
        ((-x - wide_m, -y - wide_m, low), (-x, y + wide_m, high)),
        ((x, -y - wide_m, low), (x + wide_m, y + wide_m, high)),
        ((-x, -y - wide_m, low), (x, -y, high)),
        ((-x, y, low), (x, y + wide_m, high)),
    ]


def _facing(center_m: Vec3, x_axis: Vec3, y_axis: Vec3) -> Pose:
    """Returns the pose that maps the origin to `center_m` and the x and y axes to the given unit vectors."""
    return Pose(center_m, quaternion(np.column_stack([x_axis, y_axis, np.cross(x_axis, y_axis)])))
