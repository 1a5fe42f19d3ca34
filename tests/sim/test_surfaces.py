"""Floors near the horizon, and floors of large images."""

from collections.abc import Callable

import numpy as np
import pytest

from scenes.assets.images import Pictures, Texture
from scenes.assets.shapes import SHAPES
from scenes.assets.textures import TEXTURES
from scenes.spec import Look, Surface
from sim.render.lighting.floor import floor_colors
from sim.render.lighting.surfaces import Surfaces
from sim.render.raster.planes import floor_depth
from sim.render.settings import Relit
from tests.rig import GREY, Rig, camera_at, catalogue_of, shot, still


@pytest.mark.parametrize("kind", TEXTURES)
def test_at_the_horizon_a_floor_has_its_mean_color(kind: str) -> None:
    """Where a pixel covers many tiles, the texture is averaged, so that it has no aliasing."""
    pictures, texture = Pictures({}), Texture(kind, 3)
    view = camera_at((0, -0.5, 0.12), (0, 0.3, 0.06), 280, (320, 240))
    plane_m = floor_depth(view)
    floor = Surface(Look((1.0, 1.0, 1.0), texture), tile_m=0.12, turn_rad=0.4)
    color = floor_colors(Surfaces(pictures), floor, view, plane_m).color
    assert color is not None
    below = np.flatnonzero(np.isfinite(plane_m).all(axis=1))[:4]
    assert np.abs(color[below] - pictures(texture).mean(axis=(0, 1))).max() < 2.5


def test_a_body_may_fill_a_large_picture(rig: Callable[..., Rig]) -> None:
    """`cv2.remap` accepts at most 32,766 rows, and this body has more pixels."""
    made = rig(catalogue_of({"box": SHAPES["box"](0.5)}), Relit())
    settled = still(made.body("box", (0.0, 0.0, 0.25)), floor=GREY)
    view = camera_at((0.0, -0.7, 0.3), (0, 0, 0.25), 1200, (800, 600))
    body = made.shoot(settled, shot(view)).frame.body
    assert np.count_nonzero(body == 0) > 9 * 33_000
