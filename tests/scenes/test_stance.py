"""Assets stand on the axis that their category names, with their front towards -y."""

import numpy as np
import pytest

from scenes.assets.categories import Category
from scenes.assets.stance import Side, Up, stance, standing_box
from scenes.geometry import rotation
from scenes.kinds.drop import Drop
from tests.refusals import assert_refused
from tests.rig import catalogue_from, streams

AXES = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1), "-x": (-1, 0, 0), "-y": (0, -1, 0), "-z": (0, 0, -1)}


@pytest.mark.parametrize(
    ("up", "front"),
    [("z", "-y"), ("z", "x"), ("z", "-x"), ("z", "y"), ("y", "z"), ("y", "-z"), ("x", "-y"), ("x", "z")],
)
def test_up_points_up_and_the_front_forward(up: Up, front: Side) -> None:
    turn = rotation(stance(up, front))
    np.testing.assert_allclose(turn @ AXES[up], (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(turn @ AXES[front], (0, -1, 0), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_what_nobody_states_is_z_up_with_the_front_at_minus_y() -> None:
    assert stance(None, None) == (0, 0, 0, 1)
    assert stance("y", None) == stance("y", "z")
    assert stance(None, "x") == stance("z", "x")


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"front": "z"}, "front: 'z' is at the top or the bottom if z points up"),
        ({"up": "y", "front": "-y"}, "'-y' is"),
    ],
    ids=["z", "y"],
)
def test_a_front_at_the_top_is_refused(tree: dict[str, str], told: str) -> None:
    assert_refused(Category, {"shape": "box", "size_m": 0.1, **tree}, "", told)
    assert_refused(
        Category, {"shape": "box", "size_m": 0.1, "up": "w"}, "up", "Input should be 'x', 'y' or 'z'"
    )


@pytest.mark.parametrize(
    ("up", "extents"), [("z", (0.05, 0.07, 0.1)), ("y", (0.05, 0.1, 0.07)), ("x", (0.1, 0.07, 0.05))]
)
def test_the_box_of_a_standing_mesh(up: Up, extents: tuple[float, ...]) -> None:
    made = catalogue_from({"brick": {"shape": "box", "size_m": 0.1, "up": up}})
    low, high = standing_box(made.drawn()[0])
    np.testing.assert_allclose(np.subtract(high, low), extents, atol=1e-12)
    np.testing.assert_allclose(np.add(high, low), 0, atol=1e-12)


def test_upright_objects_are_released_with_their_up_axis_up() -> None:
    brick = {"shape": "box", "size_m": 0.1, "upright": True}
    plain, lying = (catalogue_from({"brick": {**brick, **more}}) for more in ({}, {"up": "y"}))
    scene = Drop.parse({"num_objects": 6, "num_distractors": 0, "empty_share": 0})
    for before, after in zip(
        *(scene.draw(1, "train", 0, made, streams(1)).bodies for made in (plain, lying)), strict=True
    ):
        np.testing.assert_allclose(before.pose.rotation() @ AXES["z"], (0, 0, 1), atol=1e-12)
        np.testing.assert_allclose(after.pose.rotation() @ AXES["y"], (0, 0, 1), atol=1e-12)
        assert after.apply(lying.drawn()[0].mesh.vertices_m)[:, 2].min() > 0
    standing = lying.drawn()[0].standing
    assert standing is not None
    assert (standing.below_m, standing.above_m) == pytest.approx((0.035, 0.035))
    assert standing.aside_m == pytest.approx(np.hypot(0.025, 0.05))
