"""Effects of the settings of lens distortion: the formulas of OpenCV, at points of the image."""

from collections.abc import Callable

import numpy as np

from tests.effects.effect import Effect, same
from tests.effects.made import Made

AT = 0.3
"""Distance from the optical axis, at depth 1, at which distortion is measured."""


def shown(made: Made, x: float, y: float) -> tuple[float, float]:
    """Where the lens shows a point at depth 1, at depth 1."""
    camera = made.shot.camera
    (across, down), *_ = camera.project(camera.pose.apply(np.array([[x, y, 1.0]])))[0]
    return (float(across) - camera.cx) / camera.fx, (float(down) - camera.cy) / camera.fy


def stretched(made: Made) -> float:
    """How many times as far from the axis as without distortion the point is shown."""
    return shown(made, AT, 0.0)[0] / AT


def numerator(power: int) -> Callable[[Made], float]:
    return lambda made: (stretched(made) - 1) / AT**power


def denominator(power: int) -> Callable[[Made], float]:
    return lambda made: (1 / stretched(made) - 1) / AT**power


def of_angle(power: int) -> Callable[[Made], float]:
    """Measures a coefficient of `fisheye`, whose distances from the axis are those of angles."""
    return lambda made: (shown(made, AT, 0.0)[0] / np.arctan(AT) - 1) / np.arctan(AT) ** power


def model(made: Made) -> str:
    """The model, by where it shows a point with k1 = 0.1."""
    angle = np.arctan(AT)
    places = {
        AT: "none",
        AT * (1 + 0.1 * AT**2): "brown",
        angle * (1 + 0.1 * angle**2): "fisheye",
    }
    nearest = min(places, key=lambda place: abs(place - shown(made, AT, 0.0)[0]))
    assert abs(nearest - shown(made, AT, 0.0)[0]) < 1e-9
    return places[nearest]


VALUES = (-0.1, 0.15)
NARROW = {"camera.fov_deg": 40}
BROWN = {**NARROW, "camera.distortion.kind": "brown"}
FISHEYE = {**NARROW, "camera.distortion.kind": "fisheye"}


def radial(name: str, brown: Callable[[Made], float], power: int = 0) -> dict[str, tuple[Effect, ...]]:
    """The effect of a radial coefficient of `brown`, and of `fisheye` if it is one of its powers."""
    fisheye = (Effect(VALUES, of_angle(power), same, FISHEYE),) if power else ()
    return {f"camera.distortion.{name}": (Effect(VALUES, brown, same, BROWN), *fisheye)}


EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "camera.distortion.kind": Effect(
        ("none", "brown", "fisheye"), model, same, {"camera.distortion.k1": 0.1}
    ),
    **radial("k1", numerator(2), 2),
    **radial("k2", numerator(4), 4),
    **radial("k3", numerator(6), 6),
    **radial("k4", denominator(2), 8),
    **radial("k5", denominator(4)),
    **radial("k6", denominator(6)),
    "camera.distortion.p1": Effect(
        (-0.01, 0.02), lambda made: (shown(made, 0.0, AT)[1] - AT) / (3 * AT**2), same, BROWN
    ),
    "camera.distortion.p2": Effect(
        (-0.01, 0.02), lambda made: (shown(made, AT, 0.0)[0] - AT) / (3 * AT**2), same, BROWN
    ),
}
