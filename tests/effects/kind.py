"""What the kinds of scenes, cameras and renderers are for."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scenes.spec import Region
from tests.effects.camera import away, azimuth_deg
from tests.effects.effect import Effect, gives
from tests.effects.made import Made
from tests.effects.scene import positions


def kind(group: str, name: str, holds: Callable[[Made], bool], **given: Any) -> dict[str, Effect]:
    """The effect of one kind of a group, with other settings of the group."""
    others = {f"{group}.{key}": value for key, value in given.items()}
    return {f"{group}.kind [{name}]": Effect((name,), holds, gives(True), others)}


def region(made: Made) -> Region:
    """Where objects come to rest."""
    physics = made.spec.physics
    assert physics is not None
    assert physics.region is not None
    return physics.region


def lie_in_it(made: Made) -> bool:
    """Whether all objects come to rest in or on the furniture."""
    at_m = np.array([body.pose.position_m for body in made.settled.spec.bodies if body.labelled])
    return bool(region(made).contains(at_m).all() and made.furniture)


def lie_on_the_floor(made: Made) -> bool:
    """Whether all objects fall, and come to rest on the floor."""
    before, after = (
        positions(body for body in spec.bodies if body.labelled)[:, 2]
        for spec in (made.spec, made.settled.spec)
    )
    return bool((after < before).all() and (after < 1.5).all() and made.spec.floor and not made.furniture)


def float_anyhow(made: Made) -> bool:
    spec = made.spec
    return spec.floor is None and spec.physics is None and bool((positions(made.bodies)[:, 2] < 0).any())


def stand_on_the_floor(made: Made) -> bool:
    heights = positions(made.bodies)[:, 2]
    return made.spec.physics is None and bool(np.allclose(heights, 0.5))


def lie_on_each_other(made: Made) -> bool:
    """Whether some objects rest on others; one that lies on the floor is less than half its length high."""
    heights = positions(body for body in made.settled.spec.bodies if body.labelled)[:, 2]
    return bool(heights.max() > 0.55) and not made.furniture


def in_a_row(made: Made) -> bool:
    """Whether the belt is longer than it is wide, and carries the objects."""
    length, width, _ = made.furniture[0].axes
    return lie_in_it(made) and length > width


def on_rings(made: Made) -> bool:
    """Whether the views go round, at equal distances."""
    steps = np.diff([azimuth_deg(made, view) for view in range(8)]) % 360
    return bool(np.allclose(steps, 45)) and len({round(away(made, view)[2], 6) for view in range(9)}) == 2


def at_eye_level(made: Made) -> bool:
    return all(1.1 <= shot.camera.pose.position_m[2] <= 1.8 for shot in made.shots(4))


def on_a_circle(made: Made) -> bool:
    """Whether the views of a scene go round at one height, and at one distance."""
    steps = np.diff([azimuth_deg(made, view) for view in range(12)]) % 360
    places = np.array([away(made, view) for view in range(12)])
    return bool(np.allclose(steps, 30) and np.ptp(places[:, 2]) < 1e-6)


def look_straight_down(made: Made) -> bool:
    return all(shot.camera.pose.rotation()[2, 2] < -1 + 1e-9 for shot in made.shots(4))


def all_round(made: Made) -> bool:
    """Whether the views are at random places, above the horizon."""
    places = np.array([away(made, view) for view in range(12)])
    elevations = np.degrees(np.arcsin(places[:, 2] / np.linalg.norm(places, axis=1)))
    azimuths = [azimuth_deg(made, view) for view in range(12)]
    return bool(20 <= elevations.min() < elevations.max() <= 75 and np.ptp(azimuths) > 180)


EFFECTS = {
    **kind("camera", "grid", on_rings),
    **kind("camera", "handheld", at_eye_level),
    **kind("camera", "orbit", on_a_circle),
    **kind("camera", "overhead", look_straight_down),
    **kind("camera", "shell", all_round),
    **kind("scene", "bin", lie_in_it),
    **kind("scene", "clutter", lie_on_each_other, num_objects=15),
    **kind("scene", "conveyor", in_a_row),
    **kind("scene", "drop", lie_on_the_floor),
    **kind("scene", "floating", float_anyhow),
    **kind("scene", "scatter", stand_on_the_floor),
    **kind("scene", "shelf", lie_in_it),
    **kind("scene", "tabletop", lie_in_it),
}
