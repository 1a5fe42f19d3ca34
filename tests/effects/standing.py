"""Effects of the settings of shelves, tables, and of what stands where it is put."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np

from scenes.spec import Body, SceneSpec
from tests.effects.effect import Effect, gives, nearly, same
from tests.effects.kinds import furniture, side, sides, top
from tests.effects.looks import of_furniture
from tests.effects.made import Made
from tests.effects.scene import number, of_all, positions, share
from tests.effects.starting import UNIT_M

# Shelves: furniture is the boards from the lowest up, posts or sides, a back, and then the rails.
BLOCK = np.array([0.5, 0.7, 1.0])
"""Width, depth and height of an object."""
MARGIN = 1.01
FULL = {
    "scene.missing": 0.0,
    "scene.yaw_deg": 0.0,
    "scene.gap": 0.0,
    "scene.pushed": 0.0,
    "scene.metallic": 0.0,
}
PLAIN = {"scene.boards.back": 0.0, "scene.boards.sides": 0.0, "scene.boards.rail": 0.0}
BARE = {**FULL, **PLAIN, "scene.boards.number": 1, "scene.boards.thickness": 0.2}


def in_metres(measure: Callable[[Made], float]) -> Callable[[Made], float]:
    """A length in metres in place of multiples of the typical object size."""
    return lambda made: measure(made) * UNIT_M


def groups(made: Made) -> list[list[Body]]:
    """The objects of each product; those of one product are of one colour."""

    def colour(body: Body) -> Any:
        return body.look.color_rgb

    return [list(found) for _, found in groupby(sorted(made.bodies, key=colour), colour)]


def largest_group(made: Made) -> int:
    return max(map(len, groups(made)))


def in_front(made: Made) -> float:
    """Distance of the first row from the front edges of the boards."""
    front = positions(made.furniture)[0, 1] - sides(0)(made)[1] / 2
    return float(positions(made.bodies)[:, 1].min() - front - MARGIN * BLOCK[1] / 2)


def behind(made: Made) -> float:
    """Free space between two products of a column."""
    first, second = sorted(positions(made.bodies)[:, 1])
    return float(second - first - MARGIN * BLOCK[1])


def empty_in_front(made: Made) -> float:
    """Mean distance of the foremost products from the front edges."""
    return float(positions(made.bodies)[:, 1].min())


def yaw_deg(body: Body) -> float:
    right = body.pose.rotation()[:, 0]
    return float(np.degrees(np.arctan2(right[1], right[0])))


def boards(spec: SceneSpec) -> list[Body]:
    """The boards of a shelf with posts only."""
    return furniture(spec)[:-4]


def headroom(made: Made) -> float:
    """Free height between the top of the only product and the upper end of the posts."""
    return side(1, 2)(made) - top(made, 0) - float(BLOCK[2])


def rails(spec: SceneSpec) -> list[Body]:
    return furniture(spec)[-2:]


RAILS = {"scene.boards.rail": 1.0, "scene.boards.number": 2}
SHELF: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.num_objects [shelf]": Effect((2, 7), number, same),
    "scene.facings": Effect((1, 4), largest_group, same, {**FULL, "scene.num_objects": 8, "scene.rows": 1}),
    "scene.rows": Effect((1, 4), largest_group, same, {**FULL, "scene.num_objects": 8, "scene.facings": 1}),
    "scene.gap": Effect(
        (0.0, 0.5), behind, same, {**BARE, "scene.num_objects": 2, "scene.rows": 2, "scene.facings": 1}
    ),
    "scene.pushed": Effect((0.0, 0.5), in_front, same, {**BARE, "scene.num_objects": 1}),
    "scene.missing": Effect(
        (0.0, 0.9),
        lambda made: in_front(made) > BLOCK[1] / 2,
        gives(False, True),
        {**BARE, "scene.rows": 20, "scene.num_objects": 1, "scene.facings": 1},
    ),
    "scene.yaw_deg": Effect((-20, 0, 30), of_all(lambda body: round(yaw_deg(body), 6)), same),
    **of_furniture("scene.boards", boards, PLAIN),
    "scene.boards.number": Effect((1, 4), lambda made: len(boards(made.spec)), same, PLAIN),
    "scene.boards.height": Effect((0.5, 3), lambda made: top(made, 0) - side(0, 2)(made), same, BARE),
    "scene.boards.headroom": Effect((0.3, 2), headroom, same, BARE),
    "scene.boards.thickness": Effect((0.1, 0.4), side(0, 2), same, BARE),
    "scene.boards.back": Effect((0.0, 1.0), share(lambda spec: len(furniture(spec)) == 6), same, BARE),
    "scene.boards.sides": Effect((0.0, 1.0), lambda made: side(1, 1)(made) > 0.5, gives(False, True), BARE),
    "scene.boards.rail": Effect((0.0, 1.0), share(lambda spec: len(furniture(spec)) == 6), same, BARE),
    **{f"{key} [shelf]": effect for key, effect in of_furniture("scene.rails", rails, RAILS).items()},
}

# Tables: the first part is the top, the others are the legs, the first of them at low x and y.
SQUARE = {"scene.table.round": 0.0}


def edge_to_leg(made: Made) -> float:
    """Distance of a leg from the edge of the table."""
    edge, leg = (positions(made.furniture)[part, 0] - side(part, 0)(made) / 2 for part in (0, 1))
    return float(leg - edge)


def onto(made: Made) -> float:
    """Half of the part of the table onto which objects fall, as a fraction of half of its length."""
    return float(np.abs(positions(made.bodies)[:, 0]).max() * 2 / side(0, 0)(made))


TABLE: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.spread [tabletop]": Effect((0.3, 0.8), onto, nearly(0.1), {**SQUARE, "scene.num_objects": 40}),
    **of_furniture("scene.table", furniture, {}),
    "scene.table.length": Effect((8, 14), side(0, 0), same),
    "scene.table.depth": Effect((6, 9), side(0, 1), same, SQUARE),
    "scene.table.height": Effect((2, 8), lambda made: top(made, 0), same),
    "scene.table.length_m": Effect((0.8, 1.4), in_metres(side(0, 0)), same),
    "scene.table.depth_m": Effect((0.6, 0.9), in_metres(side(0, 1)), same, SQUARE),
    "scene.table.height_m": Effect((0.2, 0.75), in_metres(lambda made: top(made, 0)), same),
    "scene.table.thickness": Effect((0.2, 0.6), side(0, 2), same),
    "scene.table.leg": Effect((0.3, 0.9), side(1, 0), same),
    "scene.table.overhang": Effect((0.0, 0.6), edge_to_leg, same, SQUARE),
    "scene.table.round": Effect(
        (0.0, 1.0), share(lambda spec: furniture(spec)[0].asset.startswith("disc@")), same
    ),
}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {**SHELF, **TABLE}
