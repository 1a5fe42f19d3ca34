import numpy as np
import pytest
from pydantic import ValidationError

from scenes.light import LightSettings
from sim2coco.seeding import rng_for


def rng(view: int) -> np.random.Generator:
    return rng_for(7, scene=0, stream="light", view=view)


def test_light_keeps_and_fills_its_ranges() -> None:
    settings = LightSettings(elevation_deg=(20, 50), azimuth_deg=(100, 120), ambient=(0.1, 0.2))
    lights = [settings.draw(rng(view)) for view in range(300)]
    toward = np.array([light.direction for light in lights])
    np.testing.assert_allclose(np.linalg.norm(toward, axis=1), 1)
    found = {
        (20, 50): np.degrees(np.arcsin(toward[:, 2])),
        (100, 120): np.degrees(np.arctan2(toward[:, 1], toward[:, 0])),
        (0.1, 0.2): np.array([light.ambient for light in lights]),
    }
    for (low, high), values in found.items():
        margin = (high - low) * 0.02
        assert low <= values.min() < low + margin
        assert high - margin < values.max() <= high + 1e-9


def test_color_is_hue_and_saturation_at_full_brightness() -> None:
    light = LightSettings(hue=(1 / 3, 1 / 3), saturation=(0.5, 0.5)).draw(rng(0))
    np.testing.assert_allclose(light.color_rgb, (0.5, 1.0, 0.5))


def test_one_range_moves_nothing_else() -> None:
    before, after = LightSettings().draw(rng(4)), LightSettings(ambient=(0.9, 1.0)).draw(rng(4))
    assert (before.direction, before.color_rgb, before.diffuse, before.softness) == (
        *(after.direction, after.color_rgb, after.diffuse, after.softness),
    )
    assert after.ambient >= 0.9


def test_always_seventeen_draws() -> None:
    one, other = rng(0), rng(0)
    LightSettings().draw(one)
    other.random(17)
    assert one.random() == other.random()


@pytest.mark.parametrize(
    "tree",
    [{"elevation_deg": 4}, {"shadow": 1.2}, {"softness": 0.3}, {"color": 1}, {"hue": [0.5, 0.1]}],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object) -> None:
    with pytest.raises(ValidationError):
        LightSettings.parse(tree)
