"""Physics: bodies come to rest on their faces, whatever their origin, size or proportions."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from scenes.assets.shapes import SHAPES, box, sphere
from scenes.geometry import Pose, Quat
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.scene import random_quaternion
from scenes.spec import Body, Physics, Region, RejectedDraw, SceneSpec
from sim.bullet import Client, pb
from sim.settle import sinking_m
from sim.world import Contacts, add_body, add_floor, load
from tests.rig import GREY, UPRIGHT, Rig, catalogue_from, catalogue_of, still, streams

PHYSICS = Physics(gravity_m_s2=9.81, time_step_s=1 / 240, max_seconds=6.0, bounds_m=3.0)
TILTED: Quat = (0.09853293, 0.14779939, 0.0, 0.98409736)
MIXED: dict[str, object] = {
    "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1},
    "teddy": {"path": "pybullet_data:teddy2_VHACD_CHs.obj", "size_m": 0.12},
    "lego": {"path": "pybullet_data:lego/lego.obj", "size_m": 0.06},
    "ball": {"path": "pybullet_data:soccerball.obj", "size_m": 0.1},
    "domino": {"path": "pybullet_data:domino/domino.obj", "size_m": 0.08},
    **{name: {"shape": name, "size_m": [0.05, 0.1]} for name in SHAPES},
}


def moved(mesh: Mesh, by_m: tuple[float, float, float]) -> Mesh:
    return Mesh(tuple(replace(part, vertices_m=part.vertices_m + np.array(by_m)) for part in mesh.parts))


def dropped(made: Rig, name: str, center_m: tuple[float, float, float], quat: Quat) -> Body:
    """A body with its centre of mass at a given position."""
    body = made.body(name, (0, 0, 0))
    inner = np.array(made.files.assets[body.asset].center_of_mass_m)
    return replace(body, pose=Pose.from_point_pair(inner, np.array(center_m), quat))


def falling(*bodies: Body, physics: Physics = PHYSICS) -> SceneSpec:
    return SceneSpec(0, "train", 0, bodies, GREY, GREY, physics)


def corners(made: Rig, body: Body) -> NDArray[np.float64]:
    return body.pose.apply(made.files.assets[body.asset].mesh.vertices_m * body.scale)


@pytest.mark.parametrize("quat", [UPRIGHT, TILTED], ids=["flat", "tilted"])
def test_plate_rests_the_same_wherever_its_origin_is(rig: Callable[..., Rig], quat: Quat) -> None:
    offsets = {
        "middle": (0.0, 0.0, 0.0),
        "corner": (0.1, 0.07, 0.01),
        "above": (0.0, 0.0, -0.25),
        "far away": (3.0, -4.0, 2.0),  # as parts of an assembly are
    }
    plate = box(0.2, 0.14, 0.02)
    made = rig(catalogue_of({name: moved(plate, by_m) for name, by_m in offsets.items()}))
    rests = []
    for name, by_m in offsets.items():
        (body,) = made.settle(falling(dropped(made, name, (0, 0, 0.2), quat))).spec.bodies
        assert body.pose.rotation()[2, 2] > np.cos(np.radians(1))
        lowest_m = corners(made, body)[:, 2].min()
        assert abs(lowest_m) < 0.0005  # neither hovers nor penetrates the floor
        label = body.pose.apply(np.add([by_m], (0.03, 0.02, 0.01)))
        rests.append(np.concatenate([corners(made, body), label]))
    for rest in rests[1:]:
        np.testing.assert_allclose(rest, rests[0], atol=0.001)


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("cone", "torus")] + ["ball"])
def test_nothing_hovers_sinks_or_stands_on_an_edge(rig: Callable[..., Rig], name: str) -> None:
    meshes = {shape: make(0.08) for shape, make in SHAPES.items()} | {"ball": sphere(0.1, 64)}
    made = rig(catalogue_of(meshes))
    (body,) = made.settle(falling(dropped(made, name, (0, 0, 0.15), TILTED))).spec.bodies
    points = corners(made, body)
    assert abs(points[:, 2].min()) < 0.0005
    center = body.pose.apply(np.array([made.files.assets[body.asset].center_of_mass_m]))[0]
    near = points[points[:, 2] < points[:, 2].min() + 0.002][:, :2] - center[:2]
    angles = np.sort(np.arctan2(near[:, 1], near[:, 0]))
    widest = np.diff(np.append(angles, angles[0] + 2 * np.pi)).max()
    assert (
        widest < np.pi + 0.2 or np.linalg.norm(near, axis=1).min() < 0.006
    )  # its centre of mass is above its support


THIN = {  # shape and size in metres
    "knife": ("sphere", (0.2, 0.02, 0.004)),
    "lens": ("sphere", (0.08, 0.05, 0.0024)),
    "pencil": ("cylinder", (0.007, 0.007, 0.175)),
    "pen": ("capsule", (0.008, 0.008, 0.15)),
}


@pytest.mark.parametrize("name", THIN)
def test_thin_things_neither_hover_nor_sink(
    rig: Callable[..., Rig], name: str, rng: np.random.Generator
) -> None:
    shape, size_m = THIN[name]
    (part,) = SHAPES[shape](0.1).parts
    scale = np.array(size_m) / np.ptp(part.vertices_m, axis=0)
    made = rig(catalogue_of({name: Mesh((replace(part, vertices_m=part.vertices_m * scale),))}))
    for turn in (random_quaternion(rng) for _ in range(4)):
        (body,) = made.settle(falling(dropped(made, name, (0, 0, 0.12), turn))).spec.bodies
        assert abs(corners(made, body)[:, 2].min()) < max(0.1 * min(size_m), 0.0003)


def test_a_falling_body_obeys_half_g_t_squared(rig: Callable[..., Rig], client: Client) -> None:
    made = rig(catalogue_of({"box": moved(box(0.1, 0.1, 0.1), (0.05, 0.0, 0.02))}))
    client.fresh(1 / 240, 9.81)
    add_floor(client.id)
    body_id = add_body(client.id, made.files, dropped(made, "box", (0, 0, 10), TILTED))
    for step in range(1, 241):
        pb.stepSimulation(physicsClientId=client.id)
        if step % 60 == 0:
            (x, y, z), quat = pb.getBasePositionAndOrientation(body_id, physicsClientId=client.id)
            assert 10 - z == pytest.approx(9.81 / 2 * (step / 240) ** 2, rel=0.02 if step < 120 else 0.01)
            assert (x, y) == pytest.approx((0, 0), abs=1e-6)
            np.testing.assert_allclose(quat, TILTED, atol=1e-6)


@pytest.mark.parametrize("turn_deg", [0.0, 40.0, 75.0])
@pytest.mark.parametrize("friction", [0.3, 0.45])
def test_in_a_pile_things_slide_down_slopes_as_friction_says(
    rig: Callable[..., Rig], turn_deg: float, friction: float
) -> None:
    """Not at all below the angle of friction, and else with g·(sin - μ·cos), straight down the slope."""
    made = rig(catalogue_of({"plate": box(4.0, 4.0, 0.2), "brick": box(0.1, 0.08, 0.06)}))
    slope, half = np.radians(20), np.radians(turn_deg) / 2
    turned = Pose((0.0, 0.0, 3.0), (0.0, 0.0, float(np.sin(half)), float(np.cos(half))))
    frame = turned.of(Pose((0.0, 0.0, 0.0), (0.0, float(np.sin(slope / 2)), 0.0, float(np.cos(slope / 2)))))
    plate, brick = (
        replace(made.body(name, frame.apply(np.array([[0.0, 0.0, high_m]]))[0], frame.quat_xyzw), fixed=fixed)
        for name, high_m, fixed in (("plate", -0.1, True), ("brick", 0.0301, False))
    )
    bodies = replace(plate, friction=1.0), replace(brick, friction=friction)
    _, (sliding, _) = load(made.client, made.files, bodies, PHYSICS, Contacts(40, 0.02, rigid=True))
    for _ in range(240):
        pb.stepSimulation(physicsClientId=made.client.id)
    found_m, _ = pb.getBasePositionAndOrientation(sliding, physicsClientId=made.client.id)
    along, aside, _ = frame.apply_inverse(np.array([found_m]))[0]
    expected_m = 9.81 / 2 * max(np.sin(slope) - friction * np.cos(slope), 0.0)
    assert along == pytest.approx(expected_m, rel=0.15, abs=0.001)
    assert abs(aside) < max(0.1 * expected_m, 0.001)


def test_time_step_and_gravity_are_the_scenes_own(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": box(0.1, 0.1, 0.1)}))
    body = dropped(made, "box", (0, 0, 0.5), UPRIGHT)
    earth = made.settle(falling(body)).seconds
    moon = made.settle(falling(body, physics=replace(PHYSICS, gravity_m_s2=1.62))).seconds
    fine = made.settle(falling(body, physics=replace(PHYSICS, time_step_s=1 / 960))).seconds
    assert moon > 1.3 * earth
    assert fine == pytest.approx(earth, abs=0.3)


@pytest.mark.parametrize("count", [pytest.param(60, marks=pytest.mark.slow), 8], ids=str)
def test_default_scenes_are_seldom_rejected(rig: Callable[..., Rig], count: int) -> None:
    made = rig(catalogue_from(MIXED, spare={"shape": "bracket", "size_m": 0.1}))
    reasons: Counter[str] = Counter()
    for index in range(count):
        settled, rejected = made.drawn(Drop(), index)
        reasons.update(rejected)
        lowest = [corners(made, body)[:, 2].min() for body in settled.spec.bodies]
        assert min(lowest, default=0.0) > -0.002
    assert 1 + reasons.total() / count < 1.3, reasons


def test_scene_without_physics_or_bodies_is_at_rest_as_drawn(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_from(MIXED))
    spec = Floating().draw(0, "train", 0, made.catalogue, streams(0))
    assert made.settle(spec).spec is spec
    empty = falling()
    assert made.settle(empty).spec is empty


def test_a_scene_that_is_not_at_rest_in_time_goes_on_with_more_care(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": box(0.1, 0.1, 0.1)}))
    body = dropped(made, "box", (0.1, 0, 0.2), TILTED)
    first = made.settle(falling(body))
    limit_s = 0.8 * first.seconds
    again = made.settle(falling(body, physics=replace(PHYSICS, max_seconds=limit_s)))
    assert limit_s < again.seconds <= 2 * limit_s
    before, after = (settled.spec.bodies[0].pose.position_m for settled in (first, again))
    np.testing.assert_allclose(after, before, atol=0.002)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("unsettled", {"max_seconds": 0.2}),
        ("out_of_bounds", {"bounds_m": 0.01}),
        ("out_of_bounds", {"region": Region(Pose((0.0, 0.0, 0.0), UPRIGHT), (0.02, 1.0, 1.0))}),
    ],
    ids=["unsettled", "bounds", "region"],
)
def test_rejected_draw_has_a_reason(rig: Callable[..., Rig], reason: str, changes: dict[str, Any]) -> None:
    made = rig(catalogue_of({"box": box(0.1, 0.1, 0.1)}))
    spec = falling(dropped(made, "box", (0.1, 0, 0.5), TILTED), physics=replace(PHYSICS, **changes))
    with pytest.raises(RejectedDraw) as caught:
        made.settle(spec)
    assert caught.value.reason == reason


def test_settled_scene_keeps_everything_but_the_poses(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_from(MIXED))
    spec = Drop().draw(3, "train", 0, made.catalogue, streams(3))
    settled = made.settle(spec)
    back = tuple(
        replace(body, pose=start.pose) for body, start in zip(settled.spec.bodies, spec.bodies, strict=True)
    )
    assert replace(settled.spec, bodies=back) == spec
    assert settled.spec != spec
    assert 0 < settled.seconds <= 6
    assert still().seconds == 0


def test_bodies_at_rest_do_not_sink_and_raised_ones_do(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_from(MIXED))
    for index in range(3):
        settled, _ = made.drawn(Drop(num_objects=(6, 6)), index)
        assert max(sinking_m(made.client, made.files, settled)) < 0.001
        bodies = list(settled.spec.bodies)
        x, y, z = bodies[index].pose.position_m
        bodies[index] = replace(bodies[index], pose=replace(bodies[index].pose, position_m=(x, y, z + 0.03)))
        raised = replace(settled, spec=replace(settled.spec, bodies=tuple(bodies)))
        assert max(sinking_m(made.client, made.files, raised)) > 0.003
        assert sinking_m(made.client, made.files, still(*bodies)) == (0.0,) * 6


def test_very_many_bodies_at_one_place_are_refused(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": box(0.1, 0.1, 0.1)}))
    settled = made.settle(falling(dropped(made, "box", (0.1, 0, 0.2), TILTED)))
    copies = replace(settled, spec=replace(settled.spec, bodies=settled.spec.bodies * 200))
    with pytest.raises(ValueError, match="overlaps more than 20 others"):
        sinking_m(made.client, made.files, copies)
