"""Physics simulation of a sampled scene until all bodies are at rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose
from scenes.spec import Body, Physics, Region, RejectedDraw, SceneSpec, Wall
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles, collision_shape

REST_M_S, REST_RAD_S, REST_S = 0.005, 0.1, 0.1
"""A body is at rest when its speed and angular speed stay below these limits for this time in seconds."""
STILL_M, STILL_RAD, STILL_S = 0.001, 0.03, 0.25
"""A body in a pile is at rest when it has moved and turned by less than this in this time in seconds."""
PENETRATION_M, PENETRATION_SHARE = 0.001, 0.01
"""Allowed penetration depth: the larger of a length in metres and a fraction of the body's diameter."""
CHECK_STEPS = 6
"""Simulation steps between two checks for rest."""
ROLLING_SHARE = 0.05
"""Coefficient of rolling friction, a length, as a fraction of a body's radius; with larger values, bodies
come to rest on edges."""
ANGULAR_DAMPING = 0.9
ITERATIONS, PILE_ITERATIONS = 20, 80
"""Iterations of the contact solver, and those with which bodies in a pile sink less into each other."""
CONTACT_BREAKING, LASTING_BREAKING = 0.002, 0.02
"""How far the points of a contact may move apart, as a fraction of a body's size, and that in piles and on
furniture: flat bodies of which contacts are given up sooner rock from corner to corner and never rest."""
PILE_DAMPING = 0.5
"""Fraction of the speed that a body in a pile loses in a second."""
SINKING_S = 0.1
"""Time in seconds in which bodies without support fall by 49 mm."""
MARGIN_M = 0.0001
"""Collision margin in metres; with PyBullet's default of 1 mm, there are visible gaps under bodies."""
BASE_HALF_M = 0.5
"""Half of the height of the box below a region."""
FLUSH = 1e-4
"""Furniture is below a region if it reaches into it by no more than this share of the region's size."""
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
    ids = _load(client, files, spec.bodies, spec.physics)
    moving = {body_id: body for body_id, body in zip(ids, spec.bodies, strict=True) if not body.fixed}
    seconds = _run(client.id, list(moving), spec.physics)
    _check_contacts(client.id, files, moving)
    _check_bounds(client.id, list(moving), spec.physics)
    bodies = tuple(
        body if body.fixed else _settled_body(client.id, files, body_id, body)
        for body_id, body in zip(ids, spec.bodies, strict=True)
    )
    return Settled(replace(spec, bodies=bodies), seconds)


def _load(client: Client, files: MeshFiles, bodies: Sequence[Body], physics: Physics) -> list[int]:
    """Loads the floor and the bodies into an empty world, and returns PyBullet's ids of the bodies."""
    iterations = PILE_ITERATIONS if physics.pile else ITERATIONS
    lasting = physics.pile or physics.region is not None
    breaking = LASTING_BREAKING if lasting else CONTACT_BREAKING
    client.fresh(physics.time_step_s, physics.gravity_m_s2, iterations, breaking)
    _add_floor(client.id)
    region, damping = physics.region, PILE_DAMPING if physics.pile else 0.0
    ids = [_add_body(client.id, files, body, damping, not _below(files, body, region)) for body in bodies]
    if region is not None:
        _add_base(client.id, region)
    return ids


def _below(files: MeshFiles, body: Body, region: Region | None) -> bool:
    """Whether a piece of furniture is below a region, where the base collides in its place.

    If both did, bodies would have each contact twice, and tremble between the two.
    """
    if region is None or body.role != "furniture":
        return False
    points_m, half_m = region.pose.apply_inverse(files.hull(body)), np.array(region.half_m)
    slack_m = FLUSH * half_m.max()
    beside = np.abs(points_m[:, :2]).max(axis=0) <= half_m[:2] + slack_m
    return bool(beside.all() and points_m[:, 2].max() <= slack_m - half_m[2])


def _add_base(client: int, region: Region) -> None:
    """Adds a thick box or cylinder below a region, through which bodies are not pushed by those above."""
    x, y, z = region.half_m
    shape = pb.createCollisionShape(
        pb.GEOM_CYLINDER if region.is_round else pb.GEOM_BOX,
        halfExtents=(x, y, BASE_HALF_M),
        radius=x,
        height=2 * BASE_HALF_M,
        physicsClientId=client,
    )
    below = region.pose.of(Pose((0.0, 0.0, -z - BASE_HALF_M), (0.0, 0.0, 0.0, 1.0)))
    base = pb.createMultiBody(0, shape, -1, below.position_m, below.quat_xyzw, physicsClientId=client)
    _set_dynamics(client, base, friction=1.0, rolling_m=0.0)


def _add_floor(client: int) -> None:
    """Adds a thick box with its top at z = 0; fast bodies would pass through a thin box."""
    shape = pb.createCollisionShape(pb.GEOM_BOX, halfExtents=FLOOR_HALF_M, physicsClientId=client)
    floor = pb.createMultiBody(0, shape, -1, (0, 0, -FLOOR_HALF_M[2]), physicsClientId=client)
    _set_dynamics(client, floor, friction=1.0, rolling_m=0.0)


def _add_body(client: int, files: MeshFiles, body: Body, damping: float = 0.0, collides: bool = True) -> int:
    asset = files.assets[body.asset]
    pose = files.center_pose(body)
    body_id: int = pb.createMultiBody(
        0 if body.fixed else asset.mass_kg * body.volume_scale,
        collision_shape(client, files, asset, body.scale) if collides else -1,
        -1,
        pose.position_m,
        pose.quat_xyzw,
        physicsClientId=client,
    )
    rolling_m = 0.0 if body.fixed else ROLLING_SHARE * asset.radius_m * body.largest_scale
    _set_dynamics(client, body_id, body.friction, rolling_m, damping)
    return body_id


def _set_dynamics(client: int, body: int, friction: float, rolling_m: float, damping: float = 0.0) -> None:
    pb.changeDynamics(
        body,
        -1,
        lateralFriction=friction,
        rollingFriction=rolling_m,
        spinningFriction=rolling_m,
        restitution=0.05,
        linearDamping=damping,
        angularDamping=ANGULAR_DAMPING,
        collisionMargin=MARGIN_M,
        physicsClientId=client,
    )


def _run(client: int, ids: list[int], physics: Physics) -> float:
    """Simulates until all bodies are at rest, and returns the simulated time in seconds."""
    if physics.pile:
        return _run_pile(client, ids, physics)
    resting = 0
    for step in range(1, int(physics.max_seconds / physics.time_step_s) + 1):
        pb.stepSimulation(physicsClientId=client)
        if step % CHECK_STEPS:
            continue
        resting = resting + CHECK_STEPS if _at_rest(client, ids) else 0
        if resting * physics.time_step_s >= REST_S:
            return step * physics.time_step_s
    raise RejectedDraw("unsettled")


def _run_pile(client: int, ids: list[int], physics: Physics) -> float:
    """As `_run`, for bodies that press on each other.

    Their speeds do not vanish, because forces between them make them tremble, so their poses are compared.
    """
    before = _poses(client, ids)
    interval = round(STILL_S / physics.time_step_s)
    for step in range(1, int(physics.max_seconds / physics.time_step_s) + 1):
        pb.stepSimulation(physicsClientId=client)
        if step % interval == 0:
            now = _poses(client, ids)
            if _still(before, now):
                return step * physics.time_step_s
            before = now
    raise RejectedDraw("unsettled")


def _poses(client: int, ids: list[int]) -> NDArray[np.float64]:
    """Position and rotation (n, 7) of bodies."""
    poses = [pb.getBasePositionAndOrientation(body, physicsClientId=client) for body in ids]
    return np.array([[*position, *quat] for position, quat in poses])


def _still(before: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    """Whether no body has moved between two arrays (n, 7) of poses."""
    if not np.isfinite(now).all():
        raise RejectedDraw("non_finite")
    moved_m = np.linalg.norm(now[:, :3] - before[:, :3], axis=1)
    cosine = np.abs((now[:, 3:] * before[:, 3:]).sum(axis=1))
    return bool(moved_m.max() <= STILL_M and cosine.min() >= np.cos(STILL_RAD / 2))


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
    ids = _load(client, files, spec.bodies, spec.physics)
    before = _heights_m(client.id, ids)
    for _ in range(round(SINKING_S / spec.physics.time_step_s)):
        pb.stepSimulation(physicsClientId=client.id)
    after = _heights_m(client.id, ids)
    return tuple(float(high - low) for high, low in zip(before, after, strict=True))


def _heights_m(client: int, ids: list[int]) -> list[float]:
    return [pb.getBasePositionAndOrientation(body, physicsClientId=client)[0][2] for body in ids]
