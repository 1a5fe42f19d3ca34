"""Effects of the settings of bins, piles, belts and heaps."""

from collections.abc import Callable

import numpy as np

from scenes.geometry import Array
from scenes.spec import Body, SceneSpec
from tests.effects.effect import Effect, Values, gives, nearly, pairs, same, times
from tests.effects.looks import of_furniture
from tests.effects.made import Made
from tests.effects.scene import number, positions, share
from tests.effects.starting import UNIT_M


def furniture(spec: SceneSpec) -> list[Body]:
    return [body for body in spec.bodies if body.role == "furniture"]


def sides(part: int) -> Callable[[Made], Array]:
    """Measures the sides (3,) of a piece of furniture, in multiples of the typical object size."""
    return lambda made: np.array(made.furniture[part].axes) / UNIT_M


def side(part: int, axis: int) -> Callable[[Made], float]:
    return lambda made: float(sides(part)(made)[axis])


def top(made: Made, part: int) -> float:
    """Height of the upper side of a level piece of furniture, in multiples of the typical object size."""
    return float(positions(made.furniture)[part, 2] + sides(part)(made)[2] / 2)


# Bins: the first part is the bottom, whose sides are those of the inside and the walls.
THICK = 0.1
SOLID = {
    "scene.bin.wire": 0.0,
    "scene.bin.rim": 0.0,
    "scene.bin.tilt_deg": 0.0,
    "scene.bin.thickness": THICK,
}
WIRE = {**SOLID, "scene.bin.wire": 1.0, "scene.bin.length": 2.8}


def inside(axis: int, unit_m: float = 1.0) -> Callable[[Made], float]:
    return lambda made: (side(0, axis)(made) - 2 * THICK) * unit_m


def wall_height(unit_m: float = 1.0) -> Callable[[Made], float]:
    return lambda made: side(1, 2)(made) * unit_m


def is_wire(spec: SceneSpec) -> bool:
    return furniture(spec)[0].asset.startswith("bars_")


def wire_gap(made: Made) -> float:
    """Distance of neighbouring wires in the bottom, in multiples of the typical object size."""
    wires = int(made.furniture[0].asset.partition("@")[0].removeprefix("bars_"))
    return side(0, 0)(made) / (wires - 1)


def tilt_deg(made: Made) -> float:
    upward = made.furniture[0].pose.rotation()[2, 2]
    return float(np.degrees(np.arccos(min(upward, 1.0))))


def filled(made: Made) -> float:
    """Volume of all objects over that of the inside of a bin with sides of 2."""
    volume_m3 = sum(
        np.prod(made.catalogue.assets[body.asset].extents_m) * body.volume_scale for body in made.bodies
    )
    return float(volume_m3 / (2 * UNIT_M) ** 3)


def _by_one_object(levels: Values, measured: Values) -> bool:
    """A bin is filled to its level; at most one object is above it."""
    return all(level <= one < level + 0.05 for level, one in pairs(levels, measured))


CUBE = {**SOLID, "scene.bin.length": 2, "scene.bin.width": 2, "scene.bin.height": 2}
BIN: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.num_objects [bin]": Effect((2, 5), number, same, {"scene.fill_level": [0.1, 0.8]}),
    "scene.fill_level": (
        Effect((0.1, 0.8), filled, _by_one_object, {**CUBE, "scene.num_objects": [1, 100]}),
        Effect((None,), number, gives(4), {"scene.num_objects": 4}),
    ),
    **of_furniture("scene.bin", furniture, {}),
    "scene.bin.length": Effect((3, 6), inside(0), same, SOLID),
    "scene.bin.width": Effect((3, 6), inside(1), same, SOLID),
    "scene.bin.height": Effect((1, 3), wall_height(), same, SOLID),
    "scene.bin.length_m": Effect((0.5, 1.5), inside(0, UNIT_M), same, SOLID),
    "scene.bin.width_m": Effect((0.5, 1.5), inside(1, UNIT_M), same, SOLID),
    "scene.bin.height_m": Effect((0.2, 0.5), wall_height(UNIT_M), same, SOLID),
    "scene.bin.thickness": Effect((0.05, 0.3), side(0, 2), same, SOLID),
    "scene.bin.rim": Effect((0.0, 1.0), share(lambda spec: len(furniture(spec)) > 5), same, SOLID),
    "scene.bin.wire": Effect((0.0, 1.0), share(is_wire), same, SOLID),
    "scene.bin.wire_gap": Effect((0.4, 0.7), wire_gap, same, WIRE),
    "scene.bin.tilt_deg": Effect((0.0, 20.0), tilt_deg, same, SOLID),
}


def heap_radius(made: Made) -> float:
    """Root mean square distance of objects from the axis."""
    return float(np.sqrt((positions(made.bodies)[:, :2] ** 2).sum(axis=1).mean()))


# Belts: the first part is the belt, the second and the fifth are the rails.
DISTANCE = 2 * 0.0659545297913646 / UNIT_M
"""Diameter of the sphere around an object."""
BELT = {"scene.num_objects": 8, "scene.spacing": 0.0}


def along(made: Made) -> Array:
    """Where objects are along the belt, in order, in multiples of the typical object size."""
    belt = made.furniture[0].pose
    return np.sort(belt.apply_inverse(UNIT_M * positions(made.bodies))[:, 0]) / UNIT_M


def blur(made: Made) -> float:
    """How far, in metres, the belt moves along itself during the exposure."""
    drift = made.furniture[0].pose.rotation().T @ np.array(made.spec.drift_m or (0.0, 0.0, 0.0))
    assert np.allclose(drift[1:], 0)
    return float(drift[0])


CONVEYOR: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.lanes": Effect(
        (1, 4), lambda made: np.ptp(along(made)) / DISTANCE, gives(7.0, 1.0), {**BELT, "scene.belt.width": 9}
    ),
    "scene.spacing": Effect(
        (0.0, 1.5), lambda made: np.diff(along(made)).mean() - DISTANCE, same, {**BELT, "scene.lanes": 1}
    ),
    "scene.speed_m_s": Effect((0.2, 2), lambda made: blur(made) / 0.01, same, {"scene.exposure_ms": 10}),
    "scene.exposure_ms": Effect((0, 8), lambda made: blur(made) * 1000, same, {"scene.speed_m_s": 1}),
    **of_furniture("scene.belt", lambda spec: furniture(spec)[:1], {}),
    "scene.belt.width": Effect((2, 5), side(0, 1), same),
    "scene.belt.width_m": Effect((0.2, 1), lambda made: side(0, 1)(made) * UNIT_M, same),
    "scene.belt.height": Effect((1, 4), lambda made: top(made, 0), same),
    **{
        f"{key} [conveyor]": effect
        for key, effect in of_furniture("scene.rails", lambda spec: furniture(spec)[1:], {}).items()
    },
    "scene.rails.width": Effect((0.1, 0.5), side(1, 1), same),
    "scene.rails.height": Effect((0.1, 0.5), lambda made: top(made, 1) - top(made, 0), same),
}

MANY = {"scene.num_objects": 40}


def reach(made: Made) -> float:
    """Largest distance of an object from the middle, in multiples of the typical object size."""
    return float(np.linalg.norm(positions(made.bodies), axis=1).max())


def reach_beside(made: Made) -> float:
    return float(np.linalg.norm(positions(made.bodies)[:, :2], axis=1).max())


EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    **BIN,
    **CONVEYOR,
    "scene.density": Effect((1, 4), heap_radius, times(0.5, 0.2), MANY),
    "scene.spread [drop]": Effect((1, 3), reach_beside, nearly(0.1), MANY),
    "scene.spread_m [drop]": Effect((0.2, 2), lambda made: reach_beside(made) * UNIT_M, nearly(0.1), MANY),
    "scene.spread [floating]": Effect((6, 9), reach, nearly(0.1), MANY),
    "scene.spread_m [floating]": Effect((0.5, 2), lambda made: reach(made) * UNIT_M, nearly(0.1), MANY),
}
