"""Effects of the settings of augmentation."""

from typing import Any

import numpy as np

from sim2coco.pipeline import make_scene
from tests.effects.effect import Effect, gives, grows, same
from tests.effects.made import Made

INVERT = {"name": "InvertImg", "p": 1.0}
ON = {"augment.splits": ["train"], "split": {"train": 1}}


def pictures(made: Made) -> int:
    return len(made.outcomes[0][0])


def changed(made: Made) -> bool:
    """Whether the first image differs from the one without augmentation."""
    return first(made) != first(made.other({"augment": {"splits": []}}))


def first(made: Made) -> bytes:
    return made.outcomes[0][0][0].image


def accepted(made: Made) -> int:
    """Number of accepted images of scenes with an augmentation that the checks often reject."""
    return sum(not view.reasons for scene in range(3) for view in make_scene(made.context, scene)[0].views)


def flip(made: Made) -> str:
    """How the ids are flipped."""
    sample = made.sample
    changed = made.context.augmenter.augment(sample, np.random.Generator(np.random.PCG64(1))).ids > 0
    ways = {"HorizontalFlip": sample.ids[:, ::-1], "VerticalFlip": sample.ids[::-1]}
    (found,) = [name for name, ids in ways.items() if np.array_equal(changed, ids > 0)]
    return found


def transform(made: Made) -> str:
    """How the values of pixels are changed."""
    image = made.sample.image
    changed = made.context.augmenter.augment(made.sample, np.random.Generator(np.random.PCG64(1))).image
    grey = bool((np.ptp(changed, axis=2) == 0).all())
    return "InvertImg" if np.array_equal(changed, 255 - image) else "ToGray" if grey else "none"


def changes(made: Made) -> bool:
    rng = np.random.Generator(np.random.PCG64(1))
    return made.context.augmenter.augment(made.sample, rng) is not made.sample


def given(stage: str, name: str) -> dict[str, Any]:
    return {**ON, f"augment.{stage}.NAME.name": name, f"augment.{stage}.NAME.p": 1.0}


OFTEN = {
    **ON,
    "views": 4,
    "augment.pixels.NAME": {"name": "InvertImg", "p": 0.8},
    "quality.checks.bright": {"kind": "too_bright", "max_grey": 100},
    "light.exposure_ev": -2,
}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "augment.splits": Effect(
        ([], ["train"]),
        changed,
        gives(False, True),
        {**ON, "augment.pixels": {"invert": INVERT}},
    ),
    "augment.copies": Effect((0, 3), pictures, gives(1, 4), {**ON, "augment.pixels": {"invert": INVERT}}),
    "augment.tries": Effect((1, 9), accepted, grows, OFTEN),
    "augment.geometry": Effect(
        ({}, {"flip": {"name": "HorizontalFlip", "p": 1.0}}), changed, gives(False, True), ON
    ),
    "augment.pixels": Effect(({}, {"invert": INVERT}), changed, gives(False, True), ON),
    "augment.geometry.NAME.name": Effect(
        ("HorizontalFlip", "VerticalFlip"), flip, same, given("geometry", "VerticalFlip")
    ),
    "augment.geometry.NAME.p": Effect(
        (0.0, 1.0), changes, gives(False, True), given("geometry", "HorizontalFlip")
    ),
    "augment.pixels.NAME.name": Effect(("InvertImg", "ToGray"), transform, same, given("pixels", "ToGray")),
    "augment.pixels.NAME.p": Effect((0.0, 1.0), changes, gives(False, True), given("pixels", "InvertImg")),
}
