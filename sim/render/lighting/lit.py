"""Data classes that describe a scene lit for a shot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from scenes.spec import SceneSpec
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.points import Cloud
from sim.render.lighting.sky import Sky
from sim.render.lighting.sun import SoftShadow


@dataclass(frozen=True, slots=True)
class ShadowMaps:
    """Number and size of the shadow maps.

    Attributes:
        sky_directions: Number of directions of the sky for which a shadow map is rendered.
        sky_map_px: Side in pixels of the shadow map for each direction of the sky.
        sun_map_px: Side in pixels of the shadow maps of sun and lamps.
    """

    sky_directions: int
    sky_map_px: int
    sun_map_px: int

    def at_most(self, side_px: int) -> "ShadowMaps":
        """Returns a copy in which the sides of the maps are at most `side_px`."""
        sky_px, sun_px = min(self.sky_map_px, side_px), min(self.sun_map_px, side_px)
        return ShadowMaps(self.sky_directions, sky_px, sun_px)


@dataclass(frozen=True, slots=True, eq=False)
class SampledScene:
    """Points on the surfaces of a scene, and other data for lighting that does not depend on the light.

    Attributes:
        cloud: Points on the bodies, for the shadow maps of sun and lamps.
        normal_cloud: Points on curved surfaces, for computing smooth normals.
        sky: How much of the sky the bodies hide from each other.
        maps: Number and size of the shadow maps.
    """

    cloud: Cloud
    normal_cloud: Cloud
    sky: Sky
    maps: ShadowMaps


@dataclass(frozen=True, slots=True, eq=False)
class LitLamp:
    """A directional light over a scene: the sun or a lamp.

    Attributes:
        light: A `Light` whose sun is this lamp. The sky of this `Light` is black, except for the sun itself.
        shadow: The light's shadows; None in a scene with neither bodies nor walls.
    """

    light: Light
    shadow: SoftShadow | None


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A scene lit for a shot; it does not depend on the camera.

    Attributes:
        spec: The scene.
        light: The light at the exposure of the shot.
        scene: Data that does not depend on the light; None if the scene has neither bodies nor walls.
        sky: How much of the sky bodies and walls hide from each other; None if there are neither.
        floor: Light of the sky that reaches the floor; None without a floor, or without bodies and walls.
        lamps: The sun, then the lamps.
        floor_albedo: (3,) mean albedo of the floor, for the light it reflects; zeros without a floor.
    """

    spec: SceneSpec
    light: Light
    scene: SampledScene | None
    sky: Sky | None
    floor: FloorLight | None
    lamps: tuple[LitLamp, ...]
    floor_albedo: NDArray[np.float32]
