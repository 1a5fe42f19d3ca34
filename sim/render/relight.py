"""Pictures lit by us: colours, depth and ids from the renderer; sun, sky, floor and camera from here."""

from dataclasses import dataclass, replace
from functools import lru_cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import KEPT_PANORAMAS, Pictures
from scenes.geometry import Vec3
from scenes.shot import Camera, Light, Shot
from scenes.spec import SceneSpec, Surface, Wall
from sim.boxes import slices
from sim.meshfiles import MeshFiles
from sim.render.compose import Composer, Floats
from sim.render.last import Last
from sim.render.lighting.albedo import paint
from sim.render.lighting.bodies import Pixels, body_pixels, material_of, paint_bodies
from sim.render.lighting.environment import EnvironmentLight, balance, environment_light, environment_map
from sim.render.lighting.floor import FloorLight, floor_colors, floor_picture, light_on_floor
from sim.render.lighting.lamps import LitLamp, add_lamps, lamps_over
from sim.render.lighting.points import Cloud, PointClouds
from sim.render.lighting.room import inside_walls, lamps_inside_walls
from sim.render.lighting.sky import Sky, color_of, sky_directions
from sim.render.lighting.sun import Sun, sun_over
from sim.render.lighting.surfaces import tint
from sim.render.lighting.walls import paint_walls
from sim.render.raster.gbuffer import GBuffer, RejectedView, Renderer
from sim.render.raster.planes import facing
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.render.sensor.lens import through
from sim.render.sensor.motion import other_instants
from sim.render.sensor.tone import tone_map
from sim.settle import Settled

Image = NDArray[np.uint8]

WHITE_AT = 0.8
"""Light that a white sheet on the floor sends to the camera as metered; 1 is white in the picture."""
METERED, METERING, GAINS = 0.25, 0.4, (0.6, 1.8)
"""A camera makes dark scenes brighter and bright ones darker: part of the way to this mean."""
METER_PX = 8
HANGS_IN_SUN = 0.5
"""Share of the sun's light that falls on the background."""


@dataclass(frozen=True, slots=True, eq=False)
class LitScene:
    """What of the light does not depend on the shot: points on the bodies, and the sky they leave.

    Attributes:
        cloud: Points for the sun's shadows.
        fewer: Half of those on curved surfaces, for normals.
        sky: What bodies leave of it.
    """

    cloud: Cloud
    fewer: Cloud
    sky: Sky


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A scene in the light of a shot, wherever the camera is; without bodies there is nothing but light."""

    light: Light
    scene: LitScene | None
    sky: Sky | None
    sun: Sun | None
    floor_light: FloorLight | None
    lamps: tuple[LitLamp, ...]


class RelitComposer(Composer):
    """Lights the scene with a sun, a sky and the floor's reflection.

    Args:
        pictures: Textures.
        files: Meshes.
        sky_directions: From how many directions the sky is looked at.
        sky_map_px: Side of the map from each.
        sun_map_px: Side of the sun's map.
        smooth_edges: Whether the picture's edges are antialiased; masks never are.
    """

    relights = True

    def __init__(
        self,
        pictures: Pictures,
        files: MeshFiles,
        sky_directions: int,
        sky_map_px: int,
        sun_map_px: int,
        smooth_edges: bool,
    ) -> None:
        """Looks at no scene yet."""
        super().__init__(pictures)
        self._files, self._clouds = files, PointClouds(files)
        self._sky_directions, self._sky_map_px = sky_directions, sky_map_px
        self._sun_map_px, self._smooth_edges = sun_map_px, smooth_edges
        self._scene = Last(self._look_at)
        self._pixels, self._coat = Last(body_pixels), Last(material_of)
        self._environment_map = lru_cache(KEPT_PANORAMAS)(
            lambda source: environment_map(pictures.panorama(source))
        )
        self._floor_colors = Last(partial(floor_colors, self.surfaces))

    def paint(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, seen: Visibility
    ) -> Image:
        """The image (H, W, 3) of what is seen."""
        lit = self._lit(settled, shot.light, seen.walls)
        picture, pixels = self._taken(gbuffer, settled.spec, shot.camera, lit, seen)
        gain = _gain(picture)
        if shot.lens is not None or shot.motion is not None:
            picture = self._exposed(renderer, settled, shot, lit, picture, seen)
        image = tone_map(picture, gain)
        return _antialiased(image, seen, pixels) if self._smooth_edges else image

    def _lit(self, settled: Settled, drawn: Light, walls: tuple[Wall, ...]) -> Lit:
        """A scene in a light, between the walls that a camera sees."""
        scene = self._scene(settled)
        light = metered(self._surrounded(drawn, scene))
        if scene is None:
            return Lit(light, None, None, None, None, lamps_over(None, light, 0, None))
        points_m, sky = scene.cloud.points_m, scene.sky
        sun = sun_over(points_m, light, self._sun_map_px)
        if not walls:
            floor_light = light_on_floor(light, sky, sun)
            return Lit(
                light,
                scene,
                sky,
                sun,
                floor_light,
                lamps_over(points_m, light, self._sun_map_px, floor_light),
            )
        sun, sky, floor_light = inside_walls(walls, settled.spec, light, sun, sky)
        lamps = lamps_over(points_m, light, self._sun_map_px, floor_light)
        return Lit(light, scene, sky, sun, floor_light, lamps_inside_walls(walls, lamps))

    def _taken(
        self, gbuffer: GBuffer, spec: SceneSpec, camera: Camera, lit: Lit, seen: Visibility
    ) -> tuple[Floats, Pixels | None]:
        """The light (H, W, 3) that a pinhole camera takes in an instant, and the pixels of bodies."""
        light, sky, sun, floor_light = lit.light, lit.sky, lit.sun, lit.floor_light
        picture = self._behind(spec, camera, light, seen, floor_light, lit.lamps)
        if lit.scene is None or sky is None or sun is None:
            return picture, None
        if seen.walls:
            paint_walls(picture, self.surfaces, spec, camera, light, seen, sky, sun, floor_light, lit.lamps)
        pixels = self._pixels(camera, seen, lit.scene.fewer)
        if pixels is not None:
            material = self._coat(gbuffer, spec, camera, pixels)
            paint_bodies(picture, material, spec.floor, light, pixels, sky, sun, floor_light)
            if lit.lamps:
                add_lamps(picture, material, spec.floor, pixels, lit.lamps)
        return picture, pixels

    def _exposed(
        self, renderer: Renderer, settled: Settled, shot: Shot, lit: Lit, picture: Floats, seen: Visibility
    ) -> Floats:
        """The light (H, W, 3) through the lens, the mean of all instants; the middle one is there already."""
        middle = through(shot.lens, shot.camera, picture, seen.depth_m)
        if shot.motion is None:
            return middle
        spec, total = settled.spec, middle.copy()
        for camera in other_instants(shot.camera, shot.motion):
            try:
                gbuffer = renderer.rasterise(settled, replace(shot, camera=camera))
            except RejectedView:  # labels are those of the middle, which stands in for what cannot be drawn
                total += middle
                continue
            there = resolve_visibility(gbuffer, camera, spec.floor is not None, facing(seen.walls, camera))
            light, _ = self._taken(gbuffer, spec, camera, lit, there)
            total += through(shot.lens, camera, light, there.depth_m)
        return total * np.float32(1 / shot.motion.frames)

    def _look_at(self, settled: Settled) -> LitScene | None:
        """The scene's own part of the light."""
        spec = settled.spec
        if not spec.bodies:
            return self._look_at_nothing(spec) if settled.walls else None
        hulls = np.concatenate([self._files.hull(body) for body in spec.bodies])
        size_m = float(np.ptp(hulls, axis=0).max())
        coarse = self._clouds.scene(spec, size_m / self._sky_map_px)
        sky = Sky(coarse.points_m, self._sky_directions, self._sky_map_px, spec.floor is not None)
        cloud = self._clouds.scene(spec, size_m / self._sun_map_px)
        return LitScene(cloud, cloud.bent(), sky)

    def _look_at_nothing(self, spec: SceneSpec) -> LitScene:
        """A scene that has walls only: as if there were one point, below the floor."""
        cloud = Cloud(
            np.array([[0], [0], [-1e-3]], np.float32),
            np.array([[0], [0], [1]], np.float32),
            np.array([False]),
            1.0,
        )
        sky = Sky(cloud.points_m, self._sky_directions, self._sky_map_px, spec.floor is not None)
        return LitScene(cloud, cloud, sky)

    def _surrounded(self, light: Light, scene: LitScene | None) -> Light:
        """The light with the picture of all around that it names, if it does."""
        if light.environment is None:
            return light
        directions = (
            sky_directions(self._sky_directions, below=False) if scene is None else scene.sky.directions
        )
        return environment_light(light, self._environment_map(light.environment.source), directions)

    def _behind(
        self,
        spec: SceneSpec,
        camera: Camera,
        light: Light,
        seen: Visibility,
        floor_light: FloorLight | None,
        lamps: tuple[LitLamp, ...],
    ) -> Floats:
        """Floor and background (H, W, 3), as light."""
        if spec.floor is None or seen.plane_m is None:
            return self._background(spec.background, camera, light)
        colors = self._floor_colors(spec.floor, camera, seen.plane_m)
        picture = floor_picture(colors, spec.floor, light, floor_light)
        for lamp in lamps:
            picture += floor_picture(colors, spec.floor, lamp.light, lamp.floor_light)
        background = np.isinf(seen.depth_m)
        if not background.any():
            return picture
        far = self._background(spec.background, camera, light)
        return np.asarray(cv2.copyTo(far, background.view(np.uint8), picture), np.float32)

    def _background(self, surface: Surface, camera: Camera, light: Light) -> Floats:
        """What is behind everything, (H, W, 3): it hangs in the sky's light and a part of the sun's."""
        if isinstance(light, EnvironmentLight) and light.environment is not None and light.environment.seen:
            return light.behind(camera)
        sun = np.float32(HANGS_IN_SUN * light.diffuse) * np.array(light.color_rgb, np.float32)
        strength = color_of(light) + sun
        for lamp in light.lamps:
            strength += np.float32(HANGS_IN_SUN * lamp.diffuse) * np.array(lamp.color_rgb, np.float32)
        color = self.surfaces.background(surface, camera)
        if color is None:
            return np.full((camera.height, camera.width, 3), strength * tint(surface), np.float32)
        return paint(color, surface.look.color_rgb) * strength


def metered(light: Light) -> Light:
    """The light as the camera takes it: a free floor is well exposed, but for `exposure_ev` and `warmth`."""
    level = light.ambient + light.diffuse * light.direction[2]
    level += sum(lamp.diffuse * lamp.direction[2] for lamp in light.lamps)
    gain = WHITE_AT * 2**light.exposure_ev / max(level, 1e-3)
    warm = partial(_warm, light.warmth)
    return replace(
        light,
        ambient=light.ambient * gain,
        diffuse=light.diffuse * gain,
        color_rgb=warm(light.color_rgb),
        sky_rgb=warm(light.sky_rgb),
        lamps=tuple(
            replace(lamp, diffuse=lamp.diffuse * gain, color_rgb=warm(lamp.color_rgb)) for lamp in light.lamps
        ),
    )


def _warm(warmth: float, color: Vec3) -> Vec3:
    red, green, blue = balance(warmth)
    return color[0] * red, color[1] * green, color[2] * blue


def _gain(picture: Floats) -> float:
    """What the exposure is changed by for a picture (H, W, 3) that is brighter or darker than most."""
    level = float(picture[::METER_PX, ::METER_PX, 1].mean())
    return float(np.clip((METERED / max(level, 1e-3)) ** METERING, *GAINS))


def _antialiased(image: Image, seen: Visibility, pixels: Pixels | None) -> Image:
    """The picture with the pixels on both sides of an edge mixed with their neighbours."""
    what = seen.body if seen.is_floor is None else np.where(seen.is_floor, np.int16(-2), seen.body)
    if seen.wall is not None:
        what = np.where(seen.wall >= 0, -3 - seen.wall.astype(np.int16), what)
    edge = np.zeros(what.shape, np.uint8)
    across, down = what[:, 1:] != what[:, :-1], what[1:] != what[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    if pixels is not None:
        edge[slices(pixels.box)] |= pixels.edge
    soft = cv2.GaussianBlur(image, (3, 3), 0.75)
    return np.asarray(cv2.copyTo(soft, edge, image), np.uint8)
