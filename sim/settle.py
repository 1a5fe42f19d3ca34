"""Physics simulation of a sampled scene until all bodies are at rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scenes.geometry import Pose
from scenes.spec import Body, Physics, RejectedDraw, SceneSpec, Wall
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles, collision_shape

REST_M_S, REST_RAD_S, REST_S = 0.005, 0.1, 0.1
"""A body is at rest when its speed and angular speed stay below these limits for this time in seconds."""
PENETRATION_M, PENETRATION_SHARE = 0.001, 0.01
"""Allowed penetration depth: the larger of a length in metres and a fraction of the body's diameter."""
CHECK_STEPS = 6
"""Simulation steps between two checks for rest."""
ROLLING_SHARE = 0.05
"""Coefficient of rolling friction, a length, as a fraction of a body's radius; with larger values, bodies
come to rest on edges."""
ANGULAR_DAMPING = 0.9
SINKING_S = 0.1
"""Time in seconds in which bodies without support fall by 49 mm."""
MARGIN_M = 0.0001
"""Collision margin in metres; with PyBullet's default of 1 mm, there are visible gaps under bodies."""
FLOOR_HALF_M = (200.0, 200.0, 5.0)
"""Half extents of the box that serves as the floor."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A scene with its bodies at rest; it is stored in records, and images are rendered from it.

    Attributes:
        spec: The sampled scene with the final poses of its bodies.
        seconds: Simulated time in seconds until all bodies were at rest.
        walls: The walls of the scene.
    """

    spec: SceneSpec
    seconds: float
    walls: tuple[Wall, ...] = ()


def settle(client: Client, files: MeshFiles, spec: SceneSpec) -> Settled:
    """The scene after all bodies have come to rest; a scene without physics is returned unchanged.

    Raises:
        RejectedDraw: The scene is rejected as `unsettled`, `penetrating`, `out_of_bounds` or `non_finite`.
    """
    if spec.physics is None or all(body.fixed for body in spec.bodies):
        return Settled(spec, 0.0)
    client.fresh(spec.physics.time_step_s, spec.physics.gravity_m_s2)
    _add_floor(client.id)
    ids = [_add_body(client.id, files, body) for body in spec.bodies]
    moving = {body_id: body for body_id, body in zip(ids, spec.bodies, strict=True) if not body.fixed}
    seconds = _run(client.id, list(moving), spec.physics)
    _check_contacts(client.id, files, moving)
    _check_bounds(client.id, list(moving), spec.physics)
    bodies = tuple(
        body if body.fixed else _settled_body(client.id, files, body_id, body)
        for body_id, body in zip(ids, spec.bodies, strict=True)
    )
    return Settled(replace(spec, bodies=bodies), seconds)


def _add_floor(client: int) -> None:
    """Adds a thick box with its top at z = 0; fast bodies would pass through a thin box."""
    shape = pb.createCollisionShape(pb.GEOM_BOX, halfExtents=FLOOR_HALF_M, physicsClientId=client)
    floor = pb.createMultiBody(0, shape, -1, (0, 0, -FLOOR_HALF_M[2]), physicsClientId=client)
    _set_dynamics(client, floor, friction=1.0, rolling_m=0.0)


def _add_body(client: int, files: MeshFiles, body: Body) -> int:
    asset = files.assets[body.asset]
    pose = files.center_pose(body)
    body_id: int = pb.createMultiBody(
        0 if body.fixed else asset.mass_kg * body.volume_scale,
        collision_shape(client, files, asset, body.scale),
        -1,
        pose.position_m,
        pose.quat_xyzw,
        physicsClientId=client,
    )
    rolling_m = 0.0 if body.fixed else ROLLING_SHARE * asset.radius_m * body.largest_scale
    _set_dynamics(client, body_id, body.friction, rolling_m)
    return body_id


def _set_dynamics(client: int, body: int, friction: float, rolling_m: float) -> None:
    pb.changeDynamics(
        body,
        -1,
        lateralFriction=friction,
        rollingFriction=rolling_m,
        spinningFriction=rolling_m,
        restitution=0.05,
        linearDamping=0.0,
        angularDamping=ANGULAR_DAMPING,
        collisionMargin=MARGIN_M,
        physicsClientId=client,
    )


def _run(client: int, ids: list[int], physics: Physics) -> float:
    """Simulates until all bodies are at rest, and returns the simulated time in seconds."""
    resting = 0
    for step in range(1, int(physics.max_seconds / physics.time_step_s) + 1):
        pb.stepSimulation(physicsClientId=client)
        if step % CHECK_STEPS:
            continue
        resting = resting + CHECK_STEPS if _at_rest(client, ids) else 0
        if resting * physics.time_step_s >= REST_S:
            return step * physics.time_step_s
    raise RejectedDraw("unsettled")


def _at_rest(client: int, ids: list[int]) -> bool:
    for body in ids:
        linear, angular = pb.getBaseVelocity(body, physicsClientId=client)
        speed = sum(value * value for value in linear)
        spin = sum(value * value for value in angular)
        if not np.isfinite(speed + spin):
            raise RejectedDraw("non_finite")
        if speed > REST_M_S**2 or spin > REST_RAD_S**2:
            return False
    return True


def _check_contacts(client: int, files: MeshFiles, moving: Mapping[int, Body]) -> None:
    """Rejects a scene whose bodies penetrate each other, the floor or a fixed body too deeply."""
    allowed = {
        body_id: max(
            PENETRATION_M, PENETRATION_SHARE * 2 * files.assets[body.asset].radius_m * body.largest_scale
        )
        for body_id, body in moving.items()
    }
    for contact in pb.getContactPoints(physicsClientId=client):
        limit = min(allowed.get(contact[1], np.inf), allowed.get(contact[2], np.inf))
        if contact[8] < -limit:
            raise RejectedDraw("penetrating")


def _settled_body(client: int, files: MeshFiles, body_id: int, body: Body) -> Body:
    """The body at its simulated pose, converted from the centre-of-mass frame to the mesh frame."""
    center, quat = pb.getBasePositionAndOrientation(body_id, physicsClientId=client)
    inner = np.array(body.axes) * np.array(files.assets[body.asset].center_of_mass_m)
    return replace(body, pose=Pose.from_point_pair(inner, np.array(center), quat))


def _check_bounds(client: int, ids: list[int], physics: Physics) -> None:
    centers = np.array([pb.getBasePositionAndOrientation(body, physicsClientId=client)[0] for body in ids])
    if not np.isfinite(centers).all():
        raise RejectedDraw("non_finite")
    inside = np.abs(centers).max() <= physics.bounds_m
    if not inside or not (physics.region is None or physics.region.contains(centers).all()):
        raise RejectedDraw("out_of_bounds")


def sinking_m(client: Client, files: MeshFiles, settled: Settled) -> tuple[float, ...]:
    """How far each body of a scene sinks in metres when physics goes on for `SINKING_S` seconds.

    A body that rests on the floor or on others stays where it is; one that nothing supports falls. It is 0
    for fixed bodies, and for all in a scene without physics.
    """
    spec = settled.spec
    if spec.physics is None or all(body.fixed for body in spec.bodies):
        return (0.0,) * len(spec.bodies)
    client.fresh(spec.physics.time_step_s, spec.physics.gravity_m_s2)
    _add_floor(client.id)
    ids = [_add_body(client.id, files, body) for body in spec.bodies]
    before = _heights_m(client.id, ids)
    for _ in range(round(SINKING_S / spec.physics.time_step_s)):
        pb.stepSimulation(physicsClientId=client.id)
    after = _heights_m(client.id, ids)
    return tuple(float(high - low) for high, low in zip(before, after, strict=True))


def _heights_m(client: int, ids: list[int]) -> list[float]:
    return [pb.getBasePositionAndOrientation(body, physicsClientId=client)[0][2] for body in ids]
