"""A folder of thirty kinds of mesh files that people have, each with what import should do with it."""

import io
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from tests.library.meshes import picture, textured
from tests.library.solids import FACES, SILENT, STATING, Floats, egg, glb, obj, ply, put, stl

OK, REPAIRED, ASKS, REFUSED = "ok", "repaired", "asks", "refused"


def write(root: Path) -> dict[str, tuple[str, str]]:
    """Writes the folder; returns for each mesh the outcome, and words of what is told about it."""
    told: dict[str, tuple[str, str]] = {}
    for name, (writer, up, unit_m) in STATING.items():
        put(root / "stated" / name, writer, up, unit_m)
        told[f"stated/{name}"] = (OK, "")
    for name, writer in SILENT.items():
        put(root / "silent" / name, writer, "y", 0.001)
        told[f"silent/{name}"] = (OK, "")
    told |= _damaged(root / "damaged") | _faces(root / "faces") | _textures(root / "textures")
    (root / "big").mkdir()
    ball = trimesh.creation.icosphere(6, radius=60.0)
    (root / "big" / "scan.ply").write_bytes(_bytes(ball.export(file_type="ply")))
    (root / "big" / "centimetres.glb").write_bytes(glb(egg("y", 0.01)))
    (root / "big" / "link_out.obj").symlink_to("/etc/hostname")
    (root / ".DS_Store").write_bytes(b"")
    (root / "readme.txt").write_text("meshes")
    return told | {
        "big/scan.ply": (OK, ""),
        "big/centimetres.glb": (ASKS, "is 12.3 m long, in the unit that its file states"),
        "big/link_out.obj": (REFUSED, "outside the imported folder"),
    }


def _bytes(content: object) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)  # type: ignore[call-overload]


def _damaged(folder: Path) -> dict[str, tuple[str, str]]:
    folder.mkdir()
    whole = obj(egg("z", 0.001))
    files = {
        "nan.obj": (
            b"v nan 0 0\nv 1 nan 0\nv 0 1 nan\nf 1 2 3\n",
            REFUSED,
            "none of its faces has finite corners",
        ),
        "some_nan.obj": (
            whole + b"\nv nan 0 0\nf 163 1 2\n",
            REPAIRED,
            "1 faces with non-finite corners",
        ),
        "cut.stl": (stl(egg("z", 0.001))[:4000], REFUSED, "is truncated"),
        "cut.glb": (glb(egg("y"))[:2000], REFUSED, "is truncated"),
        "empty.obj": (b"", REFUSED, "is empty"),
        "empty.stl": (b"", REFUSED, "is empty"),
        "points.ply": (ply(egg())[:200].replace(b"element face", b"element fice"), REFUSED, ""),
        "html.obj": (b"<html>404</html>\n", REFUSED, "is a web page"),
        "wrong_index.obj": (whole + b"\nf 1 2 999999\n", REPAIRED, "1 faces"),
        "entities.dae": (b'<!DOCTYPE x [<!ENTITY a "b">]><COLLADA/>', REFUSED, "defines XML entities"),
    }
    for name, (content, _, _) in files.items():
        (folder / name).write_bytes(content)
    return {f"damaged/{name}": (outcome, words) for name, (_, outcome, words) in files.items()}


def _triangles(corners: Floats) -> bytes:
    """A text of OBJ with three vertices for each triangle."""
    points = corners.reshape(-1, 3).tolist()
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in points]
    return "\n".join(lines + [f"f {n} {n + 1} {n + 2}" for n in range(1, len(points), 3)]).encode()


def _faces(folder: Path) -> dict[str, tuple[str, str]]:
    folder.mkdir()
    corners = egg("z", 0.001)[FACES]
    mixed = corners.copy()
    mixed[::5] = mixed[::5, ::-1]
    files = {
        "inward.obj": (corners[:, ::-1], REPAIRED, "was inside out: flipped"),
        "mixed.obj": (mixed, REPAIRED, "64 faces that faced opposite to their neighbours flipped"),
        "twice.obj": (
            np.concatenate([corners, corners[:, ::-1]]),
            REPAIRED,
            "320 duplicate faces",
        ),
        "holes.obj": (corners[7:], OK, ""),
        "no_area.obj": (
            np.concatenate([corners, corners[:2, [0, 0, 1]]]),
            REPAIRED,
            "2 faces without area dropped",
        ),
    }
    for name, (triangles, _, _) in files.items():
        (folder / name).write_bytes(_triangles(triangles))
    return {f"faces/{name}": (outcome, words) for name, (_, outcome, words) in files.items()}


def _textures(folder: Path) -> dict[str, tuple[str, str]]:
    """A textured box in millimetres that names its picture in several ways."""
    shared = folder.parent / "shared"
    shared.mkdir()
    content = io.BytesIO()
    Image.fromarray(picture()).save(content, "PNG")
    (shared / "quad.png").write_bytes(content.getvalue())
    folder.mkdir()
    textured(50.0).export(folder / "plain.obj", mtl_name="plain.mtl")
    (folder / "beside.png").write_bytes(content.getvalue())
    text = (folder / "plain.obj").read_text()
    names = {
        "above": ("../shared/quad.png", OK, ""),
        "windows": ("C:\\\\Users\\\\me\\\\beside.png".replace("\\\\", "\\"), OK, "beside.png"),
        "backslash": ("..\\shared\\quad.png", OK, ""),
        "case": ("BESIDE.PNG", OK, ""),
        "missing": ("nothing.png", OK, "texture 'nothing.png' is missing"),
        "absolute": ("/etc/hostname", OK, "'/etc/hostname'"),
        "outside": ("../../../etc/hostname", OK, "hostname"),
    }
    for name, (texture, _, _) in names.items():
        (folder / f"{name}.obj").write_text(text.replace("plain.mtl", f"{name}.mtl"))
        (folder / f"{name}.mtl").write_text(f"newmtl material_0\nKd 1 1 1\nmap_Kd {texture}\n")
    told = {f"textures/{name}.obj": (outcome, words) for name, (_, outcome, words) in names.items()}
    return told | {"textures/plain.obj": (OK, "")}
