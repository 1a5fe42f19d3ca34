"""What PyBullet alone costs: scenes are settled and drawn, nothing is labelled and nothing written.

python -m benchmarks.bare SCENES.json ground|bodies

`ground` draws what the hand-written script draws: it is that script without labels and files. `bodies` draws
the bodies alone, without ground and shadow. Both settle meshes as they are, with hulls of all their corners.
"""

import json
import sys
from pathlib import Path

import pybullet as p

from benchmarks.handwritten_tiny import add, picture, settle, start

HIDDEN = (0, 0, 0, 0)


def main(scenes_file: str, drawn: str) -> None:
    """Draws all pictures of all scenes; says after each scene how many there are."""
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
