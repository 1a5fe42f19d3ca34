"""The physics world of a scene: floor, bodies, and the settings of the contact solver."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scenes.geometry import Pose
from scenes.spec import Body, Physics, Region, SceneSpec
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles, collision_shape

ROLLING_SHARE = 0.05
"""Coefficient of rolling friction, a length, as a fraction of a body's radius; with larger values, bodies
come to rest on edges."""
ANGULAR_DAMPING = 0.9


class Contacts(NamedTuple):
    """Settings of the contact solver.

    Attributes:
        iterations: Solver iterations; with more, bodies in a pile sink less into each other.
        breaking: Distance by which the points of a contact may separate before the contact is dropped, as a
            fraction of a body's size. If it is too small, flat bodies may rock from corner to corner forever.
        rigid: Whether PyBullet simulates rigid bodies (maximal coordinates) instead of multibodies with a
            single link. The rigid-body solver takes half the time, and its friction is more isotropic.
    """

    iterations: int
    breaking: float
    rigid: bool = False


ON_FLOOR, ON_FURNITURE, IN_PILES = Contacts(20, 0.002), Contacts(20, 0.02), Contacts(80, 0.02)
ITERATIONS_EACH = 4
"""Solver iterations per body of a small pile; a higher pile needs more."""
PILE_DAMPING = 0.5
"""Fraction of the speed that a body in a pile loses in a second."""
MARGIN_M = 0.0001
"""Collision margin in metres; with PyBullet's default of 1 mm, there are visible gaps under bodies."""
BASE_HALF_M = 0.5
"""Half of the height of the box below a region."""
FLUSH = 1e-4
"""Furniture counts as below a region if it extends into the region by at most this fraction of the region's
longest half side."""
FLOOR_HALF_M = (200.0, 200.0, 5.0)
"""Half extents of the box that serves as the floor."""
Loaded = Sequence[tuple[int, Body]]
"""PyBullet's id of each body, and the body as it was loaded."""


def contacts_of(spec: SceneSpec) -> Contacts:
    """Returns the contact solver settings for a scene."""
    assert spec.physics is not None
    if not spec.physics.pile:
        return ON_FLOOR if spec.physics.region is None else ON_FURNITURE
    moving = sum(not body.fixed for body in spec.bodies)
    iterations = min(max(ITERATIONS_EACH * moving, ON_FURNITURE.iterations), IN_PILES.iterations)
    return IN_PILES._replace(iterations=iterations, rigid=True)


def load(
    client: Client, files: MeshFiles, bodies: Sequence[Body], physics: Physics, contacts: Contacts
) -> Loaded:
    """Loads the floor and the bodies into an empty world."""
    client.fresh(physics.time_step_s, physics.gravity_m_s2, contacts.iterations, contacts.breaking)
    add_floor(client.id, contacts.rigid)
    region, damping = physics.region, PILE_DAMPING if physics.pile else 0.0
    ids = [
        add_body(client.id, files, body, damping, not _below(files, body, region), contacts.rigid)
        for body in bodies
    ]
    if region is not None:
        _add_base(client.id, region, contacts.rigid)
    return list(zip(ids, bodies, strict=True))


def _below(files: MeshFiles, body: Body, region: Region | None) -> bool:
    """Whether a body is furniture below a region and must therefore not collide.

    The box that `_add_base` adds below the region collides in its place. If both collided, each contact would
    exist twice, and bodies would tremble.
    """
    if region is None or body.role != "furniture":
        return False
    points_m, half_m = region.pose.apply_inverse(files.hull(body)), np.array(region.half_m)
    slack_m = FLUSH * half_m.max()
    beside = np.abs(points_m[:, :2]).max(axis=0) <= half_m[:2] + slack_m
    return bool(beside.all() and points_m[:, 2].max() <= slack_m - half_m[2])


def _add_base(client: int, region: Region, rigid: bool) -> None:
    """Adds a box or cylinder below a region, so thick that a pile cannot push bodies through it."""
    x, y, z = region.half_m
    shape = pb.createCollisionShape(
        pb.GEOM_CYLINDER if region.is_round else pb.GEOM_BOX,
        halfExtents=(x, y, BASE_HALF_M),
        radius=x,
        height=2 * BASE_HALF_M,
        physicsClientId=client,
    )
    below = region.pose.of(Pose((0.0, 0.0, -z - BASE_HALF_M), (0.0, 0.0, 0.0, 1.0)))
    base = pb.createMultiBody(
        0,
        shape,
        -1,
        below.position_m,
        below.quat_xyzw,
        useMaximalCoordinates=rigid,
        physicsClientId=client,
    )
    _set_dynamics(client, base, friction=1.0, rolling_m=0.0)


def add_floor(client: int, rigid: bool = False) -> None:
    """Adds a thick box with its top at z = 0; fast bodies would pass through a thin box."""
    shape = pb.createCollisionShape(pb.GEOM_BOX, halfExtents=FLOOR_HALF_M, physicsClientId=client)
    below_m = (0, 0, -FLOOR_HALF_M[2])
    floor = pb.createMultiBody(0, shape, -1, below_m, useMaximalCoordinates=rigid, physicsClientId=client)
    _set_dynamics(client, floor, friction=1.0, rolling_m=0.0)


def add_body(
    client: int,
    files: MeshFiles,
    body: Body,
    damping: float = 0.0,
    collides: bool = True,
    rigid: bool = False,
) -> int:
    """Adds a body at its pose and returns its PyBullet id."""
    asset = files.assets[body.asset]
    pose = files.center_pose(body)
    body_id: int = pb.createMultiBody(
        0 if body.fixed else asset.mass_kg * body.volume_scale,
        collision_shape(client, files, asset, body.scale) if collides else -1,
        -1,
        pose.position_m,
        pose.quat_xyzw,
        useMaximalCoordinates=rigid,
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
