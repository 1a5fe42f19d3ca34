"""The picture of the further files of an image in docs/extras.md.

python docs/further_files.py docs/images/extras.jpg
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

STEM = "s000000_v00"
WORDS = (
    *("num_images=1", "views=1", "seed=26", "augment=none", "quality=none", "image.format=png"),
    *("scene.num_objects=12", "scene.empty_share=0", "scene.walls.number=2", "scene.spread=1.3"),
    *("camera.elevation_deg=24", "camera.fill=1.0", "camera.roll_deg=0", "light=room"),
    "image.extra=[depth,sensor_depth,normals,instance_ids,semantic_ids]",
)
SIZE_WH = (480, 360)


def picture(target: Path) -> None:
    """Writes the image and its further files, coloured, as one JPEG."""
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "sim2coco.cli", "generate", f"out={folder}/data", *WORDS]
        subprocess.run(program, check=True)
        panels = [_panel(Path(folder) / "data", name) for name in PANELS]
    rows = [np.hstack(panels[start : start + 3]) for start in (0, 3)]
    Image.fromarray(np.vstack(rows)).save(target, quality=84)


def _panel(data: Path, name: str) -> Pixels:
    (file,) = data.glob(f"{name}/*/{STEM}.png")
    values = np.asarray(cv2.imread(str(file), cv2.IMREAD_UNCHANGED))
    small = cv2.resize(PANELS[name](values), SIZE_WH, interpolation=cv2.INTER_AREA)
    image = Image.fromarray(np.asarray(small, np.uint8))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    draw.rectangle((0, 0, 16 + draw.textlength(name, font=font), 28), fill="black")
    draw.text((8, 3), name, fill="white", font=font)
    return np.asarray(image)


def _plain(values: NDArray[Any]) -> Pixels:
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGR2RGB), np.uint8)


def _depth(values: NDArray[Any]) -> Pixels:
    """Near is red, far is blue, nothing is black."""
    low, high = 300, 1250
    shade = np.clip((high - values.astype(np.float32)) / (high - low), 0, 1)
    colors = cv2.applyColorMap((255 * shade).astype(np.uint8), cv2.COLORMAP_TURBO)
    colors[values == 0] = 0
    return _plain(colors)


def _normals(values: NDArray[Any]) -> Pixels:
    return _plain((values >> 8).astype(np.uint8))


def _ids(values: NDArray[Any]) -> Pixels:
    """A colour for each number, with hues far apart."""
    hue = (np.arange(256) * 111 % 180).astype(np.uint8)
    table = cv2.cvtColor(np.stack([hue, hue * 0 + 170, hue * 0 + 240], axis=1)[None], cv2.COLOR_HSV2RGB)[0]
    table[0], table[255] = 0, 255
    return np.asarray(table[np.minimum(values, 255)], np.uint8)


PANELS = {
    "images": _plain,
    "depth": _depth,
    "sensor_depth": _depth,
    "normals": _normals,
    "instance_ids": _ids,
    "semantic_ids": _ids,
}

if __name__ == "__main__":
    picture(Path(sys.argv[1]))
