"""Determinism: a scene is the same on its own and after anything else that the process has done."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from scenes.assets.images import Album
from scenes.assets.shapes import SHAPES, box, sphere
from scenes.cameras.camera import ImageSettings, Shell
from scenes.kinds.drop import Drop
from scenes.light import SunAndSky
from scenes.shot import Shot
from sim.bullet import Client, pb
from sim.settled import Settled
from tests.rig import (
    LIGHT,
    RENDERS,
    Picture,
    Rig,
    aimed,
    camera_at,
    catalogue_from,
    catalogue_of,
    shot,
    still,
    streams,
)

CATEGORIES = {
    "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1},
    "lego": {"path": "pybullet_data:lego/lego.obj", "size_m": 0.06, "color": "random"},
    **{name: {"shape": name, "size_m": [0.05, 0.1]} for name in ("box", "bolt", "cone", "torus")},
}
IMAGE = ImageSettings(width=96, height=72)
ROOT = Path(__file__).parents[2]


def scene_b(made: Rig) -> tuple[Settled, list[Shot]]:
    settled, _ = made.drawn(Drop(num_objects=(8, 8), num_distractors=(1, 1)), 5)
    shots = []
    for view in range(3):
        camera = Shell().aim(aimed(scene=5, view=view), view, IMAGE, made.bounds(settled))
        light = SunAndSky().draw(partial(streams(5), view=view), Album())
        shots.append(Shot(5, view, 0, camera, light))
    return settled, shots


def digest(settled: Settled, pictures: list[Picture]) -> str:
    whole = sha256(repr(asdict(settled)).encode())
    for picture in pictures:
        whole.update(b"".join(picture.bytes()) + repr(picture.sample.instances).encode())
    return whole.hexdigest()


def fingerprint(client: Client, folder: Path, render: str) -> str:
    """Digest of scene B, made with a new rig in the given client."""
    catalogue = catalogue_from(CATEGORIES, bracket={"shape": "bracket", "size_m": 0.1})
    images = dict.fromkeys(("floor", "background", "objects", "distractors"))
    made = Rig(client, catalogue, folder, images, RENDERS[render])
    settled, shots = scene_b(made)
    return digest(settled, [made.shoot(settled, shot) for shot in shots])


def fingerprint_alone(render: str) -> str:
    with TemporaryDirectory() as folder:
        return fingerprint(Client(), Path(folder), render)


def in_a_new_process(render: str) -> str:
    program = f"from tests.sim.test_determinism import fingerprint_alone as f; print(f({render!r}))"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return found.stdout.strip()


def other_than(render: str) -> str:
    return next(name for name in RENDERS if name != render)


def hostile(client: Client, folder: Path, render: str) -> None:
    """Sets every PyBullet state that persists between scenes to an extreme value."""
    other = catalogue_of({"box": box(0.3, 0.3, 0.01), "bolt": sphere(0.05, 24)})
    made = Rig(client, other, folder, {}, RENDERS[render])
    settled = still(made.body("box", (0, 0, 0)), made.body("bolt", (0, 0, 0.1)))
    glare = replace(LIGHT, direction=(0.0, 0.0, -1.0), color_rgb=(1.0, 0.0, 0.0), ambient=1.0, specular=1.0)
    made.shoot(settled, shot(camera_at((0.4, 0, 0.3), (0, 0, 0), 100), glare))
    pb.setPhysicsEngineParameter(
        fixedTimeStep=1 / 33,
        numSolverIterations=3,
        numSubSteps=4,
        contactBreakingThreshold=0.05,
        erp=0.9,
        contactERP=0.9,
        frictionERP=0.9,
        enableConeFriction=0,
        useSplitImpulse=0,
        restitutionVelocityThreshold=3.0,
        contactSlop=0.01,
        globalCFM=0.1,
        deterministicOverlappingPairs=0,
        physicsClientId=client.id,
    )
    pb.setGravity(1.0, 2.0, 3.0, physicsClientId=client.id)
    pb.getCameraImage(
        16, 16, lightDirection=(1, 0, 0), lightColor=(0, 1, 0), lightDistance=0.1, shadow=1,
        lightAmbientCoeff=0.0, lightDiffuseCoeff=9.0, lightSpecularCoeff=9.0, renderer=pb.ER_TINY_RENDERER,
        physicsClientId=client.id,
    )  # fmt: skip
    for _ in range(30):
        pb.stepSimulation(physicsClientId=client.id)


@pytest.mark.parametrize("render", RENDERS)
def test_scene_is_the_same_alone_and_after_others(client: Client, tmp_path: Path, render: str) -> None:
    folders = [tmp_path / name for name in "abcd"]
    for folder in folders:
        folder.mkdir()
    alone = in_a_new_process(render)
    assert fingerprint(client, folders[0], render) == alone
    hostile(client, folders[1], other_than(render))
    assert fingerprint(client, folders[2], render) == alone
    # A second client, while the first one still exists and has its last scene loaded.
    second = Client()
    hostile(second, folders[1], other_than(render))
    assert fingerprint(second, folders[3], render) == alone
    hostile(client, folders[1], other_than(render))
    assert fingerprint(second, folders[0], render) == alone
    second.close()


@pytest.mark.parametrize("render", RENDERS)
def test_views_are_the_same_in_any_order_and_as_often_as_asked(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_from(CATEGORIES, bracket={"shape": "bracket", "size_m": 0.1}), RENDERS[render])
    settled, shots = scene_b(made)
    first = [made.shoot(settled, shot).bytes() for shot in shots]
    for index in (2, 0, 0, 1):
        assert made.shoot(settled, shots[index]).bytes() == first[index]
    made.renderer.shadow_map(settled, shots[2], 64)
    assert made.shoot(settled, shots[0]).bytes() == first[0]


@pytest.mark.parametrize("render", RENDERS)
def test_stages_of_two_views_may_be_mixed(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_of({"sphere": sphere(0.1, 200)}), RENDERS[render])
    settled = still(made.body("sphere", (0, 0, 0.1)), floor=still().spec.background)
    near, far = (shot(camera_at((0, -y, y), (0, 0, 0), 100)) for y in (0.5, 5.0))
    expected = made.shoot(settled, far)
    made.renderer.rasterise(settled, near)
    frame = made.composer.compose(made.renderer, expected.gbuffer, settled, far)
    assert np.array_equal(frame.image, expected.frame.image)


@pytest.mark.parametrize("render", RENDERS)
def test_two_renderers_may_share_a_client(rig: Callable[..., Rig], render: str) -> None:
    first, second = (
        rig(catalogue_of({"box": SHAPES["box"](0.1), "ball": sphere(0.05)}), RENDERS[render])
        for _ in range(2)
    )
    settled = still(first.body("ball", (0, 0, 0)), first.body("box", (0.1, 0, 0)))
    view = shot(camera_at((0.1, -0.5, 0.3), (0, 0, 0), 100))
    expected = first.shoot(settled, view).bytes()
    assert second.shoot(settled, view).bytes() == expected
    assert first.shoot(settled, view).bytes() == expected


@pytest.mark.parametrize("render", RENDERS)
def test_poses_recorded_and_read_back_give_the_same_picture(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_from(CATEGORIES, bracket={"shape": "bracket", "size_m": 0.1}), RENDERS[render])
    settled, shots = scene_b(made)
    expected = made.shoot(settled, shots[0]).bytes()
    again = replace(
        settled, spec=replace(settled.spec, bodies=tuple(replace(b) for b in settled.spec.bodies))
    )
    assert made.shoot(again, shots[0]).bytes() == expected
