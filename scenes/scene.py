"""Settings and sampling common to all scene kinds: number, selection, size and colours of objects."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count as counting
from itertools import islice
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.images import DEFECTS
from scenes.assets.materials.sheet import metal_color
from scenes.assets.mesh import Mesh
from scenes.assets.stance import STANDING
from scenes.cameras.camera import ALL_ROUND, Viewpoints
from scenes.defects import DefectSettings
from scenes.geometry import Pose, Quat, quaternion, rotation
from scenes.looks import LookSettings, looks_in
from scenes.settings import IntRange, Kind, Positive, Share, ShareRange, Streams, uniform, uniform_int, within
from scenes.space import BoundingVolume, bounding_cylinder, bounding_sphere
from scenes.spec import Body, Look, SceneSpec, Surface

OBJECT_LOOK = LookSettings(saturation=(0.2, 1.0), value=(0.3, 1.0), textured=0.3)
COLLISION_MARGIN = 1.01
"""Scale factor on bounding volumes: PyBullet's collision shapes may extend 1 % beyond the mesh."""
DISTRACTOR_LOOK = LookSettings(textured=0.5)


IDENTITY = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
Array = NDArray[np.float64]


class BackgroundSettings(LookSettings):
    """Colours and textures of the background."""

    surface_kind: ClassVar[str] = "background"
    saturation: ShareRange = (0.0, 0.4)
    """Saturation of the colour: 0 is grey."""


class UnplacedBody(NamedTuple):
    """A body without a pose, and the random generator for its pose."""

    asset: Asset
    body: Body
    rng: np.random.Generator

    @property
    def radius_m(self) -> float:
        """Radius in metres of the body's bounding sphere about its centre of mass."""
        return self.asset.radius_m * self.body.largest_scale

    @property
    def volume(self) -> BoundingVolume:
        """Bounding volume of the body at release: a sphere, or a cylinder if it is released upright."""
        standing, scale = self.asset.standing, self.body.largest_scale * COLLISION_MARGIN
        if standing is None:
            return bounding_sphere(self.radius_m * COLLISION_MARGIN)
        return bounding_cylinder(scale * standing.aside_m, scale * standing.below_m, scale * standing.above_m)

    def random_rotation(self) -> Quat:
        """Samples a rotation: uniform, or only about the vertical axis if the body is released upright.

        Consumes three random numbers.
        """
        quat = random_quaternion(self.rng)
        if self.asset.standing is None:
            return quat
        return turned(rotation_about_z(quat), self.asset.stance)

    def at(self, center_m: Array, quat_xyzw: Quat) -> Body:
        """Returns the body with the given rotation and with its centre of mass at `center_m` (3,)."""
        center = np.array(self.body.axes) * np.array(self.asset.center_of_mass_m)
        return replace(self.body, pose=Pose.from_point_pair(center, center_m, quat_xyzw))


class Scene(Kind):
    """Base class of scene kinds, which sample scene specifications."""

    num_objects: Annotated[IntRange, within(0, 4000)] = (5, 12)
    """Number of labelled objects in a scene."""
    num_distractors: Annotated[IntRange, within(0, 1000)] = (0, 3)
    """Number of unlabelled objects in a scene, chosen from assets.distractors."""
    empty_share: Share = 0.02
    """Fraction of scenes without any labelled object, as negative examples."""
    size_jitter: Positive = (0.9, 1.1)
    """Random factor on the size of each object."""
    max_attempts: Annotated[int, Field(ge=1, le=1000)] = 10
    """Attempts before a scene fails; it is sampled again if objects do not fit or do not come to rest."""
    objects: LookSettings = OBJECT_LOOK
    """Colours and textures of objects whose category has `color: random`."""
    distractors: LookSettings = DISTRACTOR_LOOK
    """Colours and textures of distractors."""
    background: BackgroundSettings = BackgroundSettings()
    """Colours and textures of the background, which is visible behind everything else."""
    metallic: Share = 0.1
    """Fraction of objects and distractors with `color: random` that are bare metal, with a metal's colour."""
    roughness: ShareRange = (0.15, 0.8)
    """Roughness of each object and distractor: 0 has sharp highlights, 1 is matte."""
    defects: Annotated[dict[str, DefectSettings], Field(exclude_if=lambda defects: not defects)] = Field(
        default_factory=dict
    )
    """Defects and prints on objects, by category, such as {scratch: {kind: scratch}}; remove one with
    `~scene.defects.NAME`."""

    @abstractmethod
    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples the specification of one scene, before physics.

        Args:
            scene: Scene index from 0.
            split: The split that the scene belongs to.
            attempt: Number of earlier attempts at this scene that were rejected.
            catalogue: Assets and images to choose from.
            streams: Function that returns the random generator for a name or, if `body` is given, for a name
                and the index of a body.

        Raises:
            RejectedDraw: The sample cannot be used; the scene is sampled again with the next attempt number.
        """

    @property
    def needs_ground(self) -> bool:
        """Whether the scene depends on which part of the floor the cameras see."""
        return False

    def draw_over(
        self,
        ground_m: Array | None,
        scene: int,
        split: str,
        attempt: int,
        catalogue: Catalogue,
        streams: Streams,
    ) -> SceneSpec:
        """Samples the specification of one scene, for cameras that see a known part of the floor.

        Args:
            ground_m: Points (n, 2) on the floor, in metres, whose convex hull is the part that the views
                show; None if `needs_ground` is false.
            scene: See `draw`.
            split: See `draw`.
            attempt: See `draw`.
            catalogue: See `draw`.
            streams: See `draw`.
        """
        return self.draw(scene, split, attempt, catalogue, streams)

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """The furniture meshes, keyed by name. `Catalogue.furniture` contains an asset for each of them."""
        return {}

    @property
    def viewpoints(self) -> Viewpoints:
        """Viewpoints of cameras whose settings state none. By default, they are above, on all sides."""
        return ALL_ROUND

    @property
    def moved_by(self) -> str | None:
        """Name of the setting that makes bodies move during an exposure; None if they do not move."""
        return None

    @property
    def looks(self) -> dict[str, LookSettings]:
        """Returns a dict from the role of each surface to its appearance settings.

        The role is the dotted path of the field, such as `floor` or `table.legs`.
        """
        return dict(looks_in(self))

    @property
    def image_folders(self) -> dict[str, str | None]:
        """Returns a dict of image folders, with None for those that the settings leave open.

        The keys are the roles of the surfaces, such as `floor`, and `defects.NAME` for each defect category.
        """
        of_defects = {f"{DEFECTS}.{name}": defect.images for name, defect in self.defects.items()}
        return {role: look.images for role, look in self.looks.items()} | of_defects

    def _unplaced(self, catalogue: Catalogue, streams: Streams) -> Iterator[UnplacedBody]:
        """Yields all objects and then all distractors, without poses."""
        yield from islice(self._objects(catalogue, streams), self._number(streams))
        yield from self._distractors(catalogue, streams)

    def _number(self, streams: Streams) -> int:
        """Samples the number of labelled objects."""
        count = streams("count")
        number = uniform_int(count, self.num_objects)
        return 0 if count.random() < self.empty_share else number

    def _objects(self, catalogue: Catalogue, streams: Streams) -> Iterator[UnplacedBody]:
        """Yields an endless sequence of random labelled objects.

        Each body has its own random generators and so does not depend on the other bodies.
        """
        for index in counting():
            picks = streams("assets", body=index)
            asset, scale = catalogue.draw(picks)
            scale *= uniform(picks, self.size_jitter)
            look = self._look(asset, catalogue, streams("looks", body=index))
            roughness = uniform(streams("gloss", body=index), self.roughness)
            body = self._finished(asset, _body(asset, scale, look, roughness), streams("metal", body=index))
            yield UnplacedBody(asset, body, streams("poses", body=index))

    def _distractors(self, catalogue: Catalogue, streams: Streams) -> Iterator[UnplacedBody]:
        """Samples all distractors."""
        others = (
            uniform_int(streams("distractors"), self.num_distractors) if catalogue.distractor_groups else 0
        )
        for index in range(others):
            rng = streams("distractors", body=index)
            asset, scale = catalogue.draw(rng, distractor=True)
            scale *= uniform(rng, self.size_jitter)
            roughness = uniform(streams("distractor_gloss", body=index), self.roughness)
            body = _body(asset, scale, self._look(asset, catalogue, rng), roughness)
            yield UnplacedBody(
                asset, self._finished(asset, body, streams("distractor_metal", body=index)), rng
            )

    def _finished(self, asset: Asset, body: Body, rng: np.random.Generator) -> Body:
        """Returns the body, which is turned into bare metal at random.

        This happens with the probability `metallic`, and only if the asset gets random colours.
        """
        if not asset.recolored or rng.random() >= self.metallic:
            return body
        return replace(body, look=Look(metal_color(rng)), metallic=True)

    def _look(self, asset: Asset, catalogue: Catalogue, rng: np.random.Generator) -> Look:
        role, settings = (
            ("distractors", self.distractors) if asset.category is None else ("objects", self.objects)
        )
        drawn = settings.draw(rng, catalogue.album(role))
        return drawn if asset.recolored else Look(asset.color_rgb)

    def _background(self, catalogue: Catalogue, streams: Streams) -> Surface:
        rng = streams("background")
        look = self.background.draw(rng, catalogue.album("background"))
        return Surface(look, tile_m=1.0, turn_rad=float(rng.random() * 2 * np.pi))


def _body(asset: Asset, scale: float, look: Look, roughness: float) -> Body:
    return Body(asset.key, asset.category, scale, IDENTITY, look, friction=0.0, roughness=roughness)


def random_quaternion(rng: np.random.Generator) -> Quat:
    """Samples a uniformly distributed rotation (Shoemake 1992). Consumes three random numbers."""
    first, second, third = rng.random(3)
    a, b = np.sqrt(1 - first), np.sqrt(first)
    angles = 2 * np.pi * np.array([second, third])
    x, y, z, w = a * np.sin(angles[0]), a * np.cos(angles[0]), b * np.sin(angles[1]), b * np.cos(angles[1])
    return float(x), float(y), float(z), float(w)


def rotation_about_z(quat_xyzw: Quat) -> Quat:
    """The twist of a rotation about the vertical axis (swing-twist decomposition).

    If the rotations are distributed uniformly, the angles of their twists are too.
    """
    _, _, z, w = quat_xyzw
    length = float(np.hypot(z, w))
    return (0.0, 0.0, z / length, w / length) if length > 0 else (0.0, 0.0, 0.0, 1.0)


def turned(quat_xyzw: Quat, stance: Quat) -> Quat:
    """The rotation that applies `stance` first and then `quat_xyzw`."""
    if stance == STANDING:
        return quat_xyzw
    return quaternion(rotation(quat_xyzw) @ rotation(stance))


def random_disc(rng: np.random.Generator) -> Array:
    """Samples a point (2,) uniformly in the unit disc. Consumes two random numbers."""
    angle, reach = 2 * np.pi * rng.random(), np.sqrt(rng.random())
    return np.array([reach * np.cos(angle), reach * np.sin(angle)])


def random_in_ball(rng: np.random.Generator) -> Array:
    """Samples a point (3,) uniformly in the unit ball. Consumes three random numbers."""
    height, angle, reach = 2 * rng.random() - 1, 2 * np.pi * rng.random(), np.cbrt(rng.random())
    flat = np.sqrt(1 - height * height)
    return np.asarray(np.array([flat * np.cos(angle), flat * np.sin(angle), height]) * reach)
