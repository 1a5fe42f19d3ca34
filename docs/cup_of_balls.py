"""Shows the use of convex pieces: balls fall onto a cup that collides as its hull, and onto one in pieces.

python docs/cup_of_balls.py docs/images/cup_of_balls.jpg
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from scenes.geometry import Pose, look_at, quaternion, vec3
from scenes.shot import Camera, Light, Shot
from scenes.spec import Body, Look, Physics, SceneSpec, Surface
from sim.settle import settle
from sim2coco.context import WorkerContext
from sim2coco.recipe import Recipe

PROFILE_MM = ((0, 0), (35, 0), (42, 100), (38, 100), (31, 4), (0, 4))
COLORS = ((0.80, 0.16, 0.12), (0.13, 0.36, 0.75), (0.95, 0.75, 0.15), (0.18, 0.60, 0.30))
SIDE_PX = 480
BALLS, BALL_MM = 15, 11.0
LIGHT = Light(vec3(np.array([0.35, -0.5, 0.79])), (1.0, 0.97, 0.93), 0.5, 0.5, 0.1, 0.9, 0.02)


def main(target: Path) -> None:
    """Writes an image of both cups side by side, the hull on the left."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "meshes").mkdir()
        trimesh.creation.revolve(np.array(PROFILE_MM, float), sections=64).export(root / "meshes/cup.stl")
        trimesh.creation.icosphere(4, BALL_MM).export(root / "meshes/ball.stl")
        pictures = [_picture(root, collision) for collision in ("hull", "convex")]
    sheet = Image.new("RGB", (2 * SIDE_PX, SIDE_PX))
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (place * SIDE_PX, 0))
    sheet.save(target, quality=88)


def _picture(root: Path, collision: str) -> Image.Image:
    library = root / collision
    program = [sys.executable, "-m", "sim2coco.cli", "assets", "import", str(root / "meshes")]
    subprocess.run([*program, "--out", str(library), "--unit", "mm", "--collision", collision], check=True)
    recipe = Recipe.parse({"assets": {"path": str(library)}, "scene": {"kind": "drop"}})
    context = WorkerContext(recipe, root)
    settled = settle(context.client, context.files, _scene(list(context.catalogue.assets)))
    shot = Shot(0, 0, 0, _camera(), LIGHT)
    gbuffer = context.renderer.rasterise(settled, shot)
    frame = context.composer.compose(context.renderer, gbuffer, settled, shot)
    context.close()
    return Image.fromarray(frame.image)


def _scene(keys: list[str]) -> SceneSpec:
    """An upright cup, and balls above each other over it, each slightly off the axis."""
    ball, cup = sorted(keys)
    upright = (0.0, 0.0, 0.0, 1.0)
    bodies = [Body(cup, 1, 1.0, Pose((0.0, 0.0, 0.0005), upright), Look((0.75, 0.78, 0.82)), 0.6)]
    for index in range(BALLS):
        aside = 0.012 * np.array([np.cos(2.4 * index), np.sin(2.4 * index)])
        place = Pose((float(aside[0]), float(aside[1]), 0.115 + 0.024 * index), upright)
        bodies.append(Body(ball, 0, 1.0, place, Look(COLORS[index % len(COLORS)]), 0.5))
    floor = Surface(Look((0.55, 0.5, 0.45)), 0.2, 0.0)
    physics = Physics(gravity_m_s2=9.81, time_step_s=1 / 240, max_seconds=20.0, bounds_m=3.0)
    return SceneSpec(0, "train", 0, tuple(bodies), floor, floor, physics)


def _camera() -> Camera:
    position = np.array([0.0, -0.28, 0.46])
    pose = Pose(vec3(position), quaternion(look_at(position, np.array([0.0, 0.0, 0.045]), 0.0)))
    half = SIDE_PX / 2
    return Camera(SIDE_PX, SIDE_PX, 3.6 * half, 3.6 * half, half, half, pose)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
