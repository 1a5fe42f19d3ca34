"""Materials: they tile, in colour and in relief, have plausible colours, and do not change."""

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.images import Album, Pictures, Texture
from scenes.assets.materials.kinds import MATERIALS, NATURAL
from scenes.assets.materials.material import Material
from scenes.assets.materials.noise import enlarged, uniforms
from scenes.assets.textures import TEXTURES
from scenes.floor import FloorSettings
from scenes.furnishing.furniture import FurnitureSettings
from scenes.looks import LookSettings
from scenes.scene import BackgroundSettings
from scenes.spec import Look
from scenes.walls import WallSettings

KINDS = list(MATERIALS)
PICTURES = Pictures({})
COLORS = {
    "planks": (108, 77, 53),
    "veneer": (133, 70, 46),
    "tiles": (68, 70, 73),
    "brickwork": (178, 139, 109),
    "concrete": (148, 143, 133),
    "plaster": (222, 217, 203),
    "asphalt": (68, 68, 72),
    "fabric": (42, 59, 94),
    "carpet": (164, 156, 141),
    "grass": (85, 92, 41),
    "soil": (95, 80, 64),
    "paper": (206, 204, 200),
    "brushed_metal": (209, 190, 142),
}
"""Mean colour of variant 3 of each kind."""


@cache
def made(kind: str, index: int) -> Material:
    found = PICTURES.material(Texture(kind, index))
    assert found is not None
    return found


def largest_step_ratio(image: NDArray[np.uint8], side: int) -> float:
    """The step across the border of a tile relative to the largest step inside it."""
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA).astype(np.float64)
    ratios = []
    for lines in (small, small.swapaxes(0, 1)):
        each = np.abs(np.roll(lines, -1, axis=0) - lines).reshape(side, -1).mean(axis=1)
        ratios.append(each[-1] / each[:-1].max())
    return float(max(ratios))


@pytest.mark.parametrize("kind", KINDS)
def test_materials_tile_in_color_relief_and_gloss(kind: str) -> None:
    jointed = kind in ("planks", "tiles", "brickwork")  # a joint runs along the border, as deep as any other
    for index in (0, 1):
        tile = made(kind, index)
        for side in (512, 64):
            # Fibres of wood differ from row to row, so that the largest of all steps may be at the border.
            assert largest_step_ratio(tile.color, side) <= (1.3 if side == 512 else 1.1)
            assert largest_step_ratio(tile.slope, side) <= (1.5 if jointed else 1.1)
            assert np.ptp(tile.gloss) == 0 or largest_step_ratio(tile.gloss, side) <= 1.15


def test_a_cut_tile_would_be_noticed() -> None:
    assert largest_step_ratio(made("concrete", 0).color[:384, :384], 64) > 1.3


@pytest.mark.parametrize("kind", KINDS)
def test_the_relief_is_that_of_a_periodic_height_map(kind: str) -> None:
    """The slopes along each line of a tile that repeats add up to nothing, unless steep ones are cut off."""
    tile = made(kind, 1)
    slope = (tile.slope.astype(np.float64) - 128) / 127 * tile.max_slope
    assert 0.005 < np.abs(slope).max() <= 2.02
    for axis in (0, 1):
        assert np.abs(slope[..., 1 - axis].mean(axis=axis)).max() < 0.02 * max(tile.max_slope, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_variant_is_the_same_in_every_process_and_differs_from_others(kind: str) -> None:
    first, again, other = (Pictures({}).material(Texture(kind, index)) for index in (3, 3, 4))
    assert first is not None
    assert again is not None
    assert other is not None
    for name in ("color", "slope", "gloss"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.color, other.color)
    # Rounding may differ by one level between builds of NumPy and OpenCV.
    assert np.abs(first.color.mean(axis=(0, 1)) - COLORS[kind]).max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_colors_are_those_of_the_material(kind: str) -> None:
    mean = np.array([made(kind, index).color.mean(axis=(0, 1)) for index in range(3)])
    red, green, blue = mean.T
    chroma = mean.max(axis=1) - mean.min(axis=1)
    assert (mean > 20).all()
    assert (mean < 250).all()
    if kind == "grass":
        assert (green > red).all()
        assert (green > 1.2 * blue).all()
    elif kind in ("planks", "veneer", "brickwork", "soil"):
        assert (red > green).all()
        assert (green > blue).all()
    elif kind in ("concrete", "asphalt"):
        assert (chroma < 25).all()
    elif kind == "brushed_metal":
        assert (mean > 100).all()


def test_shiny_materials_are_shiny_and_matte_ones_matte() -> None:
    rough = {kind: [made(kind, index).roughness for index in range(2)] for kind in KINDS}
    assert max(rough["tiles"]) < 0.5
    assert max(rough["brushed_metal"]) < 0.5
    assert min(rough["grass"] + rough["soil"] + rough["carpet"] + rough["asphalt"] + rough["fabric"]) > 0.7
    assert [kind for kind in KINDS if made(kind, 0).metallic] == ["brushed_metal"]
    tile = made("tiles", 1)
    assert tile.gloss.min() == 0  # joints
    assert (tile.gloss == 255).mean() > 0.8


def test_noise_is_periodic_and_has_the_values_of_its_grid(rng: np.random.Generator) -> None:
    grid = uniforms(rng, 8, 4)
    wide = enlarged(grid, 512, 512)
    moved = enlarged(np.roll(grid, (3, 1), axis=(0, 1)), 512, 512)
    np.testing.assert_allclose(np.roll(wide, (3 * 64, 128), axis=(0, 1)), moved, atol=1e-6)
    assert (
        np.corrcoef(cv2.resize(wide, (4, 8), interpolation=cv2.INTER_AREA).ravel(), grid.ravel())[0, 1] > 0.95
    )


@pytest.mark.parametrize(
    ("settings", "surface"),
    [
        (FloorSettings(textured=1.0), "floor"),
        (WallSettings(textured=1.0), "wall"),
        (FurnitureSettings(textured=1.0), "furniture"),
        (BackgroundSettings(textured=1.0), "background"),
    ],
    ids=["floor", "walls", "furniture", "background"],
)
def test_surfaces_are_of_materials_by_default_and_of_patterns_on_request(
    settings: LookSettings, surface: str, rng: np.random.Generator
) -> None:
    def kinds(album: Album, chosen: LookSettings = settings) -> set[str]:
        looks = [chosen.draw(rng, album) for _ in range(600)]
        return {look.texture.kind for look in looks if look.texture is not None}

    assert kinds(Album()) == set(NATURAL[surface])
    assert kinds(Album(style="abstract")) == set(TEXTURES)
    own = settings.model_copy(update={"textures": ("grass", "dots")})
    assert kinds(Album(style="abstract"), own) == {"grass", "dots"}


def test_objects_have_patterns_in_both_styles(rng: np.random.Generator) -> None:
    for style in ("natural", "abstract"):
        looks = [LookSettings(textured=1.0).draw(rng, Album(style=style)) for _ in range(300)]
        assert {look.texture.kind for look in looks if look.texture is not None} == set(TEXTURES)


def test_materials_keep_their_colors_and_begin_anywhere(rng: np.random.Generator) -> None:
    looks = [FloorSettings(textured=1.0, hue=(0.0, 0.0)).draw(rng, Album()) for _ in range(400)]
    assert {look.color_rgb for look in looks} == {(1.0, 1.0, 1.0)}
    offsets = np.array([look.offset_tiles for look in looks])
    grass = np.array([look.offset_tiles for look in looks if look.texture and look.texture.kind == "grass"])
    for found in (offsets, grass):
        assert found.min() < 0.2
        assert found.max() > 1.8
        assert abs(float(found.mean()) - 1) < 0.25


def test_materials_have_their_natural_size_if_it_suits_the_objects(rng: np.random.Generator) -> None:
    settings, lawn = FloorSettings(), Look((1.0, 1.0, 1.0), Texture("grass", 0))

    def sizes(look: Look, unit_m: float) -> tuple[float, float]:
        found = [settings.tile_side_m(look, rng.random(), unit_m, settings.tile) for _ in range(300)]
        return min(found), max(found)

    assert sizes(lawn, 0.1) == pytest.approx((0.4, 0.6), abs=0.01)
    assert sizes(lawn, 0.01) == pytest.approx((0.24, 0.24))  # three times the largest tile
    assert sizes(lawn, 10.0) == pytest.approx((5.0, 5.0))  # half of the smallest
    assert sizes(Look((1.0, 1.0, 1.0), Texture("dots", 0)), 0.1) == pytest.approx((0.1, 0.8), abs=0.02)
