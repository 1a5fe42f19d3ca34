from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scenes.geometry import rotation
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.scene import Scene, random_disc, random_in_ball, random_quaternion
from scenes.spec import Body, RejectedDraw, SceneSpec
from tests.refusals import assert_refused
from tests.rig import catalogue_from, streams

CATALOGUE = catalogue_from(
    {
        "box": {"shape": "box", "size_m": [0.05, 0.1]},
        "bolt": {"shape": "bolt", "size_m": 0.08, "color": [0.1, 0.2, 0.3]},
        "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1},
    },
    cone={"shape": "cone", "size_m": 0.1},
)


def drawn(scene: Scene, index: int = 0, attempt: int = 0) -> SceneSpec:
    return scene.draw(index, "train", attempt, CATALOGUE, streams(index, attempt))


def spheres(spec: SceneSpec) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Centres (n, 3) and radii (n,) of the bounding spheres of the bodies."""
    assets = [CATALOGUE.assets[body.asset] for body in spec.bodies]
    centers = [
        body.apply(np.array([asset.center_of_mass_m]))[0]
        for body, asset in zip(spec.bodies, assets, strict=True)
    ]
    return np.array(centers), np.array(
        [asset.radius_m * body.largest_scale for body, asset in zip(spec.bodies, assets, strict=True)]
    )


def labelled(spec: SceneSpec) -> list[Body]:
    return [body for body in spec.bodies if body.category is not None]


@pytest.mark.parametrize(
    "scene", [Drop(num_distractors=(2, 2)), Floating(num_distractors=(2, 2))], ids=["drop", "floating"]
)
def test_one_more_object_leaves_the_others_alone(scene: Scene) -> None:
    few, many = (drawn(scene.model_copy(update={"num_objects": (n, n)})) for n in (6, 7))
    assert len(labelled(few)) == 6
    assert labelled(many)[:6] == labelled(few)
    assert (many.floor, many.background, many.physics) == (few.floor, few.background, few.physics)
    # Distractors are placed after the objects, so only their poses may change.
    for one, other in zip(few.bodies[6:], many.bodies[7:], strict=True):
        assert replace(one, pose=other.pose) == other


@pytest.mark.parametrize("scene", [Drop(), Floating()], ids=["drop", "floating"])
@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"num_distractors": (0, 0)}, "bodies"),
        ({"num_distractors": (9, 9)}, "bodies"),
        ({"background": {"hue": (0.5, 0.5), "textured": 0.0}}, "bodies"),
        ({"distractors": {"hue": (0.5, 0.5)}}, "bodies"),
        ({"objects": {"hue": (0.5, 0.5), "textured": 0.0}}, "poses"),
        ({"max_attempts": 3}, "bodies"),
    ],
    ids=str,
)
def test_what_a_group_does_not_set_it_does_not_move(scene: Scene, change: dict[str, Any], same: str) -> None:
    before = drawn(scene.model_copy(update={"num_objects": (5, 5)}))
    changed = type(scene).model_validate({**scene.model_dump(), "num_objects": (5, 5), **change})
    after = drawn(changed)
    if same == "poses":
        bodies = [replace(body, look=old.look) for body, old in zip(after.bodies, before.bodies, strict=True)]
        assert bodies == list(before.bodies)
    else:
        assert labelled(after) == labelled(before)
    assert after.floor == before.floor


def test_scenes_and_attempts_differ_and_come_again() -> None:
    specs = [drawn(Drop(num_objects=(5, 5)), index, attempt) for index in (0, 1) for attempt in (0, 1)]
    assert len({spec.bodies[0].pose for spec in specs}) == 4
    assert drawn(Drop(num_objects=(5, 5)), 1, 1) == specs[3]


@pytest.mark.parametrize("kind", [Drop, Floating])
def test_counts_reach_both_ends(kind: type[Scene]) -> None:
    scene = kind.model_validate({"num_objects": (2, 4), "num_distractors": (0, 1), "empty_share": 0.0})
    specs = [drawn(scene, index) for index in range(60)]
    assert {len(labelled(spec)) for spec in specs} == {2, 3, 4}
    assert {len(spec.bodies) - len(labelled(spec)) for spec in specs} == {0, 1}


def test_some_scenes_are_empty_on_purpose() -> None:
    specs = [drawn(Drop(empty_share=0.25, num_objects=(1, 2)), index) for index in range(200)]
    assert np.mean([not labelled(spec) for spec in specs]) == pytest.approx(0.25, abs=0.08)
    assert any(spec.bodies and not labelled(spec) for spec in specs)  # distractors may be the only bodies
    assert not drawn(Drop(empty_share=1.0, num_distractors=(0, 0))).bodies
    assert all(labelled(drawn(Drop(empty_share=0.0), index)) for index in range(40))


def test_nothing_touches_when_it_is_let_go() -> None:
    for index in range(30):
        spec = drawn(Drop(num_objects=(12, 12), spread=(0.5, 1.0)), index)
        centers, radii = spheres(spec)
        assert (centers[:, 2] > radii).all()
        apart = np.linalg.norm(centers[:, None] - centers[None], axis=-1) - radii[:, None] - radii[None]
        assert apart[~np.eye(len(radii), dtype=bool)].min() > -1e-9


@pytest.mark.parametrize("spread", [1.0, 2.5])
def test_what_rolls_away_by_some_objects_is_still_in_the_scene(spread: float) -> None:
    """Three times the radius of the disc plus ten object sizes, because small piles spread too."""
    physics = drawn(Drop(spread=(spread, spread))).physics
    assert physics is not None
    assert physics.bounds_m == pytest.approx((3 * spread + 10) * CATALOGUE.typical_size_m)


def test_ranges_are_kept_and_filled() -> None:
    scene = Drop(num_objects=(8, 8), num_distractors=(0, 0), friction=(0.3, 0.5), size_jitter=(0.5, 2.0))
    specs = [drawn(scene, index) for index in range(50)]
    frictions = [body.friction for spec in specs for body in spec.bodies]
    assert 0.3 <= min(frictions) < 0.305
    assert 0.495 < max(frictions) <= 0.5
    bolts = [body.largest_scale for spec in specs for body in spec.bodies if body.category == 1]
    assert 0.5 <= min(bolts) < 0.55
    assert 1.9 < max(bolts) <= 2.0
    reach = [
        np.hypot(*body.pose.position_m[:2]) for spec in specs for body in spec.bodies if body.category == 0
    ]
    assert max(reach) <= 3.0 * CATALOGUE.typical_size_m


def test_looks_follow_the_category() -> None:
    bodies = [body for index in range(20) for body in drawn(Drop(num_objects=(8, 8)), index).bodies]
    assert {body.look.color_rgb for body in bodies if body.category == 1} == {(0.1, 0.2, 0.3)}
    assert {body.look.color_rgb for body in bodies if body.category == 2} == {None}
    boxes = [body.look for body in bodies if body.category == 0]
    assert len({look.color_rgb for look in boxes}) == len(boxes)
    assert 0.1 < np.mean([look.texture is not None for look in boxes]) < 0.5


def test_pile_higher_than_physics_settles_well_is_rejected() -> None:
    with pytest.raises(RejectedDraw) as caught:
        drawn(Drop(num_objects=(200, 200), spread=(0.1, 0.1)))
    assert caught.value.reason == "no_place"


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"num_object": 3}, "num_object", "Extra inputs"),
        ({"num_objects": [5, 2]}, "num_objects", "low 5 is above high 2"),
        ({"num_objects": 2.5}, "num_objects", "integer"),
        ({"num_objects": -1}, "num_objects", "between 0 and 4000"),
        ({"num_distractors": 1001}, "num_distractors", "between 0 and 1000"),
        ({"spread": 0}, "spread", "at least 1e-06"),
        ({"friction": float("nan")}, "friction", "finite"),
        ({"friction": 11}, "friction", "between 0 and 10"),
        ({"drop_height": -0.1}, "drop_height", "at least 0"),
        ({"empty_share": 1.1}, "empty_share", "less than or equal to 1"),
        ({"max_attempts": 0}, "max_attempts", "greater than or equal to 1"),
        ({"roughness": 1.5}, "roughness", "between 0 and 1"),
        ({"floor": {"tile": 0}}, "floor.tile", "at least 1e-06"),
        ({"walls": {"number": 5}}, "walls.number", "between 0 and 4"),
        ({"walls": {"gap": 0}}, "walls.gap", "at least 1e-06"),
        ({"walls": 2}, "walls", "should be an object"),
        ({"physics": {"time_step_s": 0.1}}, "physics.time_step_s", "less than or equal to 0.01"),
        ({"physics": {"gravity": 9.81}}, "physics.gravity", "Extra inputs"),
        ({"objects": {"textures": ["chekker"]}}, "objects.textures", "did you mean 'checker'"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(Drop, tree, where, why)


def test_random_rotations_discs_and_balls_are_uniform(rng: np.random.Generator) -> None:
    count = 4000
    turned = np.array([rotation(random_quaternion(rng))[:, 2] for _ in range(count)])
    disc = np.array([random_disc(rng) for _ in range(count)])
    ball = np.array([random_in_ball(rng) for _ in range(count)])
    assert (np.abs(turned.mean(axis=0)) < 0.04).all()
    np.testing.assert_allclose((turned**2).mean(axis=0), 1 / 3, atol=0.02)
    for points, dimension in ((disc, 2), (ball, 3)):
        reach = np.linalg.norm(points, axis=1)
        assert reach.max() <= 1
        assert np.mean(reach < 0.5) == pytest.approx(0.5**dimension, abs=0.03)
        assert (np.abs(points.mean(axis=0)) < 0.04).all()
