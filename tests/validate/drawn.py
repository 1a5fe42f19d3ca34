"""Data sets of discs and squares of 64x64 pixels, which a detector learns in seconds."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from sim2coco.png import png

SIDE_PX = 64
NAMES = ("disc", "square")
RGB = {"disc": (220, 60, 40), "square": (40, 90, 220)}


def write(root: Path, split: str, images: int, seed: int, shuffled: bool = False) -> Path:
    """Adds a split with one disc and one square in each image.

    Args:
        root: The folder of the data set.
        split: Name of the split.
        images: Number of images.
        seed: Which images.
        shuffled: Whether each image has the labels of another one.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = [_drawn(rng) for _ in range(images)]
    folder = root / "images" / split
    folder.mkdir(parents=True)
    for number, (pixels, _) in enumerate(drawn):
        (folder / f"{number:04}.png").write_bytes(png(pixels))
    labels = [own for _, own in drawn]
    if shuffled:
        labels = [labels[(number + 1) % images] for number in range(images)]
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(coco(labels)))
    return root


def coco(labels: list[dict[str, list[int]]]) -> dict[str, Any]:
    """A COCO file of images with these boxes."""
    images = [
        {"id": number + 1, "file_name": f"{number:04}.png", "width": SIDE_PX, "height": SIDE_PX}
        for number in range(len(labels))
    ]
    annotations = [
        {"image_id": number, "category_id": NAMES.index(name) + 1, "bbox": box, "area": box[2] * box[3]}
        for number, own in enumerate(labels, 1)
        for name, box in own.items()
    ]
    return {
        "images": images,
        "annotations": [entry | {"id": rank, "iscrowd": 0} for rank, entry in enumerate(annotations, 1)],
        "categories": [{"id": rank, "name": name} for rank, name in enumerate(NAMES, 1)],
    }


def _drawn(rng: np.random.Generator) -> tuple[Any, dict[str, list[int]]]:
    """An image, and the boxes of its objects."""
    pixels = rng.integers(110, 146, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] + 0.5
    boxes = {}
    for left, name in enumerate(NAMES if rng.random() < 0.5 else NAMES[::-1]):
        side = int(rng.integers(12, 26))
        x0 = int(rng.integers(0, SIDE_PX // 2 - side + 1)) + left * SIDE_PX // 2
        y0 = int(rng.integers(0, SIDE_PX - side + 1))
        inside = (abs(x - x0 - side / 2) <= side / 2) & (abs(y - y0 - side / 2) <= side / 2)
        if name == "disc":
            inside = (x - x0 - side / 2) ** 2 + (y - y0 - side / 2) ** 2 <= (side / 2) ** 2
        pixels[inside] = RGB[name]
        boxes[name] = [x0, y0, side, side]
    return pixels, boxes
