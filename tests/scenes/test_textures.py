import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.textures import TEXTURES, texture

KINDS = ["plain", "noise", "checker", "stripes", "gradient", "speckle", "bricks", "wood", "marble", "dots"]
SEEDS = range(8)


def drawn(kind: str, seed: int, size_px: int = 128) -> NDArray[np.uint8]:
    return texture(kind, np.random.Generator(np.random.PCG64(seed)), size_px)


def steps(image: NDArray[np.uint8], axis: int) -> tuple[float, NDArray[np.float64]]:
    """Mean difference across the border of the tile, and between all neighbouring lines inside."""
    lines = np.moveaxis(image.astype(np.float64), axis, 0)
    each = np.abs(np.roll(lines, -1, axis=0) - lines).mean(axis=(1, 2))
    return float(each[-1]), each[:-1]


def num_colours(image: NDArray[np.uint8]) -> int:
    return len(np.unique(image.astype(np.int64) @ [1, 256, 65536]))


def test_every_kind_is_listed() -> None:
    assert list(TEXTURES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_px", [1, 7, 64, 256])
def test_texture_is_a_square_rgb_picture(kind: str, size_px: int) -> None:
    image = drawn(kind, 0, size_px)
    assert image.shape == (size_px, size_px, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [0, 1], ids=["top-bottom", "left-right"])
def test_tiles_show_no_seam(kind: str, axis: int) -> None:
    for seed in SEEDS:
        border, inside = steps(drawn(kind, seed), axis)
        assert border <= 1.02 * inside.max(), seed  # 2 %, because gradients have few lines of steepest slope


@pytest.mark.parametrize("kind", KINDS)
def test_border_is_on_average_like_any_other_line(kind: str) -> None:
    pairs = [steps(drawn(kind, seed), axis) for seed in range(40) for axis in (0, 1)]
    borders = np.mean([border for border, _ in pairs])
    inside = np.mean([line.mean() for _, line in pairs])
    largest = np.mean([line.max() for _, line in pairs])
    if kind in ("checker", "bricks"):  # the border is always one of their edges
        assert borders <= largest
    elif kind != "plain":
        assert borders < 1.5 * inside


@pytest.mark.parametrize("kind", ["noise", "gradient", "wood", "marble", "speckle"])
def test_seam_would_be_noticed(kind: str) -> None:
    # Three quarters of a tile do not tile. If no seed showed a seam, the test above would be meaningless.
    cut = [drawn(kind, seed)[:96, :96] for seed in SEEDS]
    seams = [steps(image, axis) for image in cut for axis in (0, 1)]
    assert any(border > 1.2 * inside.max() for border, inside in seams)


@pytest.mark.parametrize("kind", KINDS)
def test_same_generator_gives_the_same_bytes_and_another_does_not(kind: str) -> None:
    assert drawn(kind, 3).tobytes() == drawn(kind, 3).tobytes()
    assert len({drawn(kind, seed).tobytes() for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_colours_contrast_in_every_channel(kind: str) -> None:
    for seed in SEEDS:
        assert np.ptp(drawn(kind, seed), axis=(0, 1)).min() >= 0.25 * 255, seed


@pytest.mark.parametrize("kind", ["checker", "stripes", "speckle", "dots"])
def test_sharp_patterns_have_two_colours_and_plain_one(kind: str) -> None:
    for seed in SEEDS:
        assert num_colours(drawn(kind, seed)) == 2, seed
        assert num_colours(drawn("plain", seed)) == 1, seed


def test_checker_fields_cover_half() -> None:
    for seed in SEEDS:
        image = drawn("checker", seed, 240)
        assert 0.45 < (image == image[0, 0]).all(axis=2).mean() < 0.55


def test_grain_of_wood_runs_along_one_axis_and_not_always_the_same() -> None:
    along = []
    for seed in range(12):
        rows, columns = (steps(drawn("wood", seed), axis)[1].mean() for axis in (0, 1))
        assert max(rows, columns) > 2 * min(rows, columns), seed
        along.append(rows > columns)
    assert len(set(along)) == 2


def test_pattern_does_not_depend_on_the_resolution() -> None:
    fine, coarse = drawn("gradient", 5, 256), drawn("gradient", 5, 128)
    averaged = fine.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(averaged - coarse).max() <= 1.5


def test_unknown_kind_is_refused_with_those_known() -> None:
    with pytest.raises(ValueError, match=r"unknown texture kind 'velvet'; allowed: plain, noise, .*dots"):
        drawn("velvet", 0)


@pytest.mark.parametrize("size_px", [0, -4])
def test_size_that_is_none_is_refused(size_px: int) -> None:
    with pytest.raises(ValueError, match="size_px must be at least 1"):
        drawn("plain", 0, size_px)
