"""Faults at the strengths that people plant, and bodies without support."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.statistics.faults import find_faults
from sim2coco.statistics.measuring import measure_image

Pixels = NDArray[np.uint8]


def picture(seed: int) -> Pixels:
    """A picture of 640 x 480 with discs on a coloured ground."""
    rng = np.random.Generator(np.random.PCG64(seed))
    coarse = rng.integers(40, 170, (5, 6, 3)).astype(np.uint8)
    image = np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(12):
        x, y, radius, *rgb = rng.integers(0, [640, 480, 50, 255, 255, 255]).tolist()
        cv2.circle(image, (x, y), radius + 10, rgb, -1, cv2.LINE_AA)
    return image


def rules(tmp_path: Path, pixels: Pixels, labels: tuple[Label, ...] = ()) -> list[str]:
    file = tmp_path / "a.jpg"
    file.write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    image = LabelledImage("train", "a.jpg", file, pixels.shape[1], pixels.shape[0], labels)
    return [fault.rule for fault in find_faults(measure_image(image, 1))]


LABEL = Label(0, (50.0, 50.0, 60.0, 40.0), 2000, None)


@pytest.mark.parametrize("seed", range(5))
def test_each_fault_is_found_by_its_own_rule_only(tmp_path: Path, seed: int) -> None:
    image = picture(seed)
    assert rules(tmp_path, image, (LABEL,)) == []
    assert rules(tmp_path, np.asarray(image * (7.5 / image.mean()), np.uint8)) == ["black"]
    level = np.quantile(image.min(axis=2), 0.58)
    assert "overexposed" in rules(tmp_path, np.clip(image * (256 / level), 0, 255).astype(np.uint8))
    assert rules(tmp_path, np.asarray(cv2.GaussianBlur(image, (0, 0), 2.0), np.uint8)) == ["blurred"]
    for side in (8.0, 15.0):
        assert rules(tmp_path, image, (LABEL, replace(LABEL, bbox=(9.0, 9.0, side, side)))) == ["tiny"]
    hidden = replace(LABEL, attributes={"occlusion": 0.9, "visible_fraction": 0.1})
    assert rules(tmp_path, image, (LABEL, hidden)) == ["hidden"]


def test_the_visible_rest_of_a_large_object_is_not_tiny(tmp_path: Path) -> None:
    told = {"occlusion": 0.7, "visible_fraction": 0.3}
    rest = replace(LABEL, bbox=(9.0, 9.0, 10.0, 10.0), attributes=told)
    assert rules(tmp_path, picture(0), (rest,)) == []
