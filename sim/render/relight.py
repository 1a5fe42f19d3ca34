"""Pictures lit by us: colours, depth and ids from the renderer; sun, sky, floor and camera from here."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.looks import Pictures
from scenes.spec import Camera, Light, SceneSpec, Shot, Surface
from sim.meshfiles import MeshFiles
from sim.render.compose import Array, Composer, Floats, Seen, along, bounding
from sim.render.lightmap import LightMaps
from sim.render.normals import normals
from sim.render.points import PointClouds
from sim.render.projection import body_hull
from sim.render.rasterise import GBuffer, Renderer
from sim.render.shine import shine
from sim.render.sky import Sky, radiance_on_floor
from sim.render.sun import Sun, sun_over
from sim.render.tone import developed, linear
from sim.settle import Settled

Pixels = NDArray[np.uint8]

WHITE_AT = 0.8
"""Light that a white sheet on the floor sends to the camera as metered; 1 is white in the picture."""
LIFT_PX = 1.5
"""How far off its surface, in map pixels, a point is looked up: it casts no shadow on itself."""


@dataclass(frozen=True, slots=True, eq=False)
class LitScene:
    """What of the light does not depend on the shot: points on the bodies, and the sky that they leave."""

    points_m: Floats
    sky: Sky
    size_m: float


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
        self._last: tuple[Settled, LitScene | None] | None = None

    def paint(self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, seen: Seen) -> Pixels:
        """The image (H, W, 3) of what is seen."""
        spec, camera, light = settled.spec, shot.camera, metered(shot.light)
        scene = self._scene(settled)
        sun = None if scene is None else sun_over(scene.points_m, light, self._sun_map_px)
        picture = self._behind(spec, camera, light, seen, scene, sun)
        if scene is not None and sun is not None:
            _paint_bodies(picture, gbuffer, spec, camera, light, seen, scene, sun)
        image = developed(picture)
        return _antialiased(image, seen) if self._smooth_edges else image

    def _scene(self, settled: Settled) -> LitScene | None:
        """The scene's own part of the light, kept while shots are of the same scene."""
        if self._last is None or self._last[0] is not settled:
            self._last = settled, self._look_at(settled.spec)
        return self._last[1]

    def _look_at(self, spec: SceneSpec) -> LitScene | None:
        if not spec.bodies:
            return None
        hulls = np.concatenate([body_hull(self._files, body) for body in spec.bodies])
        size_m = float(np.ptp(hulls, axis=0).max())
        points = self._clouds.scene(spec, size_m / self._sun_map_px)
        coarse = self._clouds.scene(spec, size_m / self._sky_map_px)
        sky = Sky(coarse, self._sky_directions, self._sky_map_px, spec.floor is not None)
        return LitScene(points, sky, size_m)

    def _behind(
        self,
        spec: SceneSpec,
        camera: Camera,
        light: Light,
        seen: Seen,
        scene: LitScene | None,
        sun: Sun | None,
    ) -> Floats:
        """Floor and background (H, W, 3), as light."""
        shape = (camera.height, camera.width)
        if seen.is_floor is None or seen.plane_m is None or spec.floor is None:
            return self._background(spec.background, camera, light)
        picture = self._floor(spec.floor, camera, light, seen.plane_m, scene, sun)
        background = np.isinf(seen.depth_m)
        if background.any():
            far = self._background(spec.background, camera, light)
            picture = np.asarray(cv2.copyTo(far, background.view(np.uint8), picture), np.float32)
        assert picture.shape[:2] == shape
        return picture

    def _background(self, surface: Surface, camera: Camera, light: Light) -> Floats:
        """What is behind everything, (H, W, 3): it hangs in the sky's light and half of the sun's."""
        strength = radiance_on_floor(light) + np.float32(0.5 * light.diffuse) * np.array(light.color_rgb)
        albedo = self.surfaces.background(surface, camera)
        tint = (_tint(surface) * strength).astype(np.float32)
        if albedo is None:
            return np.full((camera.height, camera.width, 3), tint, np.float32)
        return linear(albedo) * tint

    def _floor(
        self,
        surface: Surface,
        camera: Camera,
        light: Light,
        plane_m: Array,
        scene: LitScene | None,
        sun: Sun | None,
    ) -> Floats:
        """The floor (H, W, 3) wherever it is, hidden or not."""
        # Far floor is nearly of one colour; the limit keeps single precision true to a texel.
        depth = np.minimum(plane_m, 1e3 * camera.pose.position_m[2]).astype(np.float32)
        x, y = (
            np.float32(camera.pose.position_m[axis]) + depth * along(camera, axis).astype(np.float32)
            for axis in (0, 1)
        )
        tint = _tint(surface).astype(np.float32)
        strength = _sky_on_floor(camera, light, scene) * tint
        lit = (
            np.full(x.shape, 1, np.float32)
            if sun is None
            else 1 - np.float32(light.shadow) * sun.on_floor(x, y)
        )
        strength += lit[..., None] * (_sun_on_floor(light) * tint)
        albedo = self.surfaces.floor(surface, camera, x, y, depth)
        return strength if albedo is None else np.asarray(cv2.multiply(linear(albedo), strength), np.float32)


def metered(light: Light) -> Light:
    """The light as the camera takes it: a free floor is well exposed, but for `exposure_ev` and `warmth`."""
    gain = WHITE_AT * 2**light.exposure_ev / max(light.ambient + light.diffuse * light.direction[2], 1e-3)
    red, blue = 1 + light.warmth, 1 - light.warmth
    sun, sky = light.color_rgb, light.sky_rgb
    return replace(
        light,
        ambient=light.ambient * gain,
        diffuse=light.diffuse * gain,
        color_rgb=(sun[0] * red, sun[1], sun[2] * blue),
        sky_rgb=(sky[0] * red, sky[1], sky[2] * blue),
    )


def _tint(surface: Surface) -> Array:
    """A surface's colour (3,) as light."""
    return _decoded(surface.look.color_rgb or (1.0, 1.0, 1.0))


def _decoded(color: tuple[float, float, float]) -> Array:
    return np.asarray(linear(np.rint(255 * np.array([[color]])).astype(np.uint8))[0, 0], np.float64)


def _sun_on_floor(light: Light) -> Floats:
    """The sun's light (3,) on a free, level floor."""
    return (light.diffuse * light.direction[2] * np.array(light.color_rgb)).astype(np.float32)


def _sky_on_floor(camera: Camera, light: Light, scene: LitScene | None) -> Floats:
    """The sky's light on the floor, (H, W, 3), from half the resolution."""
    height, width = camera.height, camera.width
    free = radiance_on_floor(light)
    if scene is None or scene.sky.floor is None:
        return np.full((height, width, 3), free, np.float32)
    coarse = (-(-height // 2), -(-width // 2))
    places = scene.sky.floor.places(*_coarse_floor(camera, coarse))
    sky = cv2.remap(
        scene.sky.on_floor(light), *places, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=tuple(map(float, free)),
    )  # fmt: skip
    full = cv2.resize(sky, (2 * coarse[1], 2 * coarse[0]))
    return np.asarray(full[:height, :width], np.float32)


def _coarse_floor(camera: Camera, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Floor points x, y seen in the middles of blocks of 2×2 pixels; far away where none is."""
    half = replace(
        camera, width=shape[1], height=shape[0],
        fx=camera.fx / 2, fy=camera.fy / 2, cx=camera.cx / 2, cy=camera.cy / 2,
    )  # fmt: skip
    eye, down = camera.pose.position_m, along(half, 2)
    depth = np.abs(eye[2]) / np.maximum(-np.sign(eye[2]) * down, 1e-3)
    x, y = (np.asarray(eye[axis] + depth * along(half, axis), np.float32) for axis in (0, 1))
    return x, y


def _paint_bodies(
    picture: Floats,
    gbuffer: GBuffer,
    spec: SceneSpec,
    camera: Camera,
    light: Light,
    seen: Seen,
    scene: LitScene,
    sun: Sun,
) -> None:
    """Puts the lit bodies into a picture (H, W, 3)."""
    box = bounding(seen.body >= 0)
    if box is None:
        return
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    body = seen.body[part]
    facing = normals(camera, seen.depth_m, seen.body, box)
    rows, columns = np.nonzero(body >= 0)
    normal = facing[rows, columns].T
    points = _world(camera, seen.depth_m[part][rows, columns], rows + box[1], columns + box[0])
    albedo = linear(gbuffer.color[part][rows, columns][None])[0].T
    toward = np.array(light.direction, np.float32)
    reached = sun.on_surface(_lifted(points, normal, sun.maps), scene.size_m)
    reached = 1 - np.float32(light.shadow) * (1 - reached)
    direct = np.maximum(toward @ normal, 0) * reached
    around = _around(scene, sun, spec, light, points, normal, rows, columns, body.shape)
    sun_rgb = (light.diffuse * np.array(light.color_rgb)).astype(np.float32)
    roughness = np.array([body.roughness for body in spec.bodies], np.float32)[body[rows, columns]]
    eye = np.array(camera.pose.position_m, np.float32)
    result = albedo * (around + sun_rgb[:, None] * direct)
    result += shine(light, eye, points, normal, reached, around, roughness)
    picture[part][rows, columns] = result.T


def _lifted(points_m: Floats, normal: Floats, maps: LightMaps) -> Floats:
    return points_m + normal * np.float32(LIFT_PX * maps.texel_m.max())


def _world(camera: Camera, depth_m: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """World points (3, n) seen in some pixels."""
    x = (columns + np.float32(0.5 - camera.cx)) / np.float32(camera.fx) * depth_m
    y = (rows + np.float32(0.5 - camera.cy)) / np.float32(camera.fy) * depth_m
    local = np.stack([x, y, depth_m]).astype(np.float32)
    eye = np.array(camera.pose.position_m, np.float32)[:, None]
    return np.asarray(camera.pose.rotation().astype(np.float32) @ local + eye, np.float32)


def _around(
    scene: LitScene,
    sun: Sun,
    spec: SceneSpec,
    light: Light,
    points_m: Floats,
    normal: Floats,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    shape: tuple[int, ...],
) -> Floats:
    """Light (3, n) from sky and floor, found in every fourth pixel and spread from there."""
    chosen = np.flatnonzero(((rows | columns) & 1) == 0)
    if not len(chosen):
        chosen = np.arange(len(rows))
    points, facing = points_m[:, chosen], normal[:, chosen]
    found = scene.sky.on_surface(light, facing, scene.sky.seen(_lifted(points, facing, scene.sky.maps)))
    if spec.floor is not None:
        found += _bounced(scene, sun, spec.floor, light, points, facing)
    coarse = np.zeros((-(-shape[0] // 2), -(-shape[1] // 2), 4), np.float32)
    coarse[rows[chosen] // 2, columns[chosen] // 2] = np.vstack([found, np.ones(len(chosen), np.float32)]).T
    spread = cv2.blur(coarse, (3, 3), borderType=cv2.BORDER_CONSTANT)
    full = cv2.resize(spread, (2 * coarse.shape[1], 2 * coarse.shape[0]))[rows, columns].T
    mean = found.mean(axis=1, keepdims=True)
    return np.asarray((full[:3] + np.float32(1e-3) * mean) / (full[3] + np.float32(1e-3)), np.float32)


def _bounced(
    scene: LitScene, sun: Sun, floor: Surface, light: Light, points: Floats, facing: Floats
) -> Floats:
    """Light (3, n) that the floor throws back: what falls on it below a point, seen by what faces down."""
    grid = scene.sky.floor
    assert grid is not None
    sun_rgb = _sun_on_floor(light)
    lit = scene.sky.on_floor(light) + (1 - light.shadow * sun.on_floor(*grid.centres()))[..., None] * sun_rgb
    # The floor that a surface sees lies about as far beside it as it is high.
    reach = np.maximum(points[2], 0)
    u, v = grid.places(points[0] + facing[0] * reach, points[1] + facing[1] * reach)
    free = tuple(map(float, radiance_on_floor(light) + sun_rgb))
    wide = cv2.blur(np.asarray(lit, np.float32), (5, 5), borderType=cv2.BORDER_REPLICATE)
    below = cv2.remap(
        wide, u[None], v[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=free
    )[0].T
    share = (np.float32(0.5 * light.bounce) * (1 - facing[2])) * np.float32(0.6)
    return np.asarray(below * share * _tint(floor).astype(np.float32)[:, None], np.float32)


def _antialiased(image: Pixels, seen: Seen) -> Pixels:
    """The picture with the pixels on both sides of an edge mixed with their neighbours."""
    what = seen.body if seen.is_floor is None else np.where(seen.is_floor, np.int16(-2), seen.body)
    edge = np.zeros(what.shape, np.uint8)
    across, down = what[:, 1:] != what[:, :-1], what[1:] != what[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    soft = cv2.GaussianBlur(image, (3, 3), 0.75)
    return np.asarray(cv2.copyTo(soft, edge, image), np.uint8)
