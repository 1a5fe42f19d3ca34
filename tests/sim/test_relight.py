"""Lighting of the `relit` renderer: shadows, contact shadows and sky light, and that no label changes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.images import Album
from scenes.assets.shapes import SHAPES, box, sphere
from scenes.cameras.camera import ImageSettings, Shell
from scenes.geometry import vec3
from scenes.kinds.drop import Drop
from scenes.light import SunAndSky
from scenes.settings import Settings
from scenes.shot import Camera, Light
from scenes.spec import Look, Surface
from sim.render.lighting.lightmap import light_maps
from sim.render.lighting.points import PointClouds
from sim.render.lighting.sky import Sky, sky_directions, sky_radiance
from sim.render.settings import Relit, Tiny
from sim.settled import Settled
from tests.rig import (
    GREY,
    LIGHT,
    Picture,
    Rig,
    aimed,
    camera_at,
    catalogue_from,
    catalogue_of,
    shot,
    still,
    streams,
)

WHITE = Surface(Look((1.0, 1.0, 1.0)), tile_m=0.2, turn_rad=0.0)
VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
ABOVE = replace(camera_at((0.0, 0.0, 1.5), (0, 0, 0), 300, (320, 240)).pose, quat_xyzw=(1.0, 0.0, 0.0, 0.0))
FROM_ABOVE = replace(camera_at((0.0, 0.0, 1.5), (0, 0, 0), 300, (320, 240)), pose=ABOVE)
OVERCAST = replace(LIGHT, diffuse=0.0, specular=0.0)
MIXED = {name: {"shape": name, "size_m": [0.05, 0.1]} for name in SHAPES}


def ready(rig: Callable[..., Rig], render: Relit | None = None) -> Rig:
    meshes = {"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48), "bolt": SHAPES["bolt"](0.2)}
    more = {"pole": box(0.02, 0.02, 0.3), "wall": box(0.01, 1.2, 0.1), "board": box(0.01, 0.2, 0.3)}
    return rig(catalogue_of(meshes | more), render or Relit())


def group(made: Rig) -> Settled:
    look = Look((0.8, 0.7, 0.6))
    bodies = (
        made.body("box", (0.0, 0.0, 0.075), look=look),
        made.body("ball", (0.16, -0.08, 0.06), look=look),
        made.body("bolt", (-0.15, -0.05, 0.1), look=look),
    )
    return still(*bodies, floor=GREY)


def drawn(made: Rig, count: int) -> list[tuple[Settled, Any]]:
    """Settled scenes, each with one shot and a sampled light."""
    scenes = []
    for index in range(count):
        settled, _ = made.drawn(Drop(num_objects=(6, 6), num_distractors=(1, 1)), index)
        image = ImageSettings(width=160, height=120)
        camera = Shell().aim(aimed(scene=index, view=0), 0, image, made.bounds(settled))
        light = SunAndSky().draw(partial(streams(index), view=0), Album())
        scenes.append((settled, shot(camera, light)))
    return scenes


def labels(picture: Picture) -> list[bytes]:
    sample = picture.sample
    arrays = picture.frame.body, picture.frame.depth_m, sample.ids, sample.amodal, sample.depth_m
    return [*(array.tobytes() for array in arrays), repr(sample.instances).encode()]


def test_labels_are_those_of_tiny(rig: Callable[..., Rig]) -> None:
    catalogue = catalogue_from(MIXED, other={"shape": "cone", "size_m": 0.1})
    relit, tiny = rig(catalogue, Relit()), rig(catalogue, Tiny())
    for settled, view in drawn(relit, 3):
        first, second = relit.shoot(settled, view), tiny.shoot(settled, view)
        assert labels(first) == labels(second)
        assert not np.array_equal(first.frame.image, second.frame.image)


def test_day_and_dusk_have_the_same_labels(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    dusk = replace(LIGHT, direction=vec3(np.array([0.96, 0.0, 0.28])), color_rgb=(1.0, 0.6, 0.4))
    first, second = (made.shoot(group(made), shot(VIEW, light)) for light in (LIGHT, dusk))
    assert labels(first) == labels(second)
    assert changed(first, second) > 0.3


def darkened(made: Rig, light: Light, view: Camera) -> NDArray[np.bool_]:
    """Mask of a pole's shadow on a white floor."""
    settled = still(made.body("pole", (0, 0, 0.15)), floor=WHITE)
    lit, unlit = (made.shoot(settled, shot(view, replace(light, shadow=s))).frame for s in (0.0, 1.0))
    difference = lit.image[..., 1].astype(int) - unlit.image[..., 1]
    difference[lit.body >= 0] = 0
    return np.asarray(difference > difference.max() / 2)


@pytest.mark.parametrize("azimuth_deg", [0, 37, 120, 215, 300])
@pytest.mark.parametrize("elevation_deg", [35, 60])
def test_shadow_of_a_pole_has_the_lights_direction_and_length(
    rig: Callable[..., Rig], azimuth_deg: float, elevation_deg: float
) -> None:
    made = ready(rig)
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    toward = np.array([np.cos(azimuth), np.sin(azimuth), np.tan(elevation)])
    light = replace(LIGHT, direction=vec3(toward / np.linalg.norm(toward)), softness=0.0)
    rows, columns = np.nonzero(darkened(made, light, FROM_ABOVE))
    away = -toward[:2]
    tip_m = np.array([*(away * 0.3 / np.tan(elevation)), 0.0])
    tip_px = FROM_ABOVE.project(tip_m[None])[0][0]
    along = np.array([away[0], -away[1]])  # image rows run against y in this view
    points = np.column_stack([columns + 0.5, rows + 0.5]) - (160, 120)
    reach, aside = points @ along, points @ [-along[1], along[0]]
    middle = np.polyfit(reach, aside, 1)
    assert abs(middle[0]) * np.ptp(reach) < 2
    assert abs(middle[1]) < 2
    corner_px = 0.01 * 200 * np.abs(away).sum()
    assert reach.max() == pytest.approx((tip_px - (160, 120)) @ along + corner_px, abs=2)


def edge_px(made: Rig, softness: float, beside_m: float) -> int:
    """Width in pixels of the penumbra of a board's shadow, at a distance from the board."""
    toward = np.array([1.0, 0.0, 1.0]) / np.sqrt(2)
    light = replace(LIGHT, direction=vec3(toward), softness=softness, shadow=1.0, ambient=0.0)
    settled = still(made.body("board", (0, 0, 0.15)), floor=WHITE)
    view = replace(FROM_ABOVE, fx=600.0, fy=600.0, cx=160 + 400 * beside_m)
    image = made.shoot(settled, shot(view, light)).frame.image[..., 1].astype(int)
    column = image[:, int(view.project(np.array([[-beside_m, 0.0, 0.0]]))[0][0, 0])]
    half = column[: len(column) // 2]
    low, high = int(half.min()), int(half.max())
    return int(np.count_nonzero((half > low + 0.1 * (high - low)) & (half < high - 0.1 * (high - low))))


def test_shadows_are_softer_further_from_what_casts_them(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    near, far = (edge_px(made, 0.06, beside_m) for beside_m in (0.04, 0.24))
    assert far >= 2 * near
    assert edge_px(made, 0.0, 0.24) <= near


def test_contact_shadow_of_a_sphere_is_darkest_under_it(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    view = camera_at((0.9, 0.0, 0.12), (0, 0, 0.03), 500, (320, 240))
    settled = still(made.body("ball", (0, 0, 0.06)), floor=WHITE)
    frame = made.shoot(settled, shot(view, OVERCAST)).frame
    floor = (frame.body < 0) & np.isfinite(frame.depth_m)
    columns, rows = np.meshgrid(np.arange(320) + 0.5, np.arange(240) + 0.5)
    ray = np.stack([(columns - view.cx) / view.fx, (rows - view.cy) / view.fy, np.ones_like(rows)], -1)
    away_m = np.zeros_like(rows)
    point = view.pose.apply((ray * np.where(floor, frame.depth_m, 1.0)[..., None]).reshape(-1, 3))
    away_m = np.linalg.norm(point.reshape(240, 320, 3)[..., :2], axis=-1)
    rings = [(floor & (away_m >= low) & (away_m < low + 0.02)) for low in (0.02, 0.04, 0.06, 0.08, 0.12)]
    levels = [float(frame.image[ring][:, 1].mean()) for ring in rings]
    assert all(second > first + 4 for first, second in pairwise(levels)), levels


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0, 2.0])
def test_irradiance_of_the_floor_beside_a_long_wall_under_a_white_sky(
    rig: Callable[..., Rig], share: float
) -> None:
    made, height_m = ready(rig), 0.1
    settled = still(made.body("wall", (0.0, 0.0, height_m / 2)), floor=WHITE)
    points = PointClouds(made.files).scene(settled.spec, 1.2 / Relit().sky_map_px).points_m
    sky = Sky(points, Relit().sky_directions, Relit().sky_map_px, floor=True)
    assert sky.floor is not None
    light = replace(OVERCAST, ambient=1.0)
    grid = sky.on_floor(light)
    at = share * height_m
    u, v = sky.floor.pixel_coordinates(np.array([[0.005 + at]], np.float32), np.zeros((1, 1), np.float32))
    expected = 0.5 * (1 + at / np.hypot(at, height_m))
    assert grid[round(float(v[0, 0])), round(float(u[0, 0]))] == pytest.approx(expected, rel=0.1)


def test_sky_gives_an_unoccluded_floor_the_ambient_light() -> None:
    directions = sky_directions(1000, below=False)
    for horizon, tilt in ((1.0, 0.0), (0.3, 0.5), (2.5, 0.8)):
        light = replace(LIGHT, horizon=horizon, sky_tilt=tilt, sky_azimuth_rad=1.0)
        found = float(sky_radiance(light, directions) @ directions[:, 2]) * 2 / 1000
        assert found == pytest.approx(1, rel=2e-3)


def test_shadow_map_stores_the_nearest_point() -> None:
    points = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.2, 0.7, 0.1]], np.float32)
    maps = light_maps(points, np.array([[0.0, 0.0, 1.0]]), 32)
    assert maps.nearest_m.max() == pytest.approx(0.7)
    a, b = (maps.world_to_pixel(0)[:, :3] @ points[:, k] + maps.world_to_pixel(0)[:, 3] for k in (0, 2))
    assert maps.nearest_m[0, int(a[1]), int(a[0])] == pytest.approx(0.7)
    assert maps.nearest_m[0, int(b[1]), int(b[0])] == pytest.approx(0.1)


def changed(first: Picture, second: Picture, where: NDArray[np.bool_] | None = None) -> float:
    """Fraction of the given (or all) pixels that changed by 4 grey levels or more in any channel."""
    moved = np.abs(first.frame.image.astype(int) - second.frame.image).max(axis=-1) >= 4
    return float(moved.mean() if where is None else moved[where].mean())


def ends(settings: Settings, *names: str) -> list[Any]:
    """The settings with the named ranges fixed at their low and at their high ends, others in the middle."""
    tree = settings.model_dump()
    middles = {name: float(np.mean(value)) for name, value in tree.items() if isinstance(value, tuple)}
    return [
        type(settings).model_validate({**tree, **middles, **{name: tree[name][end] for name in names}})
        for end in (0, 1)
    ]


RANGES = [name for name, value in SunAndSky().model_dump().items() if isinstance(value, tuple)]


@pytest.mark.parametrize("name", [name for name in RANGES if "hue" not in name])
def test_every_range_of_the_light_changes_the_image(
    rig: Callable[..., Rig], rng: np.random.Generator, name: str
) -> None:
    made = ready(rig)
    low, high = (fixed.draw(lambda _: rng, Album()) for fixed in ends(SunAndSky(), name))
    if name == "azimuth_deg":  # both ends are north
        high = replace(high, direction=vec3(np.array(high.direction) * (-1, -1, 1)))
    if name == "sky_azimuth_deg":
        high = replace(high, sky_azimuth_rad=np.pi)
    first, second = (made.shoot(group(made), shot(VIEW, light)) for light in (low, high))
    here = first.frame.body >= 0 if name == "specular" else first.frame.body >= -1
    assert changed(first, second, here) >= 0.01
    assert labels(first) == labels(second)


@pytest.mark.parametrize("name", ["color_rgb", "sky_rgb"])
def test_colors_of_sun_and_sky_change_the_image(rig: Callable[..., Rig], name: str) -> None:
    made = ready(rig)
    red, blue = ({name: color} for color in ((1.0, 0.85, 0.85), (0.85, 0.85, 1.0)))
    first, second = (made.shoot(group(made), shot(VIEW, replace(LIGHT, **c))) for c in (red, blue))  # type: ignore[arg-type]
    assert changed(first, second) >= 0.5


def test_roughness_changes_the_image(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    low, high = Drop().roughness
    pictures = []
    for roughness in (high, low):
        spec = group(made).spec
        bodies = tuple(replace(body, roughness=roughness) for body in spec.bodies)
        view = camera_at((0.45, 0.25, 0.45), (0.1, -0.05, 0.05), 150)
        pictures.append(
            made.shoot(Settled(replace(spec, bodies=bodies), 0.0), shot(view, replace(LIGHT, specular=0.5)))
        )
    dull, glossy = pictures
    assert changed(dull, glossy, dull.frame.body >= 0) >= 0.01


def test_antialiasing_changes_edges_only(rig: Callable[..., Rig]) -> None:
    view = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 600, (640, 480))
    hard, smooth = (
        ready(rig, Relit(smooth_edges=wanted)).shoot(group(ready(rig)), shot(view))
        for wanted in (False, True)
    )
    body = smooth.frame.body
    near = np.zeros(body.shape, bool)
    for axis in (0, 1):
        for step in (-1, 1):
            near |= np.roll(body, step, axis) != body
    differs = (hard.frame.image != smooth.frame.image).any(axis=-1)
    assert not differs[(body < 0) & ~near].any()
    assert differs[near].mean() > 0.8
    assert differs[(body >= 0) & ~near].mean() < 0.1
    steps = [
        np.abs(np.diff(picture.frame.image.astype(int), axis=1)).max(axis=-1) for picture in (hard, smooth)
    ]
    across = body[:, 1:] != body[:, :-1]
    assert steps[1][across].mean() < 0.75 * steps[0][across].mean()
    assert labels(hard) == labels(smooth)


def test_a_scene_without_bodies_is_lit_evenly(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    view = camera_at((0, -0.5, 1.0), (0, 0, 0), 150)
    image = made.shoot(still(floor=GREY), shot(view)).frame.image
    assert image.reshape(-1, 3).std(axis=0).max() == 0
    assert 60 < image.mean() < 160


def test_flat_faces_are_evenly_lit(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": SHAPES["box"](0.2)}), Relit(smooth_edges=False))
    scene = still(made.body("box", (0, 0, 0), look=Look((0.7, 0.7, 0.7))))
    dull = replace(scene, spec=replace(scene.spec, bodies=(replace(scene.spec.bodies[0], roughness=1.0),)))
    camera = camera_at((0.5, -0.6, 0.5), (0, 0, 0), 500, (320, 240))
    picture = made.shoot(dull, shot(camera, replace(LIGHT, specular=0.0)))
    grey = picture.frame.image.mean(axis=2)
    inside = cv2.erode((picture.frame.body == 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    faces = Counter(np.rint(grey[inside] / 4).astype(int).tolist()).most_common(3)
    levels = 4 * np.array([level for level, _ in faces])
    uneven = np.abs(grey[inside][:, None] - levels).min(axis=1) > 6
    assert len(set(levels)) == 3
    assert uneven.mean() < 0.01
