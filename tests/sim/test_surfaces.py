"""Floors near the horizon, and floors of large images."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.images import IMAGE, Pictures, Texture, load_images
from scenes.assets.materials.kinds import MATERIALS
from scenes.assets.shapes import SHAPES
from scenes.assets.textures import TEXTURES
from scenes.spec import Look, Surface, Wall
from sim.render.lighting.floor import floor_colors
from sim.render.lighting.surfaces import Surfaces
from sim.render.raster.planes import floor_depth
from sim.render.raster.texture import seamless, square, tiles
from sim.render.settings import Relit
from sim2coco.seeding import rng_for
from tests.rig import GREY, Rig, camera_at, catalogue_of, shot, still


@pytest.mark.parametrize("kind", (*TEXTURES, *MATERIALS))
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


def waves(side: int, seamless: bool) -> NDArray[np.uint8]:
    """A smooth random image (side, side, 3); its opposite borders match if it is seamless."""
    coarse = rng_for(7, scene=0, stream="looks").random((9, 9, 3)).astype(np.float32)
    if seamless:
        coarse = np.tile(coarse, (3, 3, 1))
    fine = cv2.resize(
        coarse, (3 * side, 3 * side) if seamless else (side, side), interpolation=cv2.INTER_LINEAR
    )
    return (255 * (fine[side : 2 * side, side : 2 * side] if seamless else fine)).astype(np.uint8)


def joints(across_px: int, down_px: int, begin: int) -> NDArray[np.uint8]:
    """Grey slabs (512, 512, 3) with dark joints of one pixel, the first one after `begin` pixels."""
    image = np.full((512, 512, 3), 160, np.uint8)
    image[begin::down_px] = image[:, begin::across_px] = 40
    return image


@pytest.mark.parametrize(
    ("image", "repeats"),
    [
        (waves(512, seamless=True), True),
        (waves(512, seamless=False), False),
        (waves(700, seamless=False)[:512], False),
        (joints(64, 128, 0), True),
        (joints(64, 64, 31), True),
        (np.full((300, 400, 3), 90, np.uint8), True),
        (np.linspace(0, 255, 512 * 512 * 3).reshape(512, 512, 3).astype(np.uint8), False),
    ],
    ids=["seamless", "photograph", "cut", "slabs", "slabs cut in the middle", "plain", "ramp"],
)
def test_an_image_tiles_if_its_borders_match(image: NDArray[np.uint8], repeats: bool) -> None:
    assert tiles(square(image)) == repeats


@pytest.mark.parametrize("kind", sorted(set(TEXTURES) - {"bricks"}))
def test_procedural_textures_tile(kind: str) -> None:
    assert all(tiles(square(Pictures({})(Texture(kind, index)))) for index in range(4))


@pytest.mark.parametrize(
    "image", [waves(512, seamless=False), waves(300, seamless=False)], ids=["512", "256"]
)
def test_an_image_that_does_not_tile_is_blended_along_its_borders(image: NDArray[np.uint8]) -> None:
    blended, own = seamless(square(image)), square(image).astype(float)
    side = len(own)
    assert tiles(blended)
    inside = np.s_[side // 4 : -side // 4, side // 4 : -side // 4]
    assert np.abs(blended[inside] - own[inside]).max() <= 1
    assert blended.mean() == pytest.approx(own.mean(), abs=6)
    assert blended.std() == pytest.approx(own.std(), rel=0.1)


@pytest.mark.parametrize("does_tile", [True, False])
def test_images_repeat_after_one_tile_and_show_no_mirror_axis(tmp_path: Path, does_tile: bool) -> None:
    Image.fromarray(waves(512, does_tile)).save(tmp_path / "a.png")
    images = load_images({"floor": str(tmp_path)})
    texture = Texture(IMAGE, 0, images["floor"][0].key)
    view = camera_at((0.0, -0.01, 1.0), (0, 0, 0), 300, (240, 240))

    def floor(offset: tuple[float, float]) -> NDArray[np.float64]:
        surface = Surface(Look((1.0, 1.0, 1.0), texture, offset), tile_m=0.5, turn_rad=0.0)
        color = floor_colors(Surfaces(Pictures(images)), surface, view, floor_depth(view)).color
        assert color is not None
        return color.astype(np.float64)

    def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])

    begun = floor((0.0, 0.0))
    for mirror in (begun[::-1], begun[:, ::-1], begun[::-1, ::-1]):
        assert alike(begun, mirror) < 0.9
    assert alike(begun, floor((1.0, 0.0))) > 0.99
    assert alike(begun, floor((0.0, 1.0))) > 0.99
    moved = floor((0.3, 0.7))
    right, down = 0.3 * 0.5 * 300, 0.7 * 0.5 * 300  # pixels that 0.3 and 0.7 tiles cover
    assert alike(np.roll(begun, (int(down), -int(right)), (0, 1))[120:, :180], moved[120:, :180]) > 0.9


def test_an_offset_moves_images_on_walls_and_backgrounds_too(tmp_path: Path) -> None:
    Image.fromarray(waves(512, seamless=False)).save(tmp_path / "a.png")
    images = load_images({"background": str(tmp_path)})
    texture = Texture(IMAGE, 0, images["background"][0].key)
    view = camera_at((0.0, -1.0, 0.3), (0, 0, 0.3), 300, (64, 48))
    wall = Wall(Surface(Look((1.0, 1.0, 1.0), texture), 0.5, 0.0), np.pi / 2, 1.0, -9.0, 9.0, 5.0)
    across, up = np.meshgrid(
        np.linspace(-0.2, 0.2, 64, dtype=np.float32), np.linspace(0.5, 0.1, 48, dtype=np.float32)
    )
    points = np.stack([across, np.ones_like(across), up])
    surfaces = Surfaces(Pictures(images))
    seen = []
    for offset in ((0.0, 0.0), (0.4, 0.9), (2.4, 0.9)):
        surface = replace(wall.surface, look=replace(wall.surface.look, offset_tiles=offset))
        sampled = surfaces.wall(replace(wall, surface=surface), view, points, 2 * np.ones_like(across))
        assert sampled is not None
        seen.append((surfaces.background(surface, view), sampled.color))
    for first, moved, again in zip(*seen, strict=True):
        assert first is not None
        assert not np.array_equal(first, moved)
        assert np.abs(np.subtract(moved, again, dtype=int)).max() <= 1
