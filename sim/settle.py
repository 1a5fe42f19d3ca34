"""Physics simulation of a sampled scene until all bodies are at rest."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose
from scenes.spec import Body, Physics, RejectedDraw, SceneSpec
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles
from sim.settled import Settled
from sim.world import IN_PILES, Loaded, contacts_of, load

REST_M_S, REST_RAD_S, REST_S = 0.005, 0.1, 0.1
"""A body is at rest when its speed and angular speed stay below these limits for this time in seconds."""
STILL_M, STILL_RAD, STILL_S = 0.001, 0.03, 0.25
"""A body in a pile is at rest when it moves and turns by at most these limits in this time in seconds."""
PENETRATION_M, PENETRATION_SHARE = 0.001, 0.01
"""Allowed penetration depth: the larger of a length in metres and a fraction of the body's diameter."""
CHECK_STEPS = 6
"""Simulation steps between two checks for rest."""
SINKING_S = 0.1
"""Simulated time in seconds for `sinking_m`, in which bodies without support fall by 49 mm."""
MAX_NEIGHBOURS = 20
"""Maximum number of other bodies' boxes that a body's box overlaps, on average; a dense pile has 5 to 8."""


def settle(client: Client, files: MeshFiles, spec: SceneSpec) -> Settled:
    """Simulates a scene until all bodies are at rest; a scene without physics is returned unchanged.

    Raises:
        RejectedDraw: The scene is rejected as `unsettled`, `penetrating`, `out_of_bounds` or `non_finite`.
    """
    if spec.physics is None or all(body.fixed for body in spec.bodies):
        return Settled(spec, 0.0)
    physics = spec.physics
    loaded, seconds = load(client, files, spec.bodies, physics, contacts_of(spec)), physics.max_seconds
    try:
        seconds = _run(client.id, list(_moving(loaded)), physics)
        return _at_end(client, files, spec, loaded, seconds)
    except RejectedDraw as error:
        if physics.pile or error.reason not in ("unsettled", "penetrating"):
            raise
    # A flat body may rock forever, and a heavy body may press a light one into the floor; both come to rest
    # when contacts are solved as in a pile.
    loaded = load(client, files, _placed(client.id, files, loaded), physics, IN_PILES)
    seconds += _run(client.id, list(_moving(loaded)), physics)
    return _at_end(client, files, spec, loaded, seconds)


def _moving(loaded: Loaded) -> dict[int, Body]:
    """Returns a dict from PyBullet's body id to body, for the bodies that are not fixed."""
    return {body_id: body for body_id, body in loaded if not body.fixed}


def _placed(client: int, files: MeshFiles, loaded: Loaded) -> tuple[Body, ...]:
    """The bodies at their current poses."""
    return tuple(
        body if body.fixed else _settled_body(client, files, body_id, body) for body_id, body in loaded
    )


def _at_end(client: Client, files: MeshFiles, spec: SceneSpec, loaded: Loaded, seconds: float) -> Settled:
    """Returns the scene with its bodies at their current poses.

    Args:
        client: The physics client.
        files: The mesh files.
        spec: The scene as sampled.
        loaded: The bodies in the simulation.
        seconds: The simulated time so far.

    Raises:
        RejectedDraw: Bodies penetrate too deeply, or are out of bounds.
    """
    assert spec.physics is not None
    moving = _moving(loaded)
    _check_contacts(client.id, files, moving)
    _check_bounds(client.id, list(moving), spec.physics)
    return Settled(replace(spec, bodies=_placed(client.id, files, loaded)), seconds)


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
    """Simulates bodies that press on each other until all are at rest; returns the simulated seconds.

    Forces between such bodies make them tremble, so rest is detected from their poses instead of speeds.
    """
    checks = round(STILL_S / (physics.time_step_s * CHECK_STEPS))
    poses = deque([_poses(client, ids)], maxlen=max(checks, 1))
    for step in range(1, int(physics.max_seconds / physics.time_step_s) + 1):
        pb.stepSimulation(physicsClientId=client)
        if step % CHECK_STEPS:
            continue
        now = _poses(client, ids)
        if len(poses) == poses.maxlen and _still(poses[0], now):
            return step * physics.time_step_s
        poses.append(now)
    raise RejectedDraw("unsettled")


def _poses(client: int, ids: list[int]) -> NDArray[np.float64]:
    """Positions and quaternions (n, 7) of bodies."""
    poses = [pb.getBasePositionAndOrientation(body, physicsClientId=client) for body in ids]
    return np.array([[*position, *quat] for position, quat in poses])


def _still(before: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    """Whether two arrays (n, 7) of poses differ so little that all bodies count as at rest."""
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
    """Distance in metres by which each body sinks when the simulation continues for `SINKING_S` seconds.

    A body that rests on the floor or on other bodies stays in place; an unsupported body falls. The distance
    is 0 for fixed bodies and in scenes without physics.

    Raises:
        ValueError: So many bodies overlap that a single simulation step could take hours.
    """
    spec = settled.spec
    if spec.physics is None or all(body.fixed for body in spec.bodies):
        return (0.0,) * len(spec.bodies)
    loaded = load(client, files, spec.bodies, spec.physics, contacts_of(spec))
    ids = [body_id for body_id, _ in loaded]
    if _neighbours(client.id, list(_moving(loaded))) > MAX_NEIGHBOURS:
        raise ValueError(f"each body overlaps more than {MAX_NEIGHBOURS} others on average")
    before = _heights_m(client.id, ids)
    for _ in range(round(SINKING_S / spec.physics.time_step_s)):
        pb.stepSimulation(physicsClientId=client.id)
    after = _heights_m(client.id, ids)
    return tuple(float(high - low) for high, low in zip(before, after, strict=True))


def _neighbours(client: int, ids: list[int]) -> float:
    """Mean number of other bodies whose axis-aligned bounding boxes overlap the box of a body."""
    boxes = np.array([pb.getAABB(body, physicsClientId=client) for body in ids])
    low, high = boxes[:, 0], boxes[:, 1]
    overlaps = [((low <= box[1]) & (high >= box[0])).all(axis=1).sum() - 1 for box in boxes]
    return float(np.mean(overlaps))


def _heights_m(client: int, ids: list[int]) -> list[float]:
    return [pb.getBasePositionAndOrientation(body, physicsClientId=client)[0][2] for body in ids]
