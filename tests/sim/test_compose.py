"""Floor, shadows and textures in images: their geometry, and that they change no label."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.images import Album, Texture
from scenes.assets.shapes import SHAPES, box, sphere
from scenes.floor import FloorSettings
from scenes.geometry import vec3
from scenes.kinds.drop import Drop
from scenes.light import SunAndSky
from scenes.looks import LookSettings
from scenes.settings import Settings
from scenes.shot import Light
from scenes.spec import Look, Surface
from sim.render.raster.planes import floor_depth
from sim.render.raster.visibility import FLOOR_PENETRATION_M
from sim.sample import measure
from sim.settled import Settled
from tests.rig import GREY, LIGHT, RENDERS, Picture, Rig, camera_at, catalogue_of, rays, shot, still

WHITE = Surface(Look((1.0, 1.0, 1.0)), tile_m=0.2, turn_rad=0.0)
VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)


def group(made: Rig, **changes: Any) -> Settled:
    """A box, a ball and a bolt on a floor; `changes` sets look, floor and background."""
    look = changes.get("look", Look((0.8, 0.7, 0.6)))
    bodies = (
        made.body("box", (0.0, 0.0, 0.075), look=look),
        made.body("ball", (0.16, -0.08, 0.06), look=look),
        made.body("bolt", (-0.15, -0.05, 0.1), look=look),
    )
    settled = still(*bodies, floor=changes.get("floor", GREY))
    return replace(settled, spec=replace(settled.spec, background=changes.get("background", GREY)))


def ready(rig: Callable[..., Rig], **images: str | None) -> Rig:
    meshes = {"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48), "bolt": SHAPES["bolt"](0.2)}
    return rig(catalogue_of(meshes | {"pole": box(0.02, 0.02, 0.3), "ground": box(3.0, 3.0, 0.5)}), **images)


def test_floor_plane_equals_a_floor_rendered_by_pybullet(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    view = camera_at((0.6, -0.9, 1.6), (0, 0, 0.02), 300, (320, 240), roll_rad=0.2)
    settled = group(made)
    sunk = replace(
        settled.spec.bodies[1], pose=replace(settled.spec.bodies[1].pose, position_m=(0.2, 0.1, 0.02))
    )
    settled = still(*settled.spec.bodies, sunk, floor=GREY)
    frame = made.shoot(settled, shot(view)).frame
    ground = made.body("ground", (0, 0, -0.25 - FLOOR_PENETRATION_M))
    drawn = made.renderer.rasterise(still(*settled.spec.bodies, ground), shot(view))
    assert np.array_equal(np.where(drawn.body == 4, -1, drawn.body), frame.body)
    assert set(np.unique(frame.body)) == {-1, 0, 1, 2, 3}
    ground_ends = np.isinf(drawn.depth_m)
    assert ground_ends.mean() < 0.2
    level = made.body("ground", (0, 0, -0.25))
    drawn = made.renderer.rasterise(still(*settled.spec.bodies, level), shot(view))
    np.testing.assert_allclose(frame.depth_m[~ground_ends], drawn.depth_m[~ground_ends], rtol=2e-4)


@pytest.mark.parametrize("render", RENDERS)
@pytest.mark.parametrize(("deep_m", "seen"), [(0.0, True), (0.0004, True), (0.0015, False)], ids=str)
def test_floor_does_not_occlude_a_body_that_penetrates_it_slightly(
    rig: Callable[..., Rig], render: str, deep_m: float, seen: bool
) -> None:
    sheet = box(0.2, 0.15, 0.0001)
    made = rig(catalogue_of({"sheet": sheet}), RENDERS[render])
    camera = camera_at((0.3, -0.5, 0.2), (0, 0, 0), 200)
    body = made.body("sheet", (0, 0, -deep_m), quat=(0.0005, 0.0, 0.0, 1.0))
    picture = made.shoot(still(body, floor=GREY), shot(camera))
    (measures,) = measure(picture.sample)
    assert measures.amodal_px > 1000
    assert measures.occlusion == pytest.approx(0.0 if seen else 1.0, abs=0.02)
    floor_m = floor_depth(camera)
    assert (picture.frame.depth_m <= floor_m * (1 + 1e-6)).all()


def test_floor_depth_is_that_of_the_plane(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    view = replace(camera_at((0.5, -0.6, 0.4), (0.4, 0.9, 0.3), 100, roll_rad=-0.3), cy=40.0)
    frame = made.shoot(group(made), shot(view)).frame
    down = rays(view)[..., 2]
    floor = np.isfinite(frame.depth_m) & (frame.body < 0)
    assert np.array_equal(floor | (frame.body >= 0), (down < 0) | (frame.body >= 0))
    assert 0.2 < floor.mean() < 0.9
    np.testing.assert_allclose(frame.depth_m[floor], (-0.4 / down)[floor], rtol=1e-6)


def darkened(made: Rig, light: Light, view: Any) -> NDArray[np.bool_]:
    """Mask of a pole's shadow on a white floor."""
    settled = still(made.body("pole", (0, 0, 0.15)), floor=WHITE)
    lit, unlit = (made.shoot(settled, shot(view, replace(light, shadow=s))).frame for s in (0.0, 1.0))
    difference = lit.image[..., 1].astype(int) - unlit.image[..., 1]
    assert (difference >= 0).all()
    assert not difference[lit.body >= 0].any()
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
    view = camera_at((0.0, 0.0, 1.5), (0, 0, 0), 300, (320, 240))
    view = replace(view, pose=replace(view.pose, quat_xyzw=(1.0, 0.0, 0.0, 0.0)))
    rows, columns = np.nonzero(darkened(made, light, view))
    # The shadow contains all floor points hidden from the sun: from the pole's base to its projected top.
    length_m = 0.3 / np.tan(elevation)
    away = -toward[:2]
    tip_m = np.array([*(away * length_m), 0.0])
    tip_px = view.project(tip_m[None])[0][0]
    along = np.array([away[0], -away[1]])  # image rows run against y in this view
    points = np.column_stack([columns + 0.5, rows + 0.5]) - (160, 120)
    reach, aside = points @ along, points @ [-along[1], along[0]]
    middle = np.polyfit(reach, aside, 1)
    assert abs(middle[0]) * np.ptp(reach) < 2
    assert abs(middle[1]) < 2
    corner_px = 0.01 * 200 * np.abs(away).sum()
    assert reach.max() == pytest.approx((tip_px - (160, 120)) @ along + corner_px, abs=2)


def test_low_sun_shadow_has_no_edge_of_the_map(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    toward = np.array([np.cos(0.3), np.sin(0.3), np.tan(np.radians(8))])
    light = replace(LIGHT, direction=vec3(toward / np.linalg.norm(toward)), softness=0.02)
    view = camera_at((-0.8, 0.0, 5.0), (-0.8, 0, 0), 500, (640, 480))
    shadow = darkened(made, light, view)
    reach_m = 0.3 / np.tan(np.radians(8))
    tips = view.project(np.array([[0.0, 0, 0], [-np.cos(0.3) * reach_m, -np.sin(0.3) * reach_m, 0]]))[0]
    rows, columns = np.nonzero(shadow)
    found = np.hypot(np.ptp(columns), np.ptp(rows))
    assert found == pytest.approx(np.linalg.norm(tips[1] - tips[0]), rel=0.1)


def changed(first: Picture, second: Picture, where: NDArray[np.bool_]) -> float:
    """Fraction of the given pixels that changed by 4 grey levels or more in any channel."""
    moved = np.abs(first.frame.image.astype(int) - second.frame.image).max(axis=-1) >= 4
    return float(moved[where].mean())


def ends(settings: Settings, *names: str) -> list[Any]:
    """The settings with the named ranges fixed at their low ends, and at their high ends."""
    tree = settings.model_dump()
    middles = {name: float(np.mean(value)) for name, value in tree.items() if is_range(value)}
    return [
        type(settings).model_validate({**tree, **middles, **{name: tree[name][end] for name in names}})
        for end in (0, 1)
    ]


def is_range(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str)


def unlike(first: Picture, second: Picture) -> list[str]:
    """Names of the arrays, other than the colours, that differ between two images."""
    return [
        name
        for name in ("body", "depth_m")
        if not np.array_equal(getattr(first.frame, name), getattr(second.frame, name))
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("elevation_deg",),
        ("azimuth_deg",),
        ("saturation",),
        ("hue", "saturation"),
        ("ambient",),
        ("diffuse",),
        ("specular",),
        ("shadow",),
        ("softness",),
    ],
    ids="+".join,
)
def test_every_range_of_the_light_changes_the_image(
    rig: Callable[..., Rig], rng: np.random.Generator, names: tuple[str, ...]
) -> None:
    made = ready(rig)
    low, high = (fixed.draw(lambda _: rng, {}) for fixed in ends(SunAndSky(), *names))
    if names == ("azimuth_deg",):  # both ends are north
        high = replace(high, direction=vec3(np.array(high.direction) * (-1, -1, 1)))
    first, second = (made.shoot(group(made), shot(VIEW, light)) for light in (low, high))
    assert changed(first, second, np.ones((120, 160), bool)) >= 0.01
    assert unlike(first, second) == []


@pytest.mark.parametrize("names", [("hue",), ("saturation",), ("value",), ("tile",)], ids="+".join)
def test_every_range_of_the_floor_changes_the_image(
    rig: Callable[..., Rig], rng: np.random.Generator, names: tuple[str, ...]
) -> None:
    made, surfaces = ready(rig), []
    for fixed in ends(FloorSettings(hue=(0.1, 0.6)), *names):
        look = fixed.draw(rng, Album())
        surfaces.append(Surface(replace(look, texture=Texture("checker", 3)), 0.1 * fixed.tile[0], 0.3))
    first, second = (made.shoot(group(made, floor=surface), shot(VIEW)) for surface in surfaces)
    floor = (first.frame.body < 0) & np.isfinite(first.frame.depth_m)
    assert changed(first, second, floor) >= 0.01
    assert changed(first, second, ~floor) == 0
    assert unlike(first, second) == []


@pytest.mark.parametrize("names", [("hue",), ("saturation",), ("value",)], ids="+".join)
@pytest.mark.parametrize("what", ["look", "background"])
def test_every_range_of_a_look_changes_the_image(
    rig: Callable[..., Rig], rng: np.random.Generator, names: tuple[str, ...], what: str
) -> None:
    made = ready(rig)
    defaults = Drop().objects if what == "look" else Drop().background
    looks = [
        fixed.draw(rng, Album())
        for fixed in ends(LookSettings(**{**defaults.model_dump(), "hue": (0.1, 0.6)}), *names)
    ]
    view = camera_at((0.5, -0.6, 0.3), (0, 0, 0.2), 150)
    pictures = [
        made.shoot(group(made, **{what: look if what == "look" else Surface(look, 1.0, 0.0)}), shot(view))
        for look in looks
    ]
    first, second = pictures
    here = first.frame.body >= 0 if what == "look" else np.isinf(first.frame.depth_m)
    assert changed(first, second, here) >= 0.01
    assert changed(first, second, ~here) == 0
    assert unlike(first, second) == []


@pytest.mark.parametrize("what", ["look", "background", "floor"])
def test_textures_change_the_image_and_no_label(rig: Callable[..., Rig], what: str) -> None:
    made = ready(rig)
    view = camera_at((0.5, -0.6, 0.3), (0, 0, 0.2), 150)
    looks = [Look((0.8, 0.8, 0.8), texture) for texture in (None, Texture("checker", 1), Texture("dots", 4))]
    pictures = [
        made.shoot(group(made, **{what: look if what == "look" else Surface(look, 0.2, 0.5)}), shot(view))
        for look in looks
    ]
    body, depth_m = pictures[0].frame.body, pictures[0].frame.depth_m
    here = {"look": body >= 0, "background": np.isinf(depth_m), "floor": (body < 0) & np.isfinite(depth_m)}[
        what
    ]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert changed(pictures[first], pictures[second], here) >= 0.01
        assert changed(pictures[first], pictures[second], ~here) == 0
        assert unlike(pictures[first], pictures[second]) == []
