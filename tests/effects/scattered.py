"""Effects of the settings of `scene=scatter`."""

from collections.abc import Callable

import numpy as np

from scenes.spec import Body
from tests.effects.effect import Effect, about, at_least, gives, grows, nearly, same, shrinks
from tests.effects.made import Made
from tests.effects.scene import number, of_all, positions
from tests.effects.standing import yaw_deg
from tests.effects.starting import UNIT_M

BALL = {"assets.categories": {"ball": {"shape": "sphere", "size_m": UNIT_M}}}
WIDE = {**BALL, "scene.width_m": 2.0, "scene.depth_m": 2.0, "scene.num_objects": 30}
DENSE = {**BALL, "scene.width_m": 0.5, "scene.depth_m": 0.5, "scene.num_objects": 12}
CLUSTERS = {**WIDE, "scene.layout": "clusters", "scene.overlap": 1.0}
TIGHT = {**CLUSTERS, "scene.clusters.spread_m": 1e-5}
ONE = {**CLUSTERS, "scene.clusters.number": 1, "scene.width_m": 20.0, "scene.depth_m": 20.0}


def extent(axis: int, unit_m: float = 1.0) -> Callable[[Made], float]:
    """Measures twice the largest coordinate of an object along an axis."""
    return lambda made: float(2 * np.abs(positions(made.bodies)[:, axis]).max() * unit_m)


def distances(made: Made) -> np.ndarray:
    """Distance of each object from the one nearest to it, in metres, seen from above."""
    at_m = UNIT_M * positions(made.bodies)[:, :2]
    apart = np.linalg.norm(at_m[:, None] - at_m, axis=2)
    return np.sort(apart, axis=1)[:, 1]


def clusters(made: Made) -> int:
    return len({tuple(place) for place in positions(made.bodies)[:, :2].round(2)})


def deviation(made: Made) -> float:
    """Standard deviation of places, in multiples of the typical object size."""
    return float(positions(made.bodies)[:, :2].std(axis=0, ddof=1).mean())


def leans(body: Body) -> bool:
    return bool(body.pose.rotation()[2, 2] < 0.999)


SEEN = {
    **BALL,
    "camera.kind": "overhead",
    "camera.altitude_m": 10,
    "camera.extent_m": 8,
    "camera.azimuth_deg": 90,
    "scene.width_m": 1,
    "scene.num_objects": 30,
}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "scene.density_m2": Effect((1, 5), lambda made: number(made) / 4, same, WIDE),
    "scene.region": Effect(
        ("rectangle", "view"), extent(0, UNIT_M), lambda _, wide: wide[0] <= 1 < 6 < wide[1] <= 8, SEEN
    ),
    "scene.width": Effect(
        (4, 9), extent(0), nearly(0.1), {**BALL, "scene.num_objects": 30, "scene.overlap": 1.0}
    ),
    "scene.width_m": Effect((2, 5), extent(0, UNIT_M), nearly(0.1), WIDE),
    "scene.depth": Effect(
        (4, 9), extent(1), nearly(0.1), {**BALL, "scene.num_objects": 30, "scene.overlap": 1.0}
    ),
    "scene.depth_m": Effect((2, 5), extent(1, UNIT_M), nearly(0.1), WIDE),
    "scene.layout": Effect(
        ("clusters", "random", "even"),
        lambda made: distances(made).mean(),
        grows,
        {**WIDE, "scene.overlap": 1.0},
    ),
    "scene.spacing_m": Effect(
        (0.12, 0.25), lambda made: distances(made).min(), at_least, {**WIDE, "scene.layout": "even"}
    ),
    "scene.clusters.number": Effect((1, 4), clusters, same, TIGHT),
    "scene.clusters.spread": Effect((0.5, 3), deviation, about(0.25), ONE),
    "scene.clusters.spread_m": Effect((0.1, 0.5), lambda made: UNIT_M * deviation(made), about(0.25), ONE),
    "scene.overlap": (
        Effect((0.0,), lambda made: distances(made).min() >= UNIT_M, gives(True), DENSE),
        Effect((0.0, 0.9), lambda made: distances(made).min(), shrinks, DENSE),
    ),
    "scene.upright": Effect((False, True), of_all(leans), gives(True, False)),
    "scene.turn_deg": Effect((10, 80), of_all(lambda body: round(yaw_deg(body), 6)), same),
}
