"""The scene kind `scatter`: objects stand at their sampled positions on the floor, without physics."""

from functools import partial
from typing import Literal, Self

import cv2
import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.floor import FloorSettings
from scenes.geometry import Quat
from scenes.placing.footprint import Array, area_m2
from scenes.placing.places import ClusterSettings, Sampler, even_distance_m, points_in, rectangle
from scenes.placing.standing import Plot
from scenes.scene import Scene, UnplacedBody, random_quaternion, turned
from scenes.settings import Positive, Range, ShareRange, Streams, length_m, uniform
from scenes.spec import RejectedDraw, SceneSpec
from scenes.walls import WallSettings

MAX_BODIES = 4000
"""Largest number of objects that `density_m2` may result in, equal to the limit of `num_objects`."""


class Scatter(Scene):
    """Objects stand on the floor where they are put, without physics: trees, cars, people, plants."""

    kind: Literal["scatter"] = "scatter"
    density_m2: Positive | None = None
    """Number of objects per m² of the region, in place of num_objects; null uses num_objects."""
    region: Literal["rectangle", "view"] = "rectangle"
    """Where objects stand: rectangle (around the origin) or view (visible ground; camera=overhead only)."""
    width: Positive = (4.0, 8.0)
    """Side of the rectangle along x, in multiples of the typical object size."""
    width_m: Positive | None = None
    """Side along x in metres, in place of width; null uses width."""
    depth: Positive = (4.0, 8.0)
    """Side of the rectangle along y, in multiples of the typical object size."""
    depth_m: Positive | None = None
    """Side along y in metres, in place of depth; null uses depth."""
    layout: Literal["random", "even", "clusters"] = "random"
    """Positions of objects: random (independent), even (Poisson disc sampling), or clusters."""
    spacing_m: Positive | None = None
    """Minimum distance in the even layout, in metres; null computes it from object count and region."""
    clusters: ClusterSettings = ClusterSettings()
    """Clusters of objects, if `layout` is clusters."""
    overlap: ShareRange = (0.0, 0.0)
    """Fraction of the smaller of two footprints that the other may cover; above 0, objects may intersect."""
    upright: bool = True
    """Whether objects stand upright, turned about the vertical only; false puts them down in any pose."""
    turn_deg: Range = (0.0, 360.0)
    """Rotation of upright objects about the vertical, in degrees."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the objects, and their colours and textures."""

    @property
    def needs_ground(self) -> bool:
        """Whether the scene depends on which part of the floor the cameras see."""
        return self.region == "view"

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene like `draw_over`, with the objects in a rectangle instead of the visible floor."""
        return self.draw_over(None, scene, split, attempt, catalogue, streams)

    def draw_over(
        self,
        ground_m: Array | None,
        scene: int,
        split: str,
        attempt: int,
        catalogue: Catalogue,
        streams: Streams,
    ) -> SceneSpec:
        """Samples a scene in which the lowest point of each body touches the floor.

        Raises:
            RejectedDraw: `no_place` if a body has no free position, `too_many` if the density results in more
                than `MAX_BODIES` objects.
        """
        unit_m, rng = catalogue.typical_size_m, streams("places")
        region_m = self._region(rng, unit_m, ground_m)
        overlap, fraction = uniform(rng, self.overlap), rng.random()
        unplaced = list(self._counted(region_m, fraction)._unplaced(catalogue, streams))
        place, distance_m = self._layout(rng, region_m, len(unplaced), unit_m)
        plot = Plot(region_m, place, distance_m, overlap)
        bodies = plot.bodies(unplaced, [self._rotation(body) for body in unplaced])
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        background = self._background(catalogue, streams)
        return SceneSpec(scene, split, attempt, bodies, floor, background, None, room)

    def _region(self, rng: np.random.Generator, unit_m: float, ground_m: Array | None) -> Array:
        """Samples the corners (k, 2) of the convex region for objects; consumes two random numbers."""
        width_m = length_m(rng, self.width, self.width_m, unit_m)
        region_m = rectangle(width_m, length_m(rng, self.depth, self.depth_m, unit_m))
        if not self.needs_ground:
            return region_m
        assert ground_m is not None, "the recipe allows only cameras that know what they show"
        return np.asarray(cv2.convexHull(ground_m.astype(np.float32))[:, 0], np.float64)

    def _counted(self, region_m: Array, fraction: float) -> Self:
        """Returns the settings, with `num_objects` computed from the density if a density is given.

        Args:
            region_m: Corners (k, 2) of the region.
            fraction: Random number in [0, 1) that is added before rounding down (stochastic rounding).
        """
        if self.density_m2 is None:
            return self
        low, high = (int(density * area_m2(region_m) + fraction) for density in self.density_m2)
        if high > MAX_BODIES:
            raise RejectedDraw("too_many")
        return self.model_copy(update={"num_objects": (low, high)})

    def _layout(
        self, rng: np.random.Generator, region_m: Array, number: int, unit_m: float
    ) -> tuple[Sampler, float]:
        """Returns the position sampler, and the minimum distance between positions in metres."""
        if self.layout == "clusters":
            return self.clusters.sampler(rng, region_m, unit_m), 0.0
        anywhere = partial(points_in, region_m)
        if self.layout == "random":
            return anywhere, 0.0
        spacing_m = uniform(rng, self.spacing_m or (0.0, 0.0))
        return anywhere, spacing_m or even_distance_m(area_m2(region_m), number)

    def _rotation(self, body: UnplacedBody) -> Quat:
        """Samples the rotation of a body; consumes four random numbers."""
        angle, anyhow = np.radians(uniform(body.rng, self.turn_deg)) / 2, random_quaternion(body.rng)
        if not self.upright:
            return anyhow
        return turned((0.0, 0.0, float(np.sin(angle)), float(np.cos(angle))), body.asset.stance)
