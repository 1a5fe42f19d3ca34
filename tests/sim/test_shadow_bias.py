"""Shadow bias: shadows begin close to the occluder, and no surface shadows itself.

Lengths are in texels of the shadow map, which are its resolution.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import SHAPES, box, sphere
from scenes.geometry import on_sphere, vec3
from scenes.shot import Camera, Light
from sim.render.lighting.sky import Sky
from sim.render.lighting.sun import SoftShadow, soft_shadow
from sim.render.settings import Relit
from sim.settled import Settled
from tests.rig import LIGHT, Rig, camera_at, catalogue_of, shot, still

Floats = NDArray[np.float32]
RELIT = Relit(sky_directions=8, sky_map_px=32, sun_map_px=128, smooth_edges=False)
SLAB_M = 0.2
TEXEL_M = SLAB_M / (RELIT.sun_map_px - 2 * 3)
"""Texel size: across the sun's direction the slab fills the shadow map, except for its border."""
LIFT = 1.5
"""Normal offset of shadow lookups in texels."""
PX_PER_M = 4000
PLATE_M = 0.05
SIDE_M = 1.0


def from_above(x_m: float) -> Camera:
    """A camera one metre above a point of the x axis, with image rows along the axis."""
    view = camera_at((x_m, 0.0, 1.0), (x_m, 0.0, 0.0), PX_PER_M, (256, 32))
    return replace(view, pose=replace(view.pose, quat_xyzw=(1.0, 0.0, 0.0, 0.0)))


def sun_at(elevation_deg: float, azimuth_deg: float = 180.0) -> Light:
    """A light with a sun without penumbra and highlights."""
    toward = on_sphere(*np.radians([azimuth_deg, elevation_deg]))
    return replace(LIGHT, direction=vec3(toward), diffuse=1.0, ambient=0.3, specular=0.0, softness=0.0)


def shadowed(made: Rig, settled: Settled, light: Light, view: Camera) -> tuple[NDArray[np.int64], ...]:
    """Decrease in grey levels (H, W) by the sun's shadows, and the visible body (H, W)."""
    lit, dark = (made.shoot(settled, shot(view, replace(light, shadow=share))).frame for share in (0.0, 1.0))
    return lit.image[..., 1].astype(np.int64) - dark.image[..., 1], dark.body.astype(np.int64)


@pytest.mark.parametrize("thick_px", [4, 20])
@pytest.mark.parametrize("elevation_deg", [45, 60])
def test_a_plates_shadow_reaches_from_its_edge_to_where_the_sun_says(
    rig: Callable[..., Rig], elevation_deg: float, thick_px: float
) -> None:
    """A plate lies on a slab, with the sun to its left; with four times the bias, a thin one casts none."""
    thick_m = thick_px * TEXEL_M
    meshes = {"slab": box(SLAB_M, SLAB_M, 0.02), "plate": box(PLATE_M, PLATE_M, thick_m)}
    made = rig(catalogue_of(meshes), RELIT)
    settled = still(made.body("slab", (0.0, 0.0, -0.01)), made.body("plate", (0.0, 0.0, thick_m / 2)))
    taken, body = shadowed(made, settled, sun_at(elevation_deg), from_above(0.04))
    row, on_slab = taken[16], body[16] == 0
    beside_px = ((np.arange(len(row)) + 0.5 - len(row) / 2) / PX_PER_M + 0.04 - PLATE_M / 2) / TEXEL_M
    shadow = beside_px[on_slab & (row > row.max() / 2)]
    assert row.max() > 50
    assert shadow.min() < 1
    # Lookups are offset from the surface, so the shadow ends earlier.
    length_px = thick_px / np.tan(np.radians(elevation_deg))
    assert length_px - LIFT / np.tan(np.radians(elevation_deg)) - 1.5 < shadow.max() < length_px + 1.5
    assert len(shadow) == pytest.approx((shadow.max() - shadow.min()) * TEXEL_M * PX_PER_M, abs=2)


@pytest.mark.parametrize("name", ["box", "ball"])
@pytest.mark.parametrize(("elevation_deg", "azimuth_deg"), [(5, -85), (30, -45), (60, -5), (85, -45)])
def test_a_convex_body_casts_no_shadow_on_itself(
    rig: Callable[..., Rig], name: str, elevation_deg: float, azimuth_deg: float
) -> None:
    """Three faces of the box are visible, and the sun lights all of them, some at a grazing angle."""
    made = rig(catalogue_of({"box": SHAPES["box"](0.2), "ball": sphere(0.1, 48)}), RELIT)
    view = camera_at((0.5, -0.6, 0.5), (0, 0, 0), 250, (160, 120))
    settled = still(made.body(name, (0, 0, 0)))
    taken, body = shadowed(made, settled, sun_at(elevation_deg, azimuth_deg), view)
    assert (np.abs(taken[body == 0]) > 3).mean() < 0.002


def plane(side_m: float, height_m: float = 0.0, count: int = 400) -> Floats:
    """Points (3, n) on a horizontal square."""
    steps = np.linspace(-side_m / 2, side_m / 2, count)
    x, y = (values.ravel() for values in np.meshgrid(steps, steps))
    return np.stack([x, y, np.full_like(x, height_m)]).astype(np.float32)


def sun_over_plane(points_m: Floats, elevation_deg: float) -> SoftShadow:
    return soft_shadow(points_m, sun_at(elevation_deg, 20.0), Relit().sun_map_px)


@pytest.mark.parametrize(("elevation_deg", "lift"), [(45, 0.0), (60, 0.0), (90, 0.0), (15, LIFT), (30, LIFT)])
def test_a_flat_face_is_evenly_in_the_sun(elevation_deg: float, lift: float) -> None:
    """The bias alone is enough down to an elevation of 45°; grazing angles need the normal offset as well."""
    sun = sun_over_plane(plane(SIDE_M), elevation_deg)
    raised = plane(0.9 * SIDE_M, lift * float(sun.maps.texel_m[0]))
    assert sun.on_surface(raised).min() == 1


def test_a_soft_suns_shadows_on_bodies_have_wide_edges() -> None:
    """A plate 20 texels off: at softness 0.1 the edge takes several texels, at 0 about two."""
    light, texel_m = sun_at(90), float(sun_over_plane(plane(SIDE_M), 90).maps.texel_m[0])
    points = np.concatenate([plane(SIDE_M), plane(0.4, 20 * texel_m)], axis=1)
    across = np.stack([np.linspace(0.1, 0.3, 2001), np.zeros(2001), np.zeros(2001)]).astype(np.float32)
    widths = []
    for softness in (0.0, 0.1):
        sun = soft_shadow(points, replace(light, softness=softness), Relit().sun_map_px)
        reached = sun.on_surface(across)
        widths.append(np.count_nonzero((reached > 0) & (reached < 1)) * 1e-4 / texel_m)
        assert (reached[0], reached[-1]) == (0, 1)
    assert widths[0] < 2.5
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize(("above", "reached"), [(1.0, 1), (5.0, 0)])
@pytest.mark.parametrize("lift", [0.0, LIFT])
def test_points_five_texels_behind_an_occluder_get_no_sun(above: float, reached: float, lift: float) -> None:
    texel_m = float(sun_over_plane(plane(SIDE_M), 90).maps.texel_m[0])
    points = np.concatenate([plane(SIDE_M), plane(0.3, above * texel_m)], axis=1)
    under = plane(0.25, lift * texel_m)
    assert (sun_over_plane(points, 90).on_surface(under) == reached).all()


def test_flat_face_sees_the_upper_sky_but_not_through_an_occluder_four_texels_off() -> None:
    relit = Relit()
    free = Sky(plane(SIDE_M), relit.sky_directions, relit.sky_map_px, floor=True)
    high = free.directions[:, 2] > np.sin(np.radians(45))
    texel_m = float(free.maps.texel_m.max())
    assert free.visibility(plane(0.8 * SIDE_M))[high].min() == 1
    assert free.visibility(plane(0.8 * SIDE_M, LIFT * texel_m)).min() == 1
    points = np.concatenate([plane(SIDE_M), plane(0.3, 4 * texel_m)], axis=1)
    covered = Sky(points, relit.sky_directions, relit.sky_map_px, floor=True)
    assert covered.visibility(plane(0.1, LIFT * texel_m))[high].max() == 0
