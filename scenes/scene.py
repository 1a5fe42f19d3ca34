"""What all kinds of scenes share: how many objects, which, how large, in what colours."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.mesh import Mesh
from scenes.geometry import Pose, Quat
from scenes.looks import LookSettings, looks_in
from scenes.settings import IntRange, Kind, Positive, Share, ShareRange, Streams, uniform, uniform_int, within
from scenes.space import Space, ball, cylinder
from scenes.spec import Body, Look, SceneSpec, Surface

OBJECT_LOOK = LookSettings(saturation=(0.2, 1.0), value=(0.3, 1.0), textured=0.3)
CLEARANCE = 1.01
"""What physics knows a mesh as may reach a hundredth further."""
DISTRACTOR_LOOK = LookSettings(textured=0.5)


NOWHERE = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
Array = NDArray[np.float64]


class Loose(NamedTuple):
    """A body that has no place yet, and the generator to draw one from."""

    asset: Asset
    body: Body
    rng: np.random.Generator

    @property
    def radius_m(self) -> float:
        """The radius about the centre of mass that holds the body."""
        return self.asset.radius_m * self.body.largest_scale

    @property
    def space(self) -> Space:
        """What it takes up while it falls: a sphere, or a cylinder where it stands."""
        standing, scale = self.asset.standing, self.body.largest_scale * CLEARANCE
        if standing is None:
            return ball(self.radius_m * CLEARANCE)
        return cylinder(scale * standing.aside_m, scale * standing.below_m, scale * standing.above_m)

    def turned(self) -> Quat:
        """A rotation from three draws: any, or about the vertical only for what stands."""
        quat = random_quaternion(self.rng)
        return quat if self.asset.standing is None else heading(quat)

    def at(self, center_m: Array, quat_xyzw: Quat) -> Body:
        """The body with its centre of mass (3,) at a point."""
        center = np.array(self.body.axes) * np.array(self.asset.center_of_mass_m)
        return replace(self.body, pose=Pose.putting(center, center_m, quat_xyzw))


class Scene(Kind):
    """A kind of scene: draws specs from a seed."""

    num_objects: Annotated[IntRange, within(0, 4000)] = (5, 12)
    """Labelled objects in a scene."""
    num_distractors: Annotated[IntRange, within(0, 1000)] = (0, 3)
    """Unlabelled objects in a scene; they come from assets.distractors."""
    empty_share: Share = 0.02
    """Share of scenes without any labelled object, on purpose."""
    size_jitter: Positive = (0.9, 1.1)
    """Factor on the size of each object."""
    max_attempts: Annotated[int, Field(ge=1, le=1000)] = 10
    """Draws before a scene is given up: what does not fit or does not come to rest is drawn anew."""
    objects: LookSettings = OBJECT_LOOK
    """Colours and textures of objects whose category has `color: random`."""
    distractors: LookSettings = DISTRACTOR_LOOK
    """Colours and textures of distractors."""
    background: LookSettings = LookSettings()
    """What is seen behind everything."""
    roughness: ShareRange = (0.15, 0.8)
    """Roughness of each object and distractor: 0 mirrors lights, 1 is dull."""

    @abstractmethod
    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """The scene under an index.

        Args:
            scene: Scene index from 0.
            split: The split that the scene belongs to.
            attempt: How many draws were rejected before.
            catalogue: What to draw from.
            streams: `streams(name, body=...)` gives each draw its own generator.

        Raises:
            RejectedDraw: An unlucky draw.
        """

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """The meshes that furniture is made of, by name; `Catalogue.furniture` has an asset of each."""
        return {}

    @property
    def looks(self) -> dict[str, LookSettings]:
        """For each role of a surface, which is the path of its field, what it may look like."""
        return dict(looks_in(self))

    @property
    def image_folders(self) -> dict[str, str | None]:
        """For each role of a surface the folder that its images come from."""
        return {role: look.images for role, look in self.looks.items()}

    def _loose(self, catalogue: Catalogue, streams: Streams) -> Iterator[Loose]:
        """The bodies with everything but their place; each body's draws are its own."""
        count = streams("count")
        number = uniform_int(count, self.num_objects)
        if count.random() < self.empty_share:
            number = 0
        for index in range(number):
            picks = streams("assets", body=index)
            asset, scale = catalogue.draw(picks)
            scale *= uniform(picks, self.size_jitter)
            look = self._look(asset, catalogue, streams("looks", body=index))
            roughness = uniform(streams("gloss", body=index), self.roughness)
            yield Loose(asset, _body(asset, scale, look, roughness), streams("poses", body=index))
        others = (
            uniform_int(streams("distractors"), self.num_distractors) if catalogue.distractor_groups else 0
        )
        for index in range(others):
            rng = streams("distractors", body=index)
            asset, scale = catalogue.draw(rng, distractor=True)
            scale *= uniform(rng, self.size_jitter)
            roughness = uniform(streams("distractor_gloss", body=index), self.roughness)
            yield Loose(asset, _body(asset, scale, self._look(asset, catalogue, rng), roughness), rng)

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
    return Body(asset.key, asset.category, scale, NOWHERE, look, friction=0.0, roughness=roughness)


def random_quaternion(rng: np.random.Generator) -> Quat:
    """A rotation, uniform over all of them (Shoemake 1992); three draws."""
    first, second, third = rng.random(3)
    a, b = np.sqrt(1 - first), np.sqrt(first)
    angles = 2 * np.pi * np.array([second, third])
    x, y, z, w = a * np.sin(angles[0]), a * np.cos(angles[0]), b * np.sin(angles[1]), b * np.cos(angles[1])
    return float(x), float(y), float(z), float(w)


def heading(quat_xyzw: Quat) -> Quat:
    """The part of a rotation that is about the vertical (its twist); uniform if the rotation is."""
    _, _, z, w = quat_xyzw
    length = float(np.hypot(z, w))
    return (0.0, 0.0, z / length, w / length) if length > 0 else (0.0, 0.0, 0.0, 1.0)


def random_disc(rng: np.random.Generator) -> Array:
    """A point (2,) of the unit disc, uniformly; two draws."""
    angle, reach = 2 * np.pi * rng.random(), np.sqrt(rng.random())
    return np.array([reach * np.cos(angle), reach * np.sin(angle)])


def random_in_ball(rng: np.random.Generator) -> Array:
    """A point (3,) of the unit ball, uniformly; three draws."""
    height, angle, reach = 2 * rng.random() - 1, 2 * np.pi * rng.random(), np.cbrt(rng.random())
    flat = np.sqrt(1 - height * height)
    return np.asarray(np.array([flat * np.cos(angle), flat * np.sin(angle), height]) * reach)
