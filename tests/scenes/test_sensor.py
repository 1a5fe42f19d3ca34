"""Settings of the sensor: what is drawn, what is refused, and that all of it is off by default."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from scenes.cameras.camera import Shell
from scenes.cameras.sensor import EFFECTS, SensorSettings
from scenes.shot import Sensor
from sim2coco.recipe import Recipe
from sim2coco.seeding import rng_for
from tests.refusals import assert_refused

NUT = {"assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.05}}}}
ON: dict[str, Any] = {
    "vignetting": [0.5, 1.0],
    "chromatic_aberration_px": [-2.0, -1.0],
    "iso": [200, 3200],
    "bayer": ["rggb", "gbrg"],
    "white_balance_error": [0.1, 0.2],
    "tint_error": -0.1,
    "denoising": [0.2, 0.4],
    "sharpening": 0.5,
    "jpeg_quality": [60, 80],
}


def drawn(view: int, lighting: int = 0, **tree: Any) -> Sensor | None:
    rngs = (rng_for(7, scene=0, stream="imaging", view=view, lighting=of) for of in (None, lighting))
    return SensorSettings.parse(tree).draw(*rngs)


def drawn_on(view: int, lighting: int = 0, **tree: Any) -> Sensor:
    sensor = drawn(view, lighting, **tree)
    assert sensor is not None
    return sensor


def test_everything_is_off_by_default_and_by_null() -> None:
    assert SensorSettings().effects == ()
    assert drawn(0) is None
    assert drawn(0, full_well_e=500, read_noise_e=9, bits=8, demosaicing="bilinear") is None
    assert Shell.parse({"sensor": None}).sensor == SensorSettings()
    assert tuple(ON) == EFFECTS


@pytest.mark.parametrize("name", EFFECTS)
def test_one_setting_switches_one_effect_on(name: str) -> None:
    sensor = drawn_on(3, **{name: ON[name]})
    differing = {
        key
        for key in Sensor.__dataclass_fields__
        if getattr(sensor, key) != getattr(Sensor(sensor.noise_seed), key)
    }
    named = {"chromatic_aberration_px": "red_shift_px", "white_balance_error": "white_balance"}
    assert differing == {named.get(name, "white_balance" if name == "tint_error" else name)}
    assert drawn_on(3, **ON) != sensor
    assert getattr(drawn_on(3, **ON), differing.pop()) is not None


def test_values_fill_their_ranges() -> None:
    sensors = [drawn_on(view, **ON) for view in range(400)]
    assert {sensor.bayer for sensor in sensors} == {"rggb", "gbrg"}
    assert {sensor.jpeg_quality for sensor in sensors} == set(range(60, 81))
    iso = np.array([sensor.iso for sensor in sensors])
    assert 200 <= iso.min() < 215 < 3000 < iso.max() <= 3200
    assert np.median(iso) == pytest.approx(800, rel=0.15)  # evenly in stops
    gains = np.array([sensor.white_balance for sensor in sensors])
    np.testing.assert_allclose(gains[:, 0] + gains[:, 2], 2)
    assert 1.1 <= gains[:, 0].min() < 1.105 < 1.195 < gains[:, 0].max() <= 1.2
    assert set(gains[:, 1]) == {0.9}
    assert len({sensor.noise_seed for sensor in sensors}) == 400


def test_a_range_moves_no_other_value() -> None:
    for view in range(10):
        one, other = drawn_on(view, **ON), drawn_on(view, **{**ON, "iso": 100, "sharpening": [0, 2]})
        for key in ("vignetting", "red_shift_px", "bayer", "white_balance", "jpeg_quality", "noise_seed"):
            assert getattr(one, key) == getattr(other, key)


def test_lightings_of_a_view_differ_in_noise_only() -> None:
    one, other = drawn_on(1, 0, **ON), drawn_on(1, 1, **ON)
    seeds = one.noise_seed, other.noise_seed
    assert seeds[0] != seeds[1]
    assert max(seeds) < 2**53
    fields = [key for key in Sensor.__dataclass_fields__ if key != "noise_seed"]
    assert all(getattr(one, key) == getattr(other, key) for key in fields)


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"iso": 50}, "iso", "must be 0, or between 100 and 409600"),
        ({"iso": [0, 800]}, "iso", "must be 0, or between 100 and 409600"),
        ({"vignetting": 5}, "vignetting", "between 0 and 4"),
        ({"full_well_e": 10}, "full_well_e", "between 100 and 1e+06"),
        ({"read_noise_e": -1}, "read_noise_e", "between 0 and 1000"),
        ({"bits": 20}, "bits", "less than or equal to 16"),
        ({"bayer": "rgbg"}, "bayer", "'rggb', 'bggr', 'grbg' or 'gbrg'"),
        ({"bayer": ["rggb", "rggb"]}, "bayer", "lists a pattern twice"),
        ({"demosaicing": "vng"}, "demosaicing", "'edge_aware' or 'bilinear'"),
        ({"chromatic_aberration_px": 9}, "chromatic_aberration_px", "between -8 and 8"),
        ({"white_balance_error": 0.5}, "white_balance_error", "between -0.3 and 0.3"),
        ({"jpeg_quality": [5, 90]}, "jpeg_quality", "between 10 and 100"),
        ({"jpeg_quality": 70.5}, "jpeg_quality", "integer"),
        ({"noise": 1}, "noise", "Extra inputs"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(SensorSettings, tree, where, why)


@pytest.mark.parametrize("name", EFFECTS)
def test_render_tiny_refuses_what_it_would_ignore(name: str) -> None:
    tree = {**NUT, "render": {"kind": "tiny"}, "camera": {"kind": "shell", "sensor": {name: ON[name]}}}
    with pytest.raises(ValidationError, match=f"camera.sensor.{name}: render=tiny produces no linear light"):
        Recipe.parse(tree)
    Recipe.parse({**tree, "render": {"kind": "relit"}})
    Recipe.parse({**tree, "camera": {"kind": "shell", "sensor": None}})
