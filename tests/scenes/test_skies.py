"""Procedural environment maps: of the documented brightness, and deterministic."""

import numpy as np
import pytest

from scenes.assets.images import Pictures
from scenes.assets.skies import SKIES, sky
from tests.panoramas import toward

RAYS = toward(128)
AREA = np.cos(np.pi * (0.5 - (np.arange(128) + 0.5) / 128))[:, None]


def of(kind: str, member: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return Pictures({}).panorama(f"{kind}:{member}")


@pytest.mark.parametrize("kind", SKIES)
def test_skies_are_light_the_same_for_a_number_and_others_for_others(kind: str) -> None:
    first, again, other = (of(kind, member) for member in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    for member in range(20):
        light = of(kind, member)
        assert light.shape == (128, 256, 3)
        assert np.isfinite(light).all()
        assert light.min() > 0


def test_clouds_are_three_times_as_bright_above_as_at_the_horizon(rng: np.random.Generator) -> None:
    light = sky("overcast", rng).mean(axis=(1, 2))
    assert light[0] / light[63] == pytest.approx(3, rel=0.05)


def test_a_clear_sky_has_one_sun_ahead_that_outshines_it() -> None:
    for member in range(20):
        light = of("clear", member).mean(axis=2)
        row, column = np.unravel_index(light.argmax(), light.shape)
        assert column in (127, 128)
        elevation_deg = 90 - (row + 0.5) * 180 / 128
        assert 7 < elevation_deg < 66
        near = RAYS @ RAYS[row, column] > np.cos(np.radians(4))
        floor = light * AREA * np.maximum(RAYS[..., 2], 0)
        assert 0.3 < floor[near].sum() / floor[~near].sum() < 10


def test_low_suns_are_warm_and_skies_blue() -> None:
    suns = []
    for member in range(30):
        light = of("clear", member)
        row = np.unravel_index(light.mean(axis=2).argmax(), (128, 256))[0]
        red, _, blue = light[row, 127]
        suns.append((row, red / blue))
        assert light[10, 0, 2] > light[10, 0, 0]
    rows, warmth = np.array(sorted(suns)).T
    assert warmth[rows > 48].min() > warmth[rows < 30].max()
