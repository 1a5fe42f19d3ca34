"""A small data set with all that can be asked for: further files, boxes in space, and keypoints."""

from pathlib import Path
from typing import Any

from sim2coco import Recipe, generate
from sim2coco.export.coco import Coco

EXTRA = ["depth", "depth_exr", "sensor_depth", "normals", "instance_ids", "semantic_ids"]
BOX_M = (0.02, 0.028, 0.04)
"""Largest coordinates of a box with a size of 0.08 m; the smallest are the same, negative."""
CORNERS = {
    f"corner{4 * i + 2 * j + k}": [(2 * i - 1) * BOX_M[0], (2 * j - 1) * BOX_M[1], (2 * k - 1) * BOX_M[2]]
    for i in (0, 1)
    for j in (0, 1)
    for k in (0, 1)
}
FLIP = {"geometry": {"flip": {"name": "HorizontalFlip", "p": 1.0}}, "pixels": {}, "copies": 1}
TREE: dict[str, Any] = {
    "assets": {
        "categories": {
            "box": {
                "shape": "box",
                "size_m": [0.06, 0.08],
                "keypoints": CORNERS,
                "skeleton": [["corner0", "corner1"], ["corner0", "corner2"]],
            },
            "ball": {"shape": "sphere", "size_m": 0.06},
        }
    },
    "image": {"width": 96, "height": 72, "format": "png", "extra": EXTRA},
    "scene": {"kind": "drop", "num_objects": 8, "empty_share": 0},
    "camera": {"kind": "shell", "distance_m": 0.8},
    "quality": {"checks": {"seen": {"kind": "visible", "min_px": 80, "max_ignored": 1}}},
    "augment": {**FLIP, "splits": ["train"]},
    "split": {"train": 1.0},
    "views": 1,
    "seed": 5,
}


def make(folder: Path) -> Path:
    """Makes the data set; each of its three images has a mirrored copy."""
    return Path(generate(Recipe.parse(TREE), folder, 3, formats=(Coco(boxes_3d=True),)).out)
