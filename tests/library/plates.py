"""Small meshes with materials as people have them, and the colours that are seen of one from above."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from tests.library.meshes import picture, png, textured

Make = Callable[[Path], Path]

SIDE = 0.1
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 60, 220), (230, 210, 40)
PLATE = f"""v 0 0 0\nv {SIDE} 0 0\nv {SIDE} {SIDE} 0\nv 0 {SIDE} 0
vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl m\nf 1/1 2/2 3/3\nf 1/1 3/3 4/4
"""


def plate(folder: Path, mtl: str | bytes, name: str = "quad.png", content: bytes | None = None) -> Path:
    """A square of 10 cm seen from above, with a material file and a picture of four quarters beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(png(picture()) if content is None else content)
    (folder / "plate.mtl").write_bytes(mtl.encode() if isinstance(mtl, str) else mtl)
    (folder / "plate.obj").write_text("mtllib plate.mtl\n" + PLATE)
    return folder / "plate.obj"


def mapped(name: str, kd: str = "1 1 1") -> str:
    return f"newmtl m\nKd {kd}\nmap_Kd {name}\n"


def colors(mesh: Mesh, across: int = 8) -> NDArray[np.float64]:
    """The colours that are seen from above, on a grid (row from the far end, column) of the bounding box."""
    vertices = mesh.vertices_m
    low, size = vertices.min(axis=0), mesh.extents_m
    shares = (np.arange(across) + 0.45) / across
    found = np.full((across, across, 3), np.nan)
    for row, y in enumerate(shares[::-1]):
        for column, x in enumerate(shares):
            found[row, column] = color_at(mesh, low[:2] + size[:2] * (x, y))
    return found


def color_at(mesh: Mesh, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour (3,) of the highest surface above a point (2,), of 255."""
    best, color = -np.inf, np.full(3, np.nan)
    for part in mesh.parts:
        corners = part.vertices_m[part.faces]
        for triangle, uvs in zip(corners, part.uvs[part.faces], strict=True):
            edges = np.stack([triangle[1, :2] - triangle[0, :2], triangle[2, :2] - triangle[0, :2]], axis=1)
            if abs(np.linalg.det(edges)) < 1e-12:
                continue
            b, c = np.linalg.solve(edges, point - triangle[0, :2])
            weights = np.array([1 - b - c, b, c])
            height = float(weights @ triangle[:, 2])
            if weights.min() < -1e-9 or height <= best:
                continue
            best, color = height, 255 * np.array(part.color_rgb)
            if part.texture is not None:
                u, v = weights @ uvs
                rows, columns = part.texture.shape[:2]
                texel = part.texture[int(np.floor((1 - v) % 1 * rows)), int(np.floor(u % 1 * columns))]
                color = texel * np.array(part.color_rgb)
    return color


def option(folder: Path) -> Path:
    return plate(folder, mapped("-s 2 2 1 -o 0 0 0 quad.png"))


def option_after(folder: Path) -> Path:
    return plate(folder, mapped("quad.png -s 2 2 1"))


def moved(folder: Path) -> Path:
    return plate(folder, mapped("-clamp off -o 0.5 0 0 -bm 0.2 quad.png"))


def two_materials(folder: Path) -> Path:
    """The same picture twice, once as it is and once repeated."""
    path = plate(folder, mapped("quad.png") + mapped("-s 2 2 quad.png").replace("newmtl m", "newmtl n"))
    path.write_text(path.read_text().replace("f 1/1 3/3", "usemtl n\nf 1/1 3/3"))
    return path


def backslash(folder: Path) -> Path:
    return plate(folder, mapped("tex\\quad.png"), "tex/quad.png")


def case(folder: Path) -> Path:
    return plate(folder, mapped("QUAD.PNG"))


def case_of_folder(folder: Path) -> Path:
    return plate(folder, mapped("TEX/Quad.PNG"), "tex/quad.png")


def drive(folder: Path) -> Path:
    return plate(folder, mapped(r"C:\Users\me\quad.png"))


def quoted(folder: Path) -> Path:
    return plate(folder, mapped('"my quad.png"'), "my quad.png")


def marked(folder: Path) -> Path:
    return plate(folder, b"\xef\xbb\xbf" + mapped("quad.png").encode())


def wide(folder: Path) -> Path:
    return plate(folder, mapped("quad.png").encode("utf-16"))


def latin(folder: Path) -> Path:
    return plate(folder, mapped("größe.png").encode("latin-1"), "größe.png")


def exported_grey(folder: Path) -> Path:
    """What Blender writes beside every texture."""
    return plate(folder, mapped("quad.png", "0.64 0.64 0.64"))


def glb(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    box = textured(SIDE)
    looks: Any = box.visual
    looks.material.diffuse = np.array([255, 255, 255, 255], np.uint8)
    box.apply_transform([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    box.export(folder / "box.glb")
    return folder / "box.glb"
