"""The picture of keypoints and boxes in space in docs/extras.md.

python docs/keypoints.py docs/images/keypoints.jpg
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ASSETS = """# Mugs with keypoints, in the coordinates of the mesh file.
categories:
  mug:
    path: "pybullet_data:objects/mug.obj"
    size_m: 0.12
    color: random
    keypoints:
      rim_front: [0, -0.041, 0.1]
      rim_right: [0.041, 0, 0.1]
      rim_back: [0, 0.041, 0.1]
      rim_left: [-0.041, 0, 0.1]
      handle: [0, 0.0806, 0.045]
      base_front: [0, -0.04, 0.001]
      base_back: [0, 0.04, 0.001]
    skeleton:
      - [rim_front, rim_right]
      - [rim_right, rim_back]
      - [rim_back, rim_left]
      - [rim_left, rim_front]
      - [rim_front, base_front]
      - [rim_back, handle]
      - [handle, base_back]
"""
WORDS = (
    *("num_images=1", "views=1", "seed=14", "augment=none", "quality=none", "image.format=png"),
    *("scene.num_objects=7", "scene.empty_share=0", "scene.num_distractors=0", "scene.spread=1.2"),
    *(
        "camera.elevation_deg=50",
        "camera.fill=1.1",
        "camera.roll_deg=0",
        "camera.look_at_jitter=0",
        "light=studio",
    ),
    *(
        "scene.floor.textured=0",
        "scene.floor.hue=0.1",
        "scene.floor.saturation=0.15",
        "scene.floor.value=0.8",
    ),
    *("image.width=900", "image.height=640", "export.formats=[{kind: coco, boxes_3d: true}]"),
)
EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
"""Pairs of corners of a box that differ along one axis."""
BOX, LINE, SEEN, HIDDEN = (255, 255, 255), (40, 220, 255), (60, 255, 60), (60, 60, 255)


def picture(target: Path) -> None:
    """Writes one image twice: with keypoints, and with boxes in space."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "my" / "assets").mkdir(parents=True)
        (Path(folder) / "my" / "assets" / "mugs.yaml").write_text(ASSETS)
        program = [sys.executable, "-m", "sim2coco.cli", "generate", f"out={folder}/data"]
        program += ["--config-dir", f"{folder}/my", "assets=mugs", *WORDS]
        subprocess.run(program, check=True)
        (file,) = Path(folder).glob("data/images/*/*.png")
        (labels,) = Path(folder).glob("data/annotations/*.json")
        image, tree = np.asarray(cv2.imread(str(file))), json.loads(labels.read_text())
    pair = _keypoints(image.copy(), tree), _boxes(image.copy(), tree)
    small = cv2.resize(np.hstack(pair)[..., ::-1], (1440, 512), interpolation=cv2.INTER_AREA)
    Image.fromarray(np.asarray(small, np.uint8)).save(target, quality=85)


def _keypoints(image: NDArray[Any], tree: Any) -> NDArray[Any]:
    skeleton = tree["categories"][0]["skeleton"]
    for entry in tree["annotations"]:
        points = np.array(entry["keypoints"]).reshape(-1, 3)
        places = np.rint(points[:, :2] - 0.5).astype(int)
        for one, other in skeleton:
            if points[one - 1, 2] and points[other - 1, 2]:
                cv2.line(image, places[one - 1], places[other - 1], LINE, 1, cv2.LINE_AA)
        for place, (_, _, seen) in zip(places, points, strict=True):
            if seen:
                cv2.circle(image, place, 5, (0, 0, 0), -1, cv2.LINE_AA)
                cv2.circle(image, place, 4, SEEN if seen == 2 else HIDDEN, -1, cv2.LINE_AA)
    return image


def _boxes(image: NDArray[Any], tree: Any) -> NDArray[Any]:
    for entry in tree["annotations"]:
        places = np.rint(np.array(entry["bbox3d_px"]) - 0.5).astype(int)
        for one, other in EDGES:
            cv2.line(image, places[one], places[other], BOX, 1, cv2.LINE_AA)
    return image


if __name__ == "__main__":
    picture(Path(sys.argv[1]))
