"""Writes a bottle with a cap and a printed label, and a mug with a handle: meshes with named regions.

python docs/bottles.py bottles
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Grid = NDArray[np.float64]
"""Points (rows, columns, 3), or texture coordinates (rows, columns, 2), of a surface."""

AROUND = 64
"""Number of vertices around a bottle or mug."""
BOTTLE = ((0, 0), (28, 0), (32, 4), (32, 95), (30, 108), (22, 122), (15, 132), (13, 140), (13, 150))
CAP = ((13, 147), (16.5, 147), (16.5, 163), (14.5, 166), (0, 166))
MUG = ((0, 0), (36, 0), (40, 4), (40, 96), (37, 96), (37, 8), (34, 5), (0, 5))
"""Radius and height in millimetres along outlines, from below on the outside."""
PICTURE_WH = 1024, 512
LABEL_XY = (130, 170, 640, 400)
"""Left, top, right and bottom of the label in the texture of the bottle."""


def write(folder: Path) -> None:
    """Writes the meshes, their materials and textures, and their regions into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    picture, mask = label()
    picture.save(folder / "bottle.png")
    mask.save(folder / "bottle_label.png")
    (folder / "bottle.mtl").write_text("newmtl Body\nmap_Kd bottle.png\nnewmtl Cap\nKd 0.75 0.12 0.1\n")
    (folder / "mug.mtl").write_text("newmtl Glaze\nKd 0.25 0.42 0.5\n")
    body, cap = turned(BOTTLE, 150.0), turned(CAP, 166.0)
    write_obj(folder / "bottle.obj", [("body", "Body", *body), ("lid", "Cap", *cap)])
    parts = [("cup", "Glaze", *turned(MUG, 96.0)), ("handle", "Glaze", *handle())]
    write_obj(folder / "mug.obj", parts)
    (folder / "bottle.regions.yaml").write_text(
        "regions:\n  cap: {material: Cap}\n  label: {material: Body, texture_mask: bottle_label.png}\n"
    )
    (folder / "mug.regions.yaml").write_text("regions:\n  handle: {group: handle}\n")


def turned(outline: Iterable[tuple[float, float]], height: float) -> tuple[Grid, Grid]:
    """Points and texture coordinates of the surface of an outline that is turned about the z axis."""
    radius, z = np.array([*outline]).T[:, :, None]
    angle = np.linspace(0, 2 * np.pi, AROUND + 1)
    points = np.stack(np.broadcast_arrays(radius * np.cos(angle), radius * np.sin(angle), z), axis=-1)
    return points, np.stack(np.broadcast_arrays(angle / (2 * np.pi), z / height), axis=-1)


def handle() -> tuple[Grid, Grid]:
    """Points and texture coordinates of a bent tube at the side of the mug."""
    along, around = np.meshgrid(np.linspace(-1.75, 1.75, 25), np.linspace(2 * np.pi, 0, 17), indexing="ij")
    reach = 27 + 5 * np.cos(around)
    points = (42 + 0.9 * reach * np.cos(along), 7 * np.sin(around), 50 - 1.15 * reach * np.sin(along))
    return np.stack(points, axis=-1), np.stack([along / 3.5 + 0.5, around / (2 * np.pi)], axis=-1)


def label() -> tuple[Image.Image, Image.Image]:
    """The texture of the bottle with its label, and the mask of the label."""
    picture, mask = Image.new("RGB", PICTURE_WH, (196, 214, 216)), Image.new("L", PICTURE_WH, 0)
    left, top, right, bottom = LABEL_XY
    for image, color in ((picture, (247, 244, 232)), (mask, 255)):
        ImageDraw.Draw(image).rounded_rectangle(LABEL_XY, 40, color)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left, top + 40, right, top + 95), (32, 92, 140))
    draw.ellipse((left + 40, top + 120, left + 130, bottom - 20), (230, 150, 30))
    for row in range(4):
        draw.rectangle(
            (left + 170, top + 125 + 22 * row, right - 60 - 50 * row, top + 133 + 22 * row), (60, 60, 60)
        )
    return picture, mask


def write_obj(path: Path, parts: Iterable[tuple[str, str, Grid, Grid]]) -> None:
    """Writes an OBJ file of several parts: group, material, points in millimetres, texture coordinates."""
    lines, first = [f"mtllib {path.stem}.mtl"], 1
    for group, material, points, uvs in parts:
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points.reshape(-1, 3)]
        lines += [f"vt {u:.5f} {v:.5f}" for u, v in uvs.reshape(-1, 2)]
        lines += [f"g {group}", f"usemtl {material}", *squares(*points.shape[:2], first)]
        first += points.shape[0] * points.shape[1]
    path.write_text("\n".join(lines) + "\n")


def squares(rows: int, columns: int, first: int) -> Iterator[str]:
    """The faces between the points of a grid, of which the first has a given number."""
    for row in range(rows - 1):
        for start in range(first + row * columns, first + row * columns + columns - 1):
            corners = (start, start + 1, start + columns + 1, start + columns)
            yield "f " + " ".join(f"{corner}/{corner}" for corner in corners)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
