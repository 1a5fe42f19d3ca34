"""Computes the shadows of a settled scene under a light; results that several shots share are cached."""

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from scenes.assets.images import CACHED_PANORAMAS, Pictures
from scenes.shot import Light
from scenes.spec import SceneSpec, Wall
from sim.meshfiles import MeshFiles
from sim.render.cache import LastResult
from sim.render.lighting.environment import environment_light, environment_map
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.lit import Lit, LitLamp, SampledScene, ShadowMaps
from sim.render.lighting.points import Cloud, PointClouds
from sim.render.lighting.sky import Sky, sky_directions
from sim.render.lighting.sun import soft_shadow
from sim.render.lighting.surfaces import mean_albedo
from sim.render.lighting.wall_occlusion import between_walls
from sim.settled import Settled

DENSE_PX, DENSE = 256, 1.25
"""Shadow maps of up to `DENSE_PX` pixels a side have no holes even if one body fills them. In larger maps,
the smallest point spacing (`PointClouds.finest_m`) spans at most `DENSE` texels."""


class Illumination:
    """Computes the illumination of settled scenes.

    Args:
        pictures: Loads the environment maps.
        files: The mesh files.
        maps: Number and size of shadow maps.
    """

    def __init__(self, pictures: Pictures, files: MeshFiles, maps: ShadowMaps) -> None:
        """Starts with empty caches."""
        self._files, self._clouds, self._maps = files, PointClouds(files), maps
        self._albedo = lru_cache(16)(partial(mean_albedo, pictures))
        self.sampled = LastResult(self._sampled)
        self._environment_map = lru_cache(CACHED_PANORAMAS)(
            lambda source: environment_map(pictures.panorama(source))
        )

    def resolved(self, light: Light, scene: SampledScene | None) -> Light:
        """The light with its environment map loaded; a light without a map is returned unchanged."""
        if light.environment is None:
            return light
        directions = (
            sky_directions(self._maps.sky_directions, below=False) if scene is None else scene.sky.directions
        )
        return environment_light(light, self._environment_map(light.environment.source), directions)

    def lit(self, spec: SceneSpec, scene: SampledScene | None, light: Light, walls: tuple[Wall, ...]) -> Lit:
        """Computes the shadows of a scene under a light, and returns the scene with these shadows.

        Args:
            spec: The scene.
            scene: Points sampled on the scene; None if it has neither bodies nor walls.
            light: The light, with intensities scaled by the exposure of the shot.
            walls: Walls that face the camera; other walls neither occlude nor reflect light.
        """
        if scene is None:
            alone = tuple(LitLamp(one, None) for one in light.suns)
            return Lit(spec, light, None, None, None, alone, self._albedo(spec.floor))
        points_m, sky, side_px = scene.cloud.points_m, scene.sky, scene.maps.sun_map_px
        lamps = tuple(LitLamp(one, soft_shadow(points_m, one, side_px)) for one in light.suns)
        floor = None if sky.floor is None else FloorLight(sky.on_floor(light), sky)
        lit = Lit(spec, light, scene, sky, floor, lamps, self._albedo(spec.floor))
        return between_walls(walls, lit) if walls else lit

    def _sampled(self, settled: Settled) -> SampledScene | None:
        """Samples points on a scene; returns None if it has neither bodies nor walls."""
        spec = settled.spec
        if not spec.bodies:
            return self._without_bodies(spec) if settled.walls else None
        hulls = np.concatenate([self._files.hull(body) for body in spec.bodies])
        size_m = float(np.ptp(hulls, axis=0).max())
        maps = self._maps.at_most(max(DENSE_PX, int(DENSE * size_m / self._clouds.finest_m(spec))))
        coarse = self._clouds.scene(spec, size_m / maps.sky_map_px)
        cloud = self._clouds.scene(spec, size_m / maps.sun_map_px)
        return SampledScene(cloud, self._curved(cloud, spec), _sky(coarse, maps, spec), maps)

    def _curved(self, cloud: Cloud, spec: SceneSpec) -> Cloud:
        """Returns points on the curved surfaces of the objects in a scene.

        If the scene has objects and furniture, the objects are sampled again without the furniture, so that
        the points are dense enough. Otherwise, the points are taken from `cloud`.
        """
        objects = tuple(body for body in spec.bodies if body.role != "furniture")
        if not objects or len(objects) == len(spec.bodies):
            return cloud.curved_points()
        hulls = np.concatenate([self._files.hull(body) for body in objects])
        spacing_m = float(np.ptp(hulls, axis=0).max()) / self._maps.sun_map_px
        return self._clouds.scene(replace(spec, bodies=objects), spacing_m).curved_points()

    def _without_bodies(self, spec: SceneSpec) -> SampledScene:
        """Samples of a scene with walls but no bodies: one point below the floor, which casts no shadow."""
        cloud = Cloud(
            np.array([[0], [0], [-1e-3]], np.float32),
            np.array([[0], [0], [1]], np.float32),
            np.array([False]),
            1.0,
        )
        return SampledScene(cloud, cloud, _sky(cloud, self._maps, spec), self._maps)


def _sky(cloud: Cloud, maps: ShadowMaps, spec: SceneSpec) -> Sky:
    return Sky(cloud.points_m, maps.sky_directions, maps.sky_map_px, spec.floor is not None)
