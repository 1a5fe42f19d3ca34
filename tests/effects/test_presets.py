"""Every choice of conf/ has, as a whole, the effect that it names."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sim2coco.cli.config import choices, settings_of
from tests.effects import presets
from tests.effects.made import Made, Studio

CHECKED = sorted({*presets.SHOTS, *presets.WHOLE})
SENSORS = ("webcam", "phone", "industrial", "action", "drone")
ELSEWHERE = {
    "assets": "tests/effects/assets.py and tests/scenes/test_catalogue.py",
    "engine": "tests/run/test_workers.py and tests/run/test_ray.py",
    "experiment": "tests/cli/test_own_choices.py",
    "export": "tests/effects/export.py",
    "image": "test_conf.py",
    "render": "tests/run/test_every_kind.py",
}
"""Groups whose choices are tested in other places."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = Studio(tmp_path_factory.mktemp("presets"))
    yield studio
    studio.close()


def made(studio: Studio, preset: str, **changes: Any) -> Made:
    """What the base recipe makes with a choice."""
    group, choice = preset.split("=")
    return studio.make({group: settings_of(group, choice), "views": presets.VIEWS, **changes})


@pytest.mark.parametrize("group", ["camera", "light", "scene", "quality", "augment"])
def test_every_choice_has_an_effect(group: str) -> None:
    assert {f"{group}={choice}" for choice in choices(group)} == {
        preset for preset in CHECKED if preset.startswith(f"{group}=")
    }
    assert group not in ELSEWHERE


@pytest.mark.parametrize("preset", CHECKED)
def test_a_choice_does_what_it_names(studio: Studio, preset: str) -> None:
    one = made(studio, preset, **({"scene.num_objects": 4} if preset.startswith("scene=") else {}))
    for name, (least, most) in presets.SHOTS.get(preset, {}).items():
        found = [presets.MEASURES[name](shot) for shot in one.shots(presets.VIEWS)]
        assert least <= min(found) <= max(found) <= most, (name, found)
    if preset in presets.WHOLE:
        assert presets.WHOLE[preset](one)


@pytest.mark.parametrize("camera", SENSORS)
def test_a_camera_with_a_sensor_makes_another_image(studio: Studio, camera: str) -> None:
    """Grainy, dark in its corners and sharpened; the labels are the same."""
    size = {"image": {"width": 160, "height": 120}}
    settings = settings_of("camera", camera)
    with_sensor = studio.make({"camera": settings, **size}).sample
    perfect = studio.make({"camera": {**settings, "sensor": {}}, **size}).sample
    np.testing.assert_array_equal(with_sensor.ids, perfect.ids)
    noise = with_sensor.image.astype(float) - perfect.image
    assert noise.std() > 1.0
    assert np.abs(noise[:8, :8].mean()) < 60
