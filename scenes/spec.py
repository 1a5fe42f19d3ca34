"""Specification of a random scene before physics, as plain numbers and names that a record can store.

World: metres, z up. Camera: OpenCV axes (x right, y down, z forward). Pixel edges, not centres, are at
integer coordinates.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.assets.images import Texture
from scenes.decal import Decal, NamedRegion
from scenes.geometry import Pose, Scale, Vec3, per_axis

Role = Literal["object", "distractor", "furniture"]
"""Objects are labelled; distractors and furniture are not. Cameras aim at objects and distractors."""


class RejectedDraw(Exception):
    """Raised if a random sample cannot be used; the scene is sampled again with the next attempt number.

    Attributes:
        reason: Short name under which rejections are counted: `no_place`, `unsettled`, `penetrating`, ...
    """

    def __init__(self, reason: str) -> None:
        """Stores the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Look:
    """Appearance of a surface: a colour with channels from 0 to 1, and a texture multiplied by it.

    A mesh keeps the colour and texture of its file if `color_rgb` and `texture` are None.

    Attributes:
        color_rgb: The colour.
        texture: The texture.
        offset_tiles: Texture coordinates, in tiles, at the surface's origin. Used on floor, walls, background
            and furniture, but not on other bodies. (0, 0) if the texture is a pattern.
    """

    color_rgb: Vec3 | None = None
    texture: Texture | None = None
    offset_tiles: Annotated[tuple[float, float], Field(exclude_if=lambda tiles: tiles == (0, 0))] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A mesh in a scene.

    Attributes:
        asset: Key of the asset, `name@hash`.
        category: Index in the list of categories, from 0; None unless the role is `object`.
        scale: Scale factor of the mesh.
        pose: Pose of the mesh frame in the world.
        look: Colour and texture.
        friction: Friction coefficient.
        roughness: 0 has sharp highlights, 1 is matte.
        role: `object`, `distractor` or `furniture`. An `object` without a category becomes a `distractor`.
            Records store the role of furniture only, as the category distinguishes the other two.
        fixed: If True, the physics simulation never moves the body.
        metallic: Whether the body is bare metal, which reflects its surroundings in its own colour.
        decals: Defects and images on its surface; later ones cover earlier ones. Empty unless the role is
            `object`.
        regions: Labelled regions of its mesh. Empty unless the role is `object`.
        tile_m: Side length of one tile of the texture, in metres. It is nonzero only for furniture, and used
            only for cuboids and discs. If it is 0, the texture coordinates of the mesh are used.

    Raises:
        ValueError: A distractor or a piece of furniture has a category, or a scale is not positive.
    """

    asset: str
    category: int | None
    scale: Scale
    pose: Pose
    look: Look
    friction: float
    roughness: float = 0.5
    role: Annotated[Role, Field(exclude_if=lambda role: role != "furniture")] = "object"
    fixed: Annotated[bool, Field(exclude_if=lambda fixed: not fixed)] = False
    metallic: Annotated[bool, Field(exclude_if=lambda metallic: not metallic)] = False
    decals: Annotated[tuple[Decal, ...], Field(exclude_if=lambda decals: not decals)] = ()
    regions: Annotated[tuple[NamedRegion, ...], Field(exclude_if=lambda regions: not regions)] = ()
    tile_m: Annotated[float, Field(exclude_if=lambda tile_m: not tile_m)] = 0.0

    def __post_init__(self) -> None:
        """Checks the values, and sets the role of distractors."""
        if self.category is None and self.role == "object":
            object.__setattr__(self, "role", "distractor")
        if self.category is not None and self.role != "object":
            raise ValueError(f"a body with the role {self.role} cannot have a category (got {self.category})")
        if min(self.axes) <= 0:
            raise ValueError(f"the scale of a body must be positive (got {self.scale})")

    @property
    def labelled(self) -> bool:
        """Whether masks and boxes are written for the body."""
        return self.role == "object"

    @property
    def on_surface(self) -> tuple[NamedRegion | Decal, ...]:
        """The regions, followed by the decals. Later ones cover earlier ones."""
        return (*self.regions, *self.decals)

    @property
    def axes(self) -> Vec3:
        """The scale factor along each axis of the mesh."""
        return per_axis(self.scale)

    @property
    def largest_scale(self) -> float:
        """The largest scale factor along an axis."""
        return max(self.axes)

    @property
    def proportions(self) -> Vec3:
        """The scale factor along each axis divided by the largest; (1, 1, 1) for uniform scales."""
        x, y, z = self.axes
        largest = max(x, y, z)
        return x / largest, y / largest, z / largest

    @property
    def volume_scale(self) -> float:
        """Volume of the body divided by the volume of the unscaled mesh."""
        x, y, z = self.axes
        return x * y * z if isinstance(self.scale, tuple) else self.scale**3

    def apply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transforms points (n, 3) from the mesh frame to the world."""
        return self.pose.apply(points_m * np.array(self.axes))


@dataclass(frozen=True, slots=True)
class Surface:
    """The floor, a wall or the background.

    Attributes:
        look: Colour and texture.
        tile_m: Side length of one texture tile on floor and walls.
        turn_rad: Rotation of the texture about the vertical axis; unused for walls.
        roughness: Roughness of the floor: 0 is a mirror, 1 is matte. If None, the floor has the
            roughness of the material that its texture shows; without such a material, it is matte.
    """

    look: Look
    tile_m: float
    turn_rad: float
    roughness: Annotated[float | None, Field(exclude_if=lambda roughness: roughness is None)] = None


@dataclass(frozen=True, slots=True)
class WallPlan:
    """The walls of a scene before physics, when their positions are not yet known.

    Each wall is at 90 degrees to the previous one.

    Attributes:
        surface: Appearance of all walls.
        turn_rad: Azimuth of the first wall, from +x towards +y.
        height_m: Height of all walls.
        gaps_m: For each wall, the gap to leave between the wall and the bodies at rest.
    """

    surface: Surface
    turn_rad: float
    height_m: float
    gaps_m: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """A vertical rectangle that stands on the floor. It is visible only from the side of the world origin.

    Attributes:
        surface: Appearance of the wall.
        azimuth_rad: Direction of the wall from the origin, from +x towards +y.
        distance_m: Distance of the wall plane from the origin.
        low_m, high_m: Where the wall begins and ends: coordinates along the unit vector `sideways()`, with 0
            at the origin.
        height_m: Height of the wall above the floor.
    """

    surface: Surface
    azimuth_rad: float
    distance_m: float
    low_m: float
    high_m: float
    height_m: float

    def outward(self) -> NDArray[np.float64]:
        """The horizontal unit vector (3,) from the origin towards the wall, perpendicular to the wall."""
        return np.array([np.cos(self.azimuth_rad), np.sin(self.azimuth_rad), 0.0])

    def sideways(self) -> NDArray[np.float64]:
        """The horizontal unit vector (3,) along the wall, from its low end to its high end."""
        return np.array([-np.sin(self.azimuth_rad), np.cos(self.azimuth_rad), 0.0])


@dataclass(frozen=True, slots=True)
class Region:
    """A cuboid in the world, such as the inside of a bin.

    Attributes:
        pose: Pose of the cuboid's frame, which has its origin at the centre and its axes along the sides.
        half_m: Half side lengths.
        is_round: Whether the region is the upright elliptic cylinder inscribed in the cuboid, such as above a
            round table.
    """

    pose: Pose
    half_m: Vec3
    is_round: Annotated[bool, Field(exclude_if=lambda is_round: not is_round)] = False

    def contains(self, points_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Returns, as bool (n,), whether each world point (n, 3) is inside the region."""
        shares = np.abs(self.pose.apply_inverse(points_m)) / self.half_m
        beside = np.hypot(shares[:, 0], shares[:, 1]) if self.is_round else shares[:, :2].max(axis=1)
        return np.asarray(np.maximum(beside, shares[:, 2]) <= 1)


@dataclass(frozen=True, slots=True)
class Physics:
    """Parameters of the physics simulation.

    Attributes:
        gravity_m_s2: Downward acceleration.
        time_step_s: Length of one simulation step.
        max_seconds: Simulated time for the bodies to come to rest. After that, a pile is rejected; other
            scenes get a second run of the same length before they are rejected.
        bounds_m: Largest permitted absolute coordinate of a body; a body beyond it has left the scene.
        region: Region that must contain the centre of mass of each body at rest; None for no restriction.
            Nothing falls through the bottom of the region.
        pile: Whether many bodies lie on each other. If so, the contact solver uses more iterations, and the
            bodies are damped.
    """

    gravity_m_s2: float
    time_step_s: float
    max_seconds: float
    bounds_m: float
    region: Annotated[Region | None, Field(exclude_if=lambda region: region is None)] = None
    pile: Annotated[bool, Field(exclude_if=lambda pile: not pile)] = False


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One random scene. If `physics` is None, the bodies keep their poses; otherwise they fall.

    `drift_m` is the world vector by which all settled bodies move during an exposure; None if they do not
    move.
    """

    scene: int
    split: str
    attempt: int
    bodies: tuple[Body, ...]
    floor: Surface | None
    background: Surface
    physics: Physics | None
    room: WallPlan | None = None
    drift_m: Annotated[Vec3 | None, Field(exclude_if=lambda drift: drift is None)] = None
