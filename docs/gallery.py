"""The gallery: a page with a sheet for each kind of scene, which shows it with each preset of a camera.

python docs/gallery.py docs/images             # makes the pictures
python docs/gallery.py docs/images bin shelf   # those of some kinds
python docs/gallery.py                         # writes docs/gallery.md
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from sim2coco.cli.config import first_sentence
from sim2coco.contactsheet import write

ROWS = (("shell", "action", "drone"), ("webcam", "phone", "industrial"))
"""Choices of `camera` in the rows of a sheet."""
CAMERAS = tuple(camera for row in ROWS for camera in row)
WALLS = "scene.walls.number=4 'scene.walls.gap=[6,15]'"
KINDS = {
    "drop": f"seed=2 {WALLS}",
    "clutter": f"seed=3 {WALLS}",
    "bin": f"seed=3 {WALLS}",
    "conveyor": f"seed=6 {WALLS}",
    "shelf": "seed=3",
    "tabletop": "seed=6",
    "scatter": f"seed=6 {WALLS}",
    "floating": "seed=6",
}
"""Kinds of scenes in the order of the page, and their settings."""
SHARED = "num_images=1 views=1 augment=none scene.empty_share=0 engine=inline"
SIZE = "image.width=336 image.height=252"
WIDTH, GAP = 1000, 4
"""Width of a sheet, and the space between its pictures, in pixels."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
PAGE = Path(__file__).with_name("gallery.md")
HEAD = """# Gallery

Each sheet shows a [kind of scene](scenes.md) with the default camera, `shell`, and with each
[camera preset](cameras.md#presets), which includes lens and sensor. A preset also sets the image size; here,
`image.width` and `image.height` override it to keep the images small. All images of a sheet show the same
scene. Below each sheet is its command, which writes a data set of one image for each camera;
`python docs/gallery.py docs/images` runs all commands and makes the sheets.

Here, floors have walls, because a wide fisheye lens would otherwise show the floor up to the horizon, which
looks like the edge of a planet.
"""


def words(kind: str) -> list[str]:
    """The arguments of the sweep that makes the pictures of a kind of scene, without `out`."""
    return [
        "-m",
        f"scene={kind}",
        f"camera={','.join(CAMERAS)}",
        *shlex.split(KINDS[kind]),
        *SHARED.split(),
        *SIZE.split(),
    ]


def page() -> str:
    """The page, with the sheet and the command of each kind."""
    return HEAD + "".join(section(kind) for kind in KINDS)


def section(kind: str) -> str:
    """The section of a kind of scene."""
    command = shlex.join(["sim2coco", "generate", *words(kind)])
    out = f"'out=data/gallery/{kind}/${{hydra.job.num}}'"
    sheet = f"![{kind} with the cameras {', '.join(CAMERAS)}](images/gallery_{kind}.jpg)"
    return f"\n## {kind}\n\n{first_sentence('scene', kind)}\n\n{sheet}\n\n    {command} \\\n        {out}\n"


def sheet(kind: str) -> Image.Image:
    """The pictures of a kind of scene, each with the name of its camera, in rows of equal width."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"out={folder}/" + "${hydra.job.num}"
        program = [sys.executable, "-m", "sim2coco.cli", "generate"]
        subprocess.run([*program, *words(kind), out], check=True)
        found = (next(Path(folder).glob(f"{job}/images/*/*.jpg")) for job in range(len(CAMERAS)))
        pictures = {
            camera: Image.open(path).convert("RGB") for camera, path in zip(CAMERAS, found, strict=True)
        }
    rows = [_row({camera: pictures[camera] for camera in row}) for row in ROWS]
    heights = [row.height for row in rows]
    whole = Image.new("RGB", (WIDTH, sum(heights) + GAP), "white")
    for place, row in enumerate(rows):
        whole.paste(row, (0, place * (heights[0] + GAP)))
    return whole


def _row(pictures: dict[str, Image.Image]) -> Image.Image:
    """Pictures of any sizes side by side, with one height and the width of the sheet."""
    ratios = [picture.width / picture.height for picture in pictures.values()]
    height = (WIDTH - GAP * (len(pictures) - 1)) / sum(ratios)
    row, left = Image.new("RGB", (WIDTH, round(height)), "white"), 0.0
    for (camera, picture), ratio in zip(pictures.items(), ratios, strict=True):
        tile = np.array(picture.resize((round(height * ratio), round(height)), Image.Resampling.LANCZOS))
        write(tile, camera, (6, tile.shape[0] - 8), WHITE, BLACK)
        row.paste(Image.fromarray(tile), (round(left), 0))
        left += height * ratio + GAP
    return row


if __name__ == "__main__":
    PAGE.write_text(page())
    for name in sys.argv[2:] or KINDS if sys.argv[1:] else ():
        sheet(name).save(Path(sys.argv[1]) / f"gallery_{name}.jpg", quality=80)
