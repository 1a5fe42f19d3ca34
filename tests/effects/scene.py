"""Effects of the settings that many kinds of scenes share: number, size and defects of objects, physics."""

import colorsys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from scenes.assets.images import IMAGE
from scenes.decal import Decal
from scenes.geometry import Array
from scenes.spec import Body, Physics
from tests.effects.effect import Effect, gives, in_proportion, in_step, same, shrinks
from tests.effects.files import PICTURES
from tests.effects.made import Made
from tests.effects.starting import UNIT_M

TOO_FAST = {"scene.physics.max_seconds": 0.01}
"""No scene is at rest so soon."""
ONE = {"scene.num_objects": 1}


def number(made: Made) -> int:
    return len(made.bodies)


def only(values: Iterable[Any]) -> Any:
    """The value that all have."""
    (value,) = set(values)
    return value


def share(holds: Callable[[Any], bool], scenes: int = 2) -> Callable[[Made], float]:
    """Measures the fraction of scenes for which something holds."""
    return lambda made: sum(map(holds, made.specs(scenes))) / scenes


def of_all(value: Callable[[Body], float]) -> Callable[[Made], float]:
    """Measures what all objects have in common."""
    return lambda made: only(value(body) for body in made.bodies)


def positions(bodies: Iterable[Body]) -> Array:
    """The places (n, 3) of bodies, in multiples of the typical object size."""
    return np.array([body.pose.position_m for body in bodies]) / UNIT_M


def height(made: Made) -> float:
    """Height of the first object at release, in multiples of the typical object size."""
    return float(positions(made.bodies)[0, 2])


def physics(value: Callable[[Physics], float]) -> Callable[[Made], float]:
    def measure(made: Made) -> float:
        assert made.spec.physics is not None
        return value(made.spec.physics)

    return measure


def steps(made: Made) -> float:
    """Number of steps until the scene was at rest."""
    return made.settled.seconds / physics(lambda physics: physics.time_step_s)(made)


def attempts(made: Made) -> int:
    return len(made.rejected)


def decals(made: Made) -> list[Decal]:
    return [decal for body in made.bodies for decal in body.decals]


def marked(made: Made) -> list[str]:
    """The names of the categories of objects with defects."""
    return sorted({made.catalogue.names[body.category or 0] for body in made.bodies if body.decals})


def mark_hsv(channel: int) -> Callable[[Made], float]:
    return lambda made: colorsys.rgb_to_hsv(*decals(made)[0].color_rgb)[channel]


MARK = {"scene.defects.NAME.kind": "stain", "scene.defects.NAME.share": 1.0, "scene.metallic": 0.0}
PAINT = {**MARK, "scene.defects.NAME.saturation": 1.0, "scene.defects.NAME.value": 1.0}
TWO = {"assets.categories.ball": {"shape": "sphere", "size_m": UNIT_M}, "scene.num_objects": 12}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.num_objects": Effect((2, 5), number, same),
    "scene.num_distractors": Effect(
        (0, 4), lambda made: sum(body.role == "distractor" for body in made.spec.bodies), same
    ),
    "scene.empty_share": Effect(
        (0.0, 1.0), share(lambda spec: not any(body.labelled for body in spec.bodies)), same
    ),
    "scene.size_jitter": Effect((0.5, 2), of_all(lambda body: body.largest_scale), in_proportion),
    "scene.metallic": Effect(
        (0.0, 1.0),
        lambda made: np.mean([body.metallic for body in made.spec.bodies if body.role != "furniture"]),
        same,
        {"scene.num_distractors": 2},
    ),
    "scene.roughness": Effect((0.1, 0.9), of_all(lambda body: body.roughness), same),
    "scene.max_attempts": (
        Effect((1, 3), attempts, same, TOO_FAST, ("bin", "clutter", "conveyor", "drop", "shelf", "tabletop")),
        Effect((1, 3), attempts, same, {"scene.spread": 1e-6}, ("floating",)),
        Effect((1, 3), attempts, same, {"scene.width_m": 1e-3, "scene.depth_m": 1e-3}, ("scatter",)),
    ),
    "scene.friction": Effect((0.2, 0.9), of_all(lambda body: body.friction), same),
    "scene.drop_height": Effect((0.0, 0.5, 2.0), height, in_step, ONE),
    "scene.drop_height_m": Effect((0.0, 0.5), lambda made: UNIT_M * height(made), in_step, ONE),
    "scene.physics.gravity_m_s2": (
        Effect((2, 20), physics(lambda physics: physics.gravity_m_s2), same),
        Effect((2, 20), lambda made: made.settled.seconds, shrinks, ONE, ("drop",)),
    ),
    "scene.physics.time_step_s": (
        Effect((0.002, 0.005), physics(lambda physics: physics.time_step_s), same),
        Effect(
            (0.005, 0.01),
            steps,
            lambda _, steps: np.allclose(steps, np.round(steps)),
            ONE,
            ("drop",),
        ),
    ),
    "scene.physics.max_seconds": (
        Effect((1, 5), physics(lambda physics: physics.max_seconds), same),
        Effect((0.01, 5), lambda made: "unsettled" in made.rejected, gives(True, False), ONE, ("drop",)),
    ),
    "scene.defects": Effect(
        ({}, {"a": {"kind": "stain", "share": 1.0}}), lambda made: bool(decals(made)), gives(False, True)
    ),
    "scene.defects.NAME.kind": Effect(
        ("scratch", "dent", "stain", "crack"),
        lambda made: only(decal.kind for decal in decals(made)),
        same,
        MARK,
    ),
    "scene.defects.NAME.share": Effect(
        (0.0, 1.0), lambda made: np.mean([bool(body.decals) for body in made.bodies]), same, MARK
    ),
    "scene.defects.NAME.number": Effect((1, 3), of_all(lambda body: len(body.decals)), same, MARK),
    "scene.defects.NAME.size": Effect(
        (0.1, 0.5), lambda made: only(decal.length_m for decal in decals(made)) / UNIT_M, same, MARK
    ),
    "scene.defects.NAME.size_mm": Effect(
        (5, 20), lambda made: 1000 * only(decal.length_m for decal in decals(made)), same, MARK
    ),
    "scene.defects.NAME.on": Effect(
        (["ball"], ["ball", "block"]), lambda made: marked(made), same, {**MARK, **TWO}
    ),
    "scene.defects.NAME.strength": Effect(
        (0.2, 1.0), lambda made: only(decal.strength for decal in decals(made)), same, MARK
    ),
    "scene.defects.NAME.hue": Effect((0.2, 0.6), mark_hsv(0), same, PAINT),
    "scene.defects.NAME.saturation": Effect((0.2, 0.6), mark_hsv(1), same, PAINT),
    "scene.defects.NAME.value": Effect((0.2, 0.6), mark_hsv(2), same, PAINT),
    "scene.defects.NAME.images": Effect(
        (PICTURES,),
        lambda made: {decal.picture.kind for decal in decals(made) if decal.picture},
        gives({IMAGE}),
        {**MARK, "scene.defects.NAME.kind": "image"},
    ),
    "scene.defects.NAME.supercategory": Effect(
        ("defect", "print"), lambda made: made.catalogue.defects["it"], same, MARK
    ),
}
