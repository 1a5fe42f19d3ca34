"""Cost of PyBullet alone: scenes are settled and rendered, but nothing is labelled or written.

python -m benchmarks.bare SCENES.json ground|bodies

`ground` is the hand-written script without labels and files. `bodies` renders only the bodies, without ground
and shadow. Both simulate the original meshes, with convex hulls of all vertices as collision shapes.
"""

import json
import sys
from pathlib import Path

import pybullet as p

from benchmarks.handwritten_tiny import add, picture, settle, start

HIDDEN = (0, 0, 0, 0)


def main(scenes_file: str, drawn: str) -> None:
    """Renders all images of all scenes, and prints the number of images after each scene."""
    images = 0
    start()
    for scene in json.loads(Path(scenes_file).read_text()):
        p.resetSimulation()
        p.setGravity(0, 0, -9.81)
        ground = p.loadURDF("plane.urdf")
        if drawn == "bodies":
            p.changeVisualShape(ground, -1, rgbaColor=HIDDEN)
        settle([add(body) for body in scene["bodies"]])
        for view in scene["views"]:
            picture(view, shadow=drawn == "ground")
        images += len(scene["views"])
        sys.stdout.write(f"{images} images\n")
        sys.stdout.flush()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
