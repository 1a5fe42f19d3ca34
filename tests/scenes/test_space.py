"""The height at which a body is placed above others, such that they just touch."""

import numpy as np
import pytest

from scenes.space import BoundingVolume, bounding_cylinder, bounding_sphere, free_height

CAN = bounding_cylinder(0.05, 0.03, 0.12)
"""Its centre of mass is near its foot: below and above differ."""
BALL = bounding_sphere(0.04)


def over(lower: BoundingVolume, upper: BoundingVolume, beside_m: float) -> float:
    """Vertical distance of two centres."""
    return free_height(beside_m, 0.0, upper, [(np.array([0.0, 0.0, 1.0]), lower)]) - 1.0


def test_over_a_free_floor_a_body_stands_on_its_lower_side() -> None:
    assert free_height(0.0, 0.0, CAN, []) == 0.03
    assert free_height(0.3, 0.0, BALL, [(np.array([0.0, 0.0, 1.0]), CAN)]) == 0.04


@pytest.mark.parametrize("beside_m", [0.0, 0.03, 0.0799])
def test_spheres_touch_at_the_sum_of_their_radii(beside_m: float) -> None:
    assert np.hypot(over(BALL, BALL, beside_m), beside_m) == pytest.approx(0.08)


@pytest.mark.parametrize("beside_m", [0.0, 0.06, 0.0999])
def test_cylinders_stand_on_each_other_wherever_they_overlap(beside_m: float) -> None:
    assert over(CAN, CAN, beside_m) == pytest.approx(0.12 + 0.03)


@pytest.mark.parametrize(("beside_m", "reach_m"), [(0.0, 0.04), (0.05, 0.04), (0.07, 0.0012**0.5)])
def test_a_ball_sinks_beside_a_cylinder_and_a_cylinder_beside_a_ball(beside_m: float, reach_m: float) -> None:
    """Above the cylinder the sphere's extent is its radius; 0.02 m beside the rim it is √(0.04² − 0.02²)."""
    assert over(CAN, BALL, beside_m) == pytest.approx(0.12 + reach_m)
    assert over(BALL, CAN, beside_m) == pytest.approx(0.03 + reach_m)


def test_the_highest_of_what_lies_below_decides() -> None:
    placed = [(np.array([0.0, 0.0, height]), BALL) for height in (0.5, 1.0, 0.7)]
    assert free_height(0.0, 0.0, BALL, placed) == pytest.approx(1.08)
