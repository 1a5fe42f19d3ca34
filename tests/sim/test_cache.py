"""What is remembered is asked for again with the very same things only."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.images import Texture
from scenes.assets.shapes import box, sphere
from scenes.spec import Look, Surface
from sim.render.cache import LastResult
from sim.render.settings import Relit
from sim.settled import Settled
from tests.rig import GREY, LIGHT, Rig, camera_at, catalogue_of, shot, still

CHECKER = Surface(Look((1.0, 1.0, 1.0), Texture("checker", 3)), tile_m=0.1, turn_rad=0.0)


@pytest.mark.parametrize("changed", ["first", "second", "named", "more", "equal"])
def test_another_object_in_any_place_is_another_question(changed: str) -> None:
    one, two, other = [1], [2], [1]
    calls: list[object] = []

    def make(*given: object, **named: object) -> int:
        calls.append((given, named))
        return len(calls)

    last = LastResult(make)
    assert [last(one, two, key=one), last(one, two, key=one)] == [1, 1]
    asked = {
        "first": lambda: last(other, two, key=one),
        "second": lambda: last(one, one, key=one),
        "named": lambda: last(one, two, key=two),
        "more": lambda: last(one, two, two, key=one),
        "equal": lambda: last(one, [2], key=one),  # alike is not the same: it may be changed later
    }
    assert asked[changed]() == 2
    assert last(one, two, key=one) == 3


def scenes(made: Rig) -> list[Settled]:
    """Two scenes of other bodies, and one of the same with another floor, and with walls not seen before."""
    ball = still(made.body("ball", (0.0, 0.0, 0.06)), floor=CHECKER)
    cube = still(made.body("box", (0.05, 0.0, 0.05)), floor=CHECKER)
    return [ball, cube, replace(ball, spec=replace(ball.spec, floor=GREY))]


def test_a_picture_is_the_same_whatever_was_drawn_before(rig: Callable[..., Rig]) -> None:
    """Scene, camera and light change in any order, one of them at a time as well."""
    meshes = catalogue_of({"ball": sphere(0.06, 48), "box": box(0.1, 0.1, 0.1)})
    small = Relit(sky_directions=8, sky_map_px=32, sun_map_px=64)
    made = rig(meshes, small)
    cameras = [camera_at((0.4, y, 0.4), (0, 0, 0.03), 60, (64, 48)) for y in (-0.3, 0.3)]
    lights = [LIGHT, replace(LIGHT, ambient=0.1, softness=0.1)]
    takes = [(s, shot(c, light)) for s in scenes(made) for c in cameras for light in lights]
    fresh = [rig(meshes, small).shoot(*take).bytes() for take in takes]
    assert len({picture[3] for picture in fresh}) == len(takes)
    order = np.random.Generator(np.random.PCG64(3)).integers(len(takes), size=30)
    for index in order:
        assert made.shoot(*takes[index]).bytes() == fresh[index]
