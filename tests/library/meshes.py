"""Mesh files of all kinds for tests: the same brick in every format, and things that are wrong."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import SimpleMaterial

SIDES_MM = (60.0, 40.0, 20.0)
FORMATS = ("obj", "stl", "ply", "off", "glb", "dae", "3mf")
STATED = {"glb": 0.001, "dae": 0.001, "3mf": 1.0}
"""What numbers in millimetres are multiplied by where the format states its own unit."""


def brick(path: Path, factor: float = 1.0) -> Path:
    """A brick of 60 x 40 x 20 mm, z up, its numbers in millimetres where the format says nothing of units."""
    kind = path.suffix[1:]
    sides = np.array(SIDES_MM) * factor * STATED.get(kind, 1.0)
    mesh = trimesh.creation.box(sides if kind not in ("glb", "dae") else sides[[0, 2, 1]])
    path.parent.mkdir(parents=True, exist_ok=True)
    content: Any = mesh.export(file_type=kind)
    if kind == "dae":
        content = content.replace(b"Z_UP", b"Y_UP")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def picture(side: int = 64) -> NDArray[np.uint8]:
    """Four quarters of four colours."""
    pixels = np.zeros((side, side, 3), np.uint8)
    half = side // 2
    pixels[:half, :half], pixels[:half, half:] = (220, 30, 30), (30, 200, 30)
    pixels[half:, :half], pixels[half:, half:] = (30, 60, 220), (230, 210, 40)
    return pixels


def png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def painted(material: Any, uv: Any = None, **facts: Any) -> Any:
    """The looks of a trimesh, whose material classes have no types."""
    looks: Any = TextureVisuals
    return looks(uv=uv, material=material(**facts))


def textured(side: float = 0.05) -> trimesh.Trimesh:
    """A box, each face with the whole picture."""
    box = trimesh.creation.box((side, side, side))
    corners = box.vertices[box.faces]
    axis = np.abs(box.face_normals).argmax(axis=1)
    kept = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    uv = np.take_along_axis(corners, kept[:, None, :].repeat(3, axis=1), axis=2) / side + 0.5
    visual = painted(SimpleMaterial, uv.reshape(-1, 2), image=Image.fromarray(picture()))
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return trimesh.Trimesh(corners.reshape(-1, 3), faces, visual=visual, process=False)


def obj_of_materials(folder: Path, colors: list[tuple[float, float, float]]) -> Path:
    """A row of tetrahedra, each of a material of its own."""
    lines, number = ["mtllib many.mtl"], 0
    for index in range(len(colors)):
        for x, y, z in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)):
            lines.append(f"v {0.01 * (x + 1.5 * index)} {0.01 * y} {0.01 * z}")
        a, b, c, d = range(number + 1, number + 5)
        lines += [f"usemtl c{index}", f"f {a} {c} {b}", f"f {a} {b} {d}", f"f {a} {d} {c}", f"f {b} {c} {d}"]
        number += 4
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "many.obj").write_text("\n".join(lines) + "\n")
    materials = [f"newmtl c{index}\nKd {r} {g} {b}" for index, (r, g, b) in enumerate(colors)]
    (folder / "many.mtl").write_text("\n".join(materials) + "\n")
    return folder / "many.obj"


def gltf(folder: Path, **changes: Any) -> Path:
    """A textured box as a glTF of several files, with changes to its JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    files: Any = textured().export(file_type="gltf")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (path,) = folder.glob("*.gltf")
    tree = json.loads(path.read_text())
    path.write_text(json.dumps({**tree, **changes}))
    return path


def with_zip_member(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path
