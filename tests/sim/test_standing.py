"""Upright assets are released upright, rotated about the vertical axis only, and mostly stay upright."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scenes.assets.catalogue import Catalogue
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.scene import Scene, random_quaternion, rotation_about_z
from scenes.spec import SceneSpec
from sim.bullet import Client, pb
from sim.world import add_body, add_floor
from tests.rig import Rig, catalogue_from, streams


def catalogue(upright: bool) -> Catalogue:
    """Tall cylinders and cones, upright or not, among bolts."""
    said = {"upright": True} if upright else {}
    return catalogue_from(
        {
            "bolt": {"shape": "bolt", "size_m": 0.08},
            "bottle": {"shape": "capsule", "size_m": [0.12, 0.2], **said},
            "can": {"shape": "cylinder", "size_m": [0.1, 0.16], **said},
        },
        cone={"shape": "cone", "size_m": 0.1, **said},
    )


MANY = {"num_objects": (10, 10), "num_distractors": (2, 2), "empty_share": 0.0, "spread": (2.0, 3.0)}
SCENES = [Drop.parse(MANY), Floating.parse({**MANY, "spread": [4.0, 5.0]})]


def drawn(scene: Scene, made: Catalogue, index: int) -> SceneSpec:
    return scene.draw(index, "train", 0, made, streams(index))


def stands(made: Catalogue, name: str) -> bool:
    return made.assets[name].standing is not None


@pytest.mark.parametrize("scene", SCENES, ids=["drop", "floating"])
def test_upright_changes_only_the_rotation_of_upright_assets(scene: Scene) -> None:
    lying, standing = catalogue(False), catalogue(True)
    for index in range(4):
        pairs = zip(drawn(scene, lying, index).bodies, drawn(scene, standing, index).bodies, strict=True)
        for one, other in pairs:
            assert (one.asset, one.scale, one.look, one.friction) == (
                *(other.asset, other.scale, other.look),
                other.friction,
            )
            if not stands(standing, other.asset):
                assert one.pose.quat_xyzw == other.pose.quat_xyzw
                continue
            assert other.pose.quat_xyzw == rotation_about_z(one.pose.quat_xyzw)
            np.testing.assert_allclose(other.pose.rotation()[2], (0, 0, 1), atol=1e-12)
            center = np.array([standing.assets[other.asset].center_of_mass_m])
            before, after = (body.pose.apply(center * body.scale)[0] for body in (one, other))
            np.testing.assert_allclose(after[:2], before[:2], atol=1e-12)


def test_headings_of_upright_bodies_are_uniform(rng: np.random.Generator) -> None:
    turns = np.array([rotation_about_z(random_quaternion(rng)) for _ in range(4000)])
    angles = 2 * np.arctan2(turns[:, 2], turns[:, 3]) % (2 * np.pi)
    counts = np.histogram(angles, bins=8, range=(0, 2 * np.pi))[0]
    assert abs(counts - 500).max() < 90
    assert rotation_about_z((1.0, 0.0, 0.0, 0.0)) == (0.0, 0.0, 0.0, 1.0)


def test_upright_bodies_are_released_low_and_above_nothing_that_tumbles() -> None:
    """Their drop height is a fiftieth of that of others; from higher up, or on a bolt, they would fall."""
    made, scene = catalogue(True), Drop.parse({**MANY, "drop_height": 0.5, "spread": 1.0})
    gap_m, number = 0.02 * 0.5 * made.typical_size_m, 0
    for index in range(8):
        lows, tops = [], [0.0]
        for body in drawn(scene, made, index).bodies:
            if stands(made, body.asset):
                heights = body.pose.apply(made.assets[body.asset].mesh.vertices_m * body.scale)[:, 2]
                lows.append(float(heights.min()))
                tops.append(float(heights.max()))
        # Above the floor or another upright body; there is also a gap of a hundredth of the size of each.
        free_m = np.array(lows)[:, None] - np.array(tops) - gap_m
        assert np.abs(free_m).min(axis=1).max() < 0.01 * 0.2 * 2
        number += len(lows)
    assert number > 40


def test_no_bodies_overlap_at_release(rig: Callable[..., Rig], client: Client) -> None:
    made = rig(catalogue(True))
    for index in range(6):
        spec = drawn(SCENES[0], made.catalogue, index)
        client.fresh()
        add_floor(client.id)
        for body in spec.bodies:
            add_body(client.id, made.files, body)
        pb.performCollisionDetection(physicsClientId=client.id)
        depths = [contact[8] for contact in pb.getContactPoints(physicsClientId=client.id)]
        assert min(depths, default=0.0) > -0.0005


@pytest.mark.parametrize(("upright", "low", "high"), [(True, 0.8, 1.0), (False, 0.0, 0.3)])
def test_bottles_come_to_rest_standing(
    rig: Callable[..., Rig], upright: bool, low: float, high: float
) -> None:
    can: dict[str, Any] = {"shape": "cylinder", "size_m": 0.15, "upright": upright}
    made = rig(catalogue_from({"can": can, "bolt": {"shape": "bolt", "size_m": 0.08}}))
    scene = Drop.parse({"num_objects": 5, "empty_share": 0.0})
    stood = []
    for index in range(8):
        settled, _ = made.drawn(scene, index)
        cans = [body for body in settled.spec.bodies if body.category == 0]
        stood += [bool(body.pose.rotation()[2, 2] > 0.99) for body in cans]
    assert len(stood) > 10
    assert low <= np.mean(stood) <= high
