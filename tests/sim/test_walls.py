"""Walls: their position, occlusion and effect on light, and that labels in front of them do not change."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.images import Album, Texture, load_images
from scenes.assets.shapes import SHAPES, box, sphere
from scenes.cameras.camera import ImageSettings, Shell
from scenes.geometry import vec3
from scenes.kinds.drop import Drop
from scenes.shot import Camera, Lamp, Light
from scenes.spec import Look, SceneSpec, Surface, Wall, WallPlan
from scenes.walls import WallSettings, walls_around
from sim.render.lighting.lit import Lit
from sim.render.lighting.sky import Sky, sky_directions
from sim.render.lighting.surfaces import base_albedo
from sim.render.lighting.wall_occlusion import WallOcclusion, wall_glow
from sim.render.lighting.walls import _upsample
from sim.render.raster.planes import wall_depth, walls_facing
from sim.render.settings import Relit, Render
from sim.sample import measure
from sim.settled import Settled
from tests.rig import (
    GREY,
    LIGHT,
    RENDERS,
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
BLACK = Surface(Look((0.0, 0.0, 0.0)), tile_m=0.2, turn_rad=0.0)
BEHIND = Wall(GREY, azimuth_rad=0.0, distance_m=0.5, low_m=-9.0, high_m=9.0, height_m=0.4)
"""A wall at x = 0.5."""
VIEW = camera_at((-1.2, 0.3, 0.5), (0.2, 0.0, 0.1), 130)
MIXED = {name: {"shape": name, "size_m": [0.05, 0.1]} for name in SHAPES}


def ready(rig: Callable[..., Rig], render: Render | None = None, **images: str | None) -> Rig:
    meshes = {"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48), "pole": box(0.02, 0.02, 0.3)}
    return rig(catalogue_of(meshes | {"slab": box(0.2, 3.0, 0.4)}), render or Relit(), **images)


def group(made: Rig, *walls: Wall, floor: Surface = GREY) -> Settled:
    bodies = made.body("box", (0.0, 0.0, 0.075)), made.body("ball", (0.16, -0.08, 0.06))
    return replace(still(*bodies, floor=floor), walls=walls)


def labels(picture: Picture) -> list[bytes]:
    sample = picture.sample
    arrays = picture.frame.body, sample.ids, sample.amodal
    return [*(array.tobytes() for array in arrays), repr(sample.instances).encode()]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_walls_stand_around_the_bodies_each_at_its_gap(number: int, rng: np.random.Generator) -> None:
    points = rng.uniform(-0.3, 0.5, (40, 3))
    gaps = (0.1, 0.2, 0.3, 0.4)[:number]
    walls = walls_around(WallPlan(GREY, 0.7, 0.5, gaps), [points])
    for wall, gap in zip(walls, gaps, strict=True):
        assert wall.distance_m - (points @ wall.outward()).max() == pytest.approx(gap)
    for index, (wall, other) in enumerate(zip(walls, (*walls[1:], walls[0]), strict=True)):
        if number == 4 or index < number - 1:  # adjacent walls meet in a corner
            first = wall.outward() * wall.distance_m + wall.sideways() * wall.high_m
            second = other.outward() * other.distance_m + other.sideways() * other.low_m
            np.testing.assert_allclose(first, second, atol=1e-12)
    assert walls_around(None, [points]) == ()


def test_free_end_of_a_wall_extends_forty_times_the_larger_of_distance_and_height() -> None:
    """So the end of a wall is never visible; behind it is the open floor."""
    for gap, height_m in ((0.2, 3.0), (5.0, 0.4)):
        (only,) = walls_around(WallPlan(GREY, 0.7, height_m, (gap,)), [])
        assert (only.low_m, only.high_m) == (-40 * max(gap, height_m), 40 * max(gap, height_m))
    first, second = walls_around(WallPlan(GREY, 0.0, 0.4, (0.2, 5.0)), [])
    assert (first.low_m, first.high_m, second.low_m, second.high_m) == (-200.0, 5.0, -0.2, 200.0)


def test_wall_plane_equals_a_wall_rendered_by_pybullet(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    wall = replace(BEHIND, low_m=-1.5, high_m=1.5)
    view = camera_at((-1.2, 0.5, 0.6), (0.3, 0.0, 0.2), 250, (320, 240), roll_rad=0.2)
    frame = made.shoot(group(made, wall), shot(view)).frame
    spec = group(made).spec
    slab = made.body("slab", (0.6, 0.0, 0.2))
    drawn = made.shoot(still(*spec.bodies, slab, floor=GREY), shot(view)).frame
    # The slab has a top face; the wall has none.
    top = drawn.body == 2
    place = np.argwhere(top)
    local = np.stack([(place[:, 1] + 0.5 - view.cx) / view.fx, (place[:, 0] + 0.5 - view.cy) / view.fy], 1)
    depth = drawn.depth_m[top][:, None]
    world = view.pose.apply(np.hstack([local * depth, depth]))
    front = world[:, 0] < 0.5 + 1e-3
    by_plane = np.isfinite(frame.depth_m) & (frame.depth_m == wall_depth(wall, view).astype(np.float32))
    found = np.zeros(top.shape, bool)
    found[tuple(place[front].T)] = True
    assert np.count_nonzero(found) > 5000
    assert np.count_nonzero(found != by_plane) < 0.01 * np.count_nonzero(found)
    both = found & by_plane
    np.testing.assert_allclose(frame.depth_m[both], drawn.depth_m[both], rtol=5e-4)
    assert np.array_equal(np.where(drawn.body == 2, -1, drawn.body), frame.body)


@pytest.mark.parametrize("render", RENDERS)
def test_a_wall_hides_what_is_behind_it_and_the_amodal_mask_keeps_it(
    rig: Callable[..., Rig], render: str
) -> None:
    made = ready(rig, RENDERS[render])
    near = replace(BEHIND, distance_m=0.1, height_m=9.0)
    free, hidden = (made.shoot(group(made, *walls), shot(VIEW)).sample for walls in ((), (near,)))
    assert np.array_equal(free.amodal, hidden.amodal)
    assert [found.occlusion for found in measure(hidden)][1] == 1.0
    (box_free, _), (box_hidden, ball) = measure(free), measure(hidden)
    assert ball.visible_px == 0
    assert 0 < box_hidden.visible_px <= box_free.visible_px


@pytest.mark.parametrize("render", RENDERS)
def test_wall_is_invisible_from_behind(rig: Callable[..., Rig], render: str) -> None:
    made = ready(rig, RENDERS[render])
    view = shot(camera_at((1.2, 0.3, 0.5), (0.2, 0.0, 0.1), 130))
    assert walls_facing((BEHIND,), view.camera) == ()
    assert made.shoot(group(made, BEHIND), view).bytes() == made.shoot(group(made), view).bytes()


@pytest.mark.parametrize(("render", "number"), [("relit", 4), ("tiny", 2)])
def test_labels_are_the_same_with_walls_and_without(
    rig: Callable[..., Rig], render: str, number: int
) -> None:
    made = rig(catalogue_from(MIXED, other={"shape": "cone", "size_m": 0.1}), RENDERS[render])
    image, differ = ImageSettings(width=160, height=120), 0
    for index in range(2):
        settings = {"num_objects": (6, 6), "num_distractors": (1, 1)}
        free, walled = (
            made.drawn(Drop.model_validate({**settings, "walls": {"number": (n, n)}}), index)[0]
            for n in (0, number)
        )
        assert free.spec == replace(walled.spec, room=None)
        assert (len(free.walls), len(walled.walls)) == (0, number)
        camera = Shell().aim(aimed(scene=index, view=0), 0, image, made.bounds(free))
        first, second = (made.shoot(settled, shot(camera)) for settled in (free, walled))
        assert labels(first) == labels(second)
        assert made.shoot(walled, shot(camera)).bytes() == second.bytes()
        differ += not np.array_equal(first.frame.image, second.frame.image)
    assert differ


def test_walls_draw_from_a_stream_of_their_own() -> None:
    two, four = (WallSettings(number=(n, n)).plan(streams(3), 0.1, Album()) for n in (2, 4))
    assert two is not None
    assert four is not None
    assert replace(four, gaps_m=four.gaps_m[:2]) == two
    assert WallSettings().plan(streams(3), 0.1, Album()) is None
    assert all(0.05 <= gap <= 0.5 for gap in four.gaps_m)
    assert 0.3 <= four.height_m <= 1.2


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_irradiance_of_the_floor_beside_a_long_black_wall_under_a_white_sky(share: float) -> None:
    wall = Wall(BLACK, 0.0, 0.5, -100.0, 100.0, 0.4)
    at = np.array([[0.5 - 0.4 * share]], np.float32)
    left = WallOcclusion((wall,), LIGHT, (0.0,)).floor_irradiance(at, np.zeros_like(at))
    expected = 0.5 * (1 + share / np.hypot(share, 1))
    assert left[0, 0] == pytest.approx(expected, abs=1e-3)
    halves = replace(wall, high_m=0.1), replace(wall, low_m=0.1)
    assert WallOcclusion(halves, LIGHT, (0.0, 0.0)).floor_irradiance(at, np.zeros_like(at)) == pytest.approx(
        left, abs=1e-5
    )
    # A wall as bright as the sky occludes nothing.
    assert WallOcclusion((wall,), LIGHT, (1.0,)).floor_irradiance(at, np.zeros_like(at)) == pytest.approx(1)


def test_directions_that_meet_a_wall_show_the_wall() -> None:
    up = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.3], [1.0, 0.0, 2.0], [-1.0, 0.0, 0.1], [0.0, 1.0, 0.0]])
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    up = np.concatenate(
        [up, sky_directions(4000, below=False)]
    )  # with many directions, each represents a small solid angle
    walled = WallOcclusion((BEHIND,), replace(LIGHT, horizon=1.0, sky_tilt=0.0), (0.3,))
    seen = walled.visible_radiance(np.zeros((3, 1), np.float32), up)[:5, 0]
    np.testing.assert_allclose(seen, [1.0, 0.3, 1.0, 1.0, 1.0], atol=1e-5)


def test_a_corner_does_not_see_past_the_other_wall() -> None:
    walls = walls_around(WallPlan(GREY, 0.0, 5.0, (0.5, 0.5)), [])
    walled = WallOcclusion(walls, replace(LIGHT, horizon=1.0, sky_tilt=0.0), (0.0, 0.0))
    corner = np.array([[0.5], [0.5], [0.3]], np.float32)
    toward = np.array([[0.8, 0.0, 0.1], [0.0, 0.8, 0.1], [0.5, 0.5, 0.1]])
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    directions = np.concatenate([toward, sky_directions(400, below=False)])
    for jitter in (-1e-6, 0.0, 1e-6):
        assert (walled.visible_radiance(corner + np.float32(jitter), directions)[:3] == 0).all()


def test_wall_reflects_the_light_of_a_lamp_like_that_of_the_sun() -> None:
    walls = walls_around(WallPlan(GREY, 0.3, 1.5, (0.3, 0.3, 0.3, 0.3)), [])
    sky = Sky(np.array([[0], [0], [0.05]], np.float32), 36, 112, True)
    spec = SceneSpec(0, "train", 0, (), GREY, GREY, None)
    lamp = Lamp(LIGHT.direction, LIGHT.color_rgb, LIGHT.diffuse, LIGHT.shadow, LIGHT.softness)
    glows = []
    for light in (LIGHT, replace(LIGHT, diffuse=0.0, lamps=(lamp,))):
        lit = Lit(spec, light, None, sky, None, (), base_albedo(GREY))
        glows.append([wall_glow(wall, walls, lit) for wall in walls])
    np.testing.assert_allclose(glows[0], glows[1], rtol=1e-5)


def test_the_floor_and_bodies_are_darker_near_a_black_wall(rig: Callable[..., Rig]) -> None:
    made, dark = ready(rig), replace(LIGHT, diffuse=0.0, bounce=0.0)
    view = camera_at((0.0, 0.0, 1.5), (0.001, 0, 0), 250, (320, 240))
    settled = still(made.body("ball", (0.4, 0.9, 0.06)), floor=WHITE)
    wall = replace(BEHIND, surface=BLACK)
    frame = made.shoot(replace(settled, walls=(wall,)), shot(view, dark)).frame
    places = np.array([[x, 0.0, 0.0] for x in (0.48, 0.4, 0.3, 0.1, -0.2)])
    columns, rows = view.project(places)[0].astype(int).T
    levels = frame.image[rows, columns, 1].astype(int)
    assert (np.diff(levels) > 0).all(), levels


def darkened(made: Rig, settled: Settled, light: Light, view: Camera) -> NDArray[np.bool_]:
    """Mask of the pixels in the sun's shadow."""
    lit, unlit = (made.shoot(settled, shot(view, replace(light, shadow=s))).frame for s in (0.0, 1.0))
    difference = lit.image[..., 1].astype(int) - unlit.image[..., 1]
    return np.asarray(difference > difference.max() / 2)


@pytest.mark.parametrize("elevation_deg", [35, 60])
def test_a_walls_shadow_is_as_long_as_the_sun_says(rig: Callable[..., Rig], elevation_deg: float) -> None:
    made, elevation = ready(rig), np.radians(elevation_deg)
    light = replace(
        LIGHT, direction=vec3(np.array([np.cos(elevation), 0.0, np.sin(elevation)])), softness=0.0
    )
    view = camera_at((-0.3, 0.0, 2.0), (-0.299, 0, 0), 200, (320, 240))
    settled = replace(still(made.body("ball", (-0.9, 0.5, 0.06)), floor=WHITE), walls=(BEHIND,))
    shadow = darkened(made, settled, light, view)
    length_m = BEHIND.height_m / np.tan(elevation)
    for x, expected in ((0.5 - length_m + 0.02, True), (0.5 - length_m - 0.02, False), (0.48, True)):
        u, v = view.project(np.array([[x, 0.0, 0.0]]))[0][0].astype(int)
        assert bool(shadow[v, u]) is expected, x


def test_bodies_cast_shadows_on_walls_and_stand_in_theirs(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    toward = np.array([-0.9, 0.15, 0.35])
    light = replace(LIGHT, direction=vec3(toward / np.linalg.norm(toward)), softness=0.0)
    pole = made.body("pole", (0.2, 0.0, 0.15))
    settled = replace(still(pole, floor=WHITE), walls=(replace(BEHIND, surface=WHITE),))
    view = camera_at((-1.0, -0.6, 0.5), (0.5, 0.0, 0.1), 250, (320, 240))
    shadow = darkened(made, settled, light, view)
    floor_light = (0.5 - 0.2) / 0.9
    for z in (0.15, 0.18, 0.25):
        wall_points = np.array([[0.5, -0.15 * floor_light, z - 0.35 * floor_light]])
        if wall_points[0, 2] > 0.02:
            u, v = view.project(wall_points)[0][0].astype(int)
            assert shadow[v - 1 : v + 2, u - 1 : u + 2].any()


def test_a_body_in_a_walls_shadow_gets_no_sun(rig: Callable[..., Rig]) -> None:
    """The sun stands behind the wall: a ball near it is in its shadow, one far before it is not."""
    made = ready(rig)
    toward = vec3(np.array([0.8, 0.0, 0.6]))
    view = camera_at((0.05, -1.2, 0.5), (0.05, 0, 0.1), 200)
    light = replace(LIGHT, direction=toward, shadow=1.0, softness=0.0)
    for x, dark in ((0.4, True), (-0.3, False)):
        ball = replace(still(made.body("ball", (x, 0.0, 0.06)), floor=GREY), walls=(BEHIND,))
        shadows, none = (made.shoot(ball, shot(view, replace(light, shadow=s))).frame for s in (1.0, 0.0))
        taken = none.image[..., 1].astype(int) - shadows.image[..., 1]
        sunny = (none.body == 0) & (none.image[..., 1] > none.image[none.body == 0, 1].mean() + 20)
        assert sunny.sum() > 30
        # The camera's exposure answers to the shadow by a few levels.
        assert (np.median(taken[sunny]) > 25) == dark
        assert (np.abs(np.median(taken[sunny])) < 12) != dark


def test_a_wall_throws_back_half_of_what_the_floor_gets_and_half_of_what_that_throws_back() -> None:
    """Upright, it sees half of a white sky, and half of all around is the floor."""
    sky = Sky(np.array([[0], [0], [0.05]], np.float32), 400, 32, True)
    spec = SceneSpec(0, "train", 0, (), GREY, GREY, None)
    light = replace(LIGHT, ambient=0.7, diffuse=0.0, bounce=1.0)
    wall, share = replace(BEHIND, surface=WHITE), float(base_albedo(GREY).mean())
    glow = wall_glow(wall, (wall,), Lit(spec, light, None, sky, None, (), base_albedo(GREY)))
    assert glow == pytest.approx(float(base_albedo(WHITE).mean()) * 0.5 * (1 + share), rel=0.02)


@pytest.mark.parametrize("step", [2, 8])
@pytest.mark.parametrize("shape", [(33, 50), (64, 41)])
def test_light_on_walls_is_not_shifted_by_the_interpolation(step: int, shape: tuple[int, int]) -> None:
    """What changes evenly is found again exactly between the rows and columns where it was looked up."""
    rows, columns = np.indices(shape, dtype=np.float32)
    ramp = 3 * columns - 2 * rows
    found = _upsample(np.ascontiguousarray(ramp[::step, ::step]), step, shape)
    known = np.s_[: shape[0] - step, : shape[1] - step]
    np.testing.assert_allclose(found[known], ramp[known], atol=0.2)


@pytest.mark.parametrize("softness", [0.0, 0.1])
def test_points_below_the_shadow_line_of_a_wall_get_no_sun(softness: float) -> None:
    toward = np.array([0.6, 0.0, 0.8])
    walled = WallOcclusion((BEHIND,), replace(LIGHT, direction=vec3(toward), softness=softness), (0.0,))
    away_m = 0.15 / 0.6  # from x = 0.35 to the wall, along the light
    edge_m = 0.4 - away_m * 0.8
    heights = (edge_m + np.array([-0.06, -0.01, 0.0, 0.01, 0.06])).astype(np.float32)
    found = walled.sun_blocked(np.full(5, 0.35, np.float32), np.zeros(5, np.float32), heights)
    half_m = softness * away_m
    ramp = (
        0.5 + np.array([0.5, 0.01 / (2 * half_m), 0, -0.01 / (2 * half_m), -0.5])
        if half_m
        else [1, 1, 0.5, 0, 0]
    )
    np.testing.assert_allclose(found, ramp, atol=2e-3)
    # On the other side of the wall, and past its end, the sun is not blocked.
    free = walled.sun_blocked(*(np.array(p, np.float32) for p in ([0.7, 0.35], [0.0, 9.5], [0.0, 0.0])))
    assert (free == 0).all()


@pytest.mark.parametrize("steepness", [0.3, 1.0, 3.0])
def test_no_light_comes_through_the_corner_of_two_walls(steepness: float) -> None:
    walls = walls_around(WallPlan(GREY, 0.0, 5.0, (0.5, 0.5)), [])
    toward = np.array([1.0, steepness, 0.2])
    light = replace(LIGHT, direction=vec3(toward / np.linalg.norm(toward)), softness=0.2)
    along = np.linspace(-0.6, 0.5, 61, dtype=np.float32)  # the corner itself is among them
    x, y = (plane.ravel() for plane in np.meshgrid(along, along))
    assert (WallOcclusion(walls, light, (0.0, 0.0)).sun_blocked(x, y, np.zeros_like(x)) == 1).all()


@pytest.mark.parametrize("render", RENDERS)
def test_walls_have_images_of_their_own(rig: Callable[..., Rig], tmp_path: Path, render: str) -> None:
    Image.fromarray(np.full((64, 64, 3), (250, 10, 10), np.uint8)).save(tmp_path / "red.png")
    made = ready(rig, RENDERS[render], walls=str(tmp_path))
    settings = WallSettings(number=(1, 1), textured=1.0, images=str(tmp_path))
    plan = settings.plan(streams(0), 0.1, Album(load_images({"walls": str(tmp_path)})["walls"]))
    assert plan is not None
    image = made.shoot(group(made, replace(BEHIND, surface=plan.surface)), shot(VIEW)).frame.image
    u, v = VIEW.project(np.array([[0.5, 0.1, 0.3]]))[0][0].astype(int)
    red, green, _ = image[v, u].astype(int)
    assert red > 3 * green


def test_a_textured_wall_is_filtered_towards_the_horizon(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    checked = Surface(Look((1.0, 1.0, 1.0), Texture("checker", 3)), 0.05, 0.0)
    wall = Wall(checked, np.pi / 2, 0.5, -200.0, 200.0, 40.0)
    image = made.shoot(group(made, wall), shot(camera_at((-1, 0, 0.5), (5, 0.2, 0.5), 150))).frame.image
    far, near = image[20:50, 70:76, 1].astype(float), image[20:50, 0:20, 1].astype(float)
    assert far.std() < 0.3 * near.std()


@pytest.mark.parametrize("render", RENDERS)
def test_an_empty_room_is_drawn(rig: Callable[..., Rig], render: str) -> None:
    made = ready(rig, RENDERS[render])
    settled, _ = made.drawn(Drop.model_validate({"num_objects": (0, 0), "walls": {"number": (4, 4)}}), 0)
    assert len(settled.walls) == 4
    picture = made.shoot(settled, shot(camera_at((0.0, 0.0, 0.1), (0.3, 0.2, 0.05), 100)))
    assert np.isfinite(picture.frame.depth_m).any()
    assert picture.frame.image.std() > 1
