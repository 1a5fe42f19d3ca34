"""The gallery: one picture for each kind of scene and each camera, on sheets of a few kinds each.

python docs/gallery.py docs/images
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from sim2coco.cli.config import choices
from sim2coco.contactsheet import contact_sheet, write

CAMERAS = ("shell", "handheld", "overhead", "webcam", "phone", "industrial", "action", "drone")
"""The cameras of the columns; those that are no choice are left out."""
TILE_WH = (228, 171)
ROWS = 3
"""Number of kinds of scenes on one sheet."""
SETTINGS = ("num_images=1", "views=1", "seed=5", "augment=none", "scene.empty_share=0", "engine=inline")
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def gallery(folder: Path) -> list[Path]:
    """Writes the sheets `gallery_1.jpg` and so on, and returns their paths."""
    scenes, cameras = choices("scene"), [name for name in CAMERAS if name in choices("camera")]
    tiles, columns = taken(scenes, cameras), len(cameras)
    starts = range(0, len(scenes), ROWS)
    paths = [folder / f"gallery_{number}.jpg" for number, _ in enumerate(starts, 1)]
    for path, start in zip(paths, starts, strict=True):
        sheet = contact_sheet(tiles[start * columns : (start + ROWS) * columns], columns, gap_px=2)
        Image.fromarray(sheet).save(path, quality=82)
    return paths


def taken(scenes: list[str], cameras: list[str]) -> list[np.ndarray]:
    """The pictures, a row of cameras for each kind of scene: one sweep makes a data set for each of them."""
    sweep = ["-m", f"scene={','.join(scenes)}", f"camera={','.join(cameras)}", *SETTINGS]
    with tempfile.TemporaryDirectory() as folder:
        out = f"out={folder}/" + "${hydra.job.num}"
        subprocess.run([sys.executable, "-m", "sim2coco.cli", "generate", *sweep, out], check=True)
        names = [f"{scene}, {camera}" for scene in scenes for camera in cameras]
        return [tile(Path(folder) / str(number), name) for number, name in enumerate(names)]


def tile(data: Path, name: str) -> np.ndarray:
    """The picture of a data set as a tile with its name, cut to the proportions of the tile."""
    (path,) = (data / "images").glob("*/*.jpg")
    with Image.open(path) as picture:
        scale = max(side / own for side, own in zip(TILE_WH, picture.size, strict=True))
        small = picture.resize([round(scale * side) for side in picture.size], Image.Resampling.LANCZOS)
    left, top = ((own - side) // 2 for own, side in zip(small.size, TILE_WH, strict=True))
    pixels = np.array(small.crop((left, top, left + TILE_WH[0], top + TILE_WH[1])).convert("RGB"))
    write(pixels, name, (6, TILE_WH[1] - 8), WHITE, BLACK)
    return pixels


if __name__ == "__main__":
    gallery(Path(sys.argv[1]))
