"""What the next trial changes."""

from typing import Any

import numpy as np
import pytest

from sim2coco.matching.observed import Observed
from sim2coco.matching.proposal import CONTRAST, MAX_FILL, changed, follow, size_of
from sim2coco.matching.search import check_size, reduced
from sim2coco.messages import ConfigError
from sim2coco.statistics.values import Values


def seen(size: tuple[int, int] = (640, 480), **values: list[float]) -> Observed:
    found = Values()
    for name, own in values.items():
        found.extend(name, own)
    return Observed(found, len(values.get("objects", [])), size)


def tree(**changes: dict[str, Any]) -> dict[str, Any]:
    """Settings, as far as trials change them."""
    whole: dict[str, Any] = {
        "image": {"width": 640, "height": 480},
        "scene": {"num_objects": [5, 12], "empty_share": 0.02, "spread": [1.0, 3.0]},
        "camera": {"fill": [0.5, 1.2], "distance_m": None},
        "light": {"exposure_ev": [-0.6, 0.6]},
        "augment": {"splits": ["train"], "pixels": {}},
        "quality": {"target": None},
    }
    return {group: {**settings, **changes.get(group, {})} for group, settings in whole.items()}


def test_a_trial_that_is_right_changes_little(rng: np.random.Generator) -> None:
    values = {
        "objects": rng.integers(5, 13, 2000).astype(float).tolist(),
        "box_size": (2 ** rng.uniform(-4, -2, 2000)).tolist(),
        "brightness": rng.normal(110, 20, 500).tolist(),
        "contrast": rng.normal(40, 8, 500).tolist(),
    }
    now = follow(tree(), seen(**values), seen(**values))
    assert now["scene"]["num_objects"] == [5, 12]
    assert np.allclose(now["camera"]["fill"], [0.5, 1.2], rtol=0.01)
    assert np.allclose(now["light"]["exposure_ev"], [-0.6, 0.6], atol=0.01)
    assert np.allclose(now["augment"]["pixels"][CONTRAST]["contrast"], [1, 1], rtol=0.01)


def test_counts_are_those_of_images_with_objects_and_correct_for_lost_labels() -> None:
    real, trial = seen(objects=[0.0, *[8.0] * 9]), seen(objects=[4.0] * 10)  # half of 5..12 get a label
    now = follow(tree(), real, trial)
    assert now["scene"]["empty_share"] == pytest.approx(0.1)
    assert now["scene"]["num_objects"] == [17, 17]


def test_a_number_that_a_density_replaces_stays() -> None:
    real, trial = seen(objects=[0.0, *[8.0] * 9]), seen(objects=[4.0] * 10)
    now = follow(tree(scene={"density_m2": [0.1, 0.2]}), real, trial)["scene"]
    assert now["num_objects"] == [5, 12]
    assert now["empty_share"] == pytest.approx(0.1)


def test_intrinsics_in_pixels_are_reduced_with_the_images() -> None:
    camera = {"fx": [1000.0, 1100.0], "fy": [1000.0, 1100.0], "cx": [630.0, 650.0], "cy": None}
    large = tree(image={"width": 1280, "height": 960}, camera=camera)
    small = reduced(large)
    assert (small["image"]["width"], small["image"]["height"]) == (640, 480)
    assert small["camera"]["fx"] == small["camera"]["fy"] == [500.0, 550.0]
    assert (small["camera"]["cx"], small["camera"]["cy"]) == ([315.0, 325.0], None)
    assert large["camera"]["fx"] == [1000.0, 1100.0]


def test_intrinsics_in_pixels_of_other_images_are_refused_in_one_line() -> None:
    given = tree(image={"width": 1280, "height": 960}, camera={"fx": [900.0, 900.0]})
    with pytest.raises(ConfigError, match=r"^camera\.fx: .*1280x960.* image\.width=640 image\.height=480"):
        check_size(given, seen((640, 480)))
    check_size(given, seen((1280, 960)))
    check_size(tree(image={"width": 1280, "height": 960}), seen((640, 480)))


def test_boxes_twice_as_large_need_twice_the_fill() -> None:
    sizes = [0.05, 0.1, 0.2]
    now = follow(
        tree(camera={"fill": [0.3, 0.6]}), seen(box_size=[2 * one for one in sizes]), seen(box_size=sizes)
    )
    assert np.allclose(now["camera"]["fill"], [0.6, 1.2], rtol=0.01)
    assert now["scene"]["spread"] == [1.0, 3.0]


def test_objects_too_large_for_the_fill_come_closer_together() -> None:
    now = follow(tree(), seen(box_size=[0.4] * 3), seen(box_size=[0.1] * 3))
    assert now["camera"]["fill"][1] == pytest.approx(MAX_FILL)
    factor = 4 * 1.2 / MAX_FILL
    assert np.allclose(now["scene"]["spread"], [1 / factor, 3 / factor], rtol=0.01)


def test_wider_boxes_widen_the_range_and_equal_ones_narrow_it_to_a_point() -> None:
    equal = seen(box_size=[0.1] * 10)
    wider = seen(box_size=[0.05, 0.1, 0.2])
    low, high = follow(tree(camera={"fill": [0.4, 0.5]}), wider, equal)["camera"]["fill"]
    assert high / low > 4
    low, high = follow(tree(), equal, wider)["camera"]["fill"]
    assert high == pytest.approx(low)


def test_a_stop_of_light_is_that_of_srgb() -> None:
    now = follow(tree(), seen(brightness=[100.0] * 4), seen(brightness=[100 * 2 ** (1 / 2.2)] * 4))
    assert np.allclose(now["light"]["exposure_ev"], [-1.6, -0.4], atol=0.02)


def test_contrast_is_a_factor_of_what_it_was() -> None:
    first = follow(tree(), seen(contrast=[60.0]), seen(contrast=[40.0]))
    assert first["augment"]["pixels"][CONTRAST]["contrast"] == [1.5, 1.5]
    second = follow(first, seen(contrast=[60.0]), seen(contrast=[50.0]))
    assert np.allclose(second["augment"]["pixels"][CONTRAST]["contrast"], [1.8, 1.8], rtol=0.01)


@pytest.mark.parametrize(
    "without",
    [{"camera": {"fill": None}}, {"camera": {"distance_m": [1.0, 2.0]}}, {"augment": {"splits": []}}],
)
def test_what_a_kind_does_not_have_is_left_alone(without: dict[str, Any]) -> None:
    real, trial = seen(box_size=[0.4], contrast=[60.0]), seen(box_size=[0.1], contrast=[40.0])
    before = tree(**without)
    now = follow(before, real, trial)
    (group,) = without
    assert now[group] == before[group]


def test_only_what_is_known_is_followed() -> None:
    before = tree()
    assert follow(before, seen(objects=[0.0]), seen(objects=[3.0]))["camera"] == before["camera"]
    assert follow(before, seen(), seen(brightness=[10.0]))["light"] == before["light"]


def test_the_image_has_the_size_of_most() -> None:
    assert size_of(tree(), seen((300, 200)))["image"] == {"width": 300, "height": 200}


def test_only_changes_are_written() -> None:
    assert changed({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 4, "d": 3}, "e": 5}) == {
        "b": {"c": 4},
        "e": 5,
    }
