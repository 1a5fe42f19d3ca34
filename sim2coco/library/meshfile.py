"""A clean mesh as files that any program reads: OBJ, MTL and PNG, named by content."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.library import PIECES
from scenes.assets.mesh import Mesh
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.resolver import digest
from sim2coco.library.convex import hull_faces
from sim2coco.store import Store

FOLDER = "meshes"
HASH = 16


def put_mesh(store: Store, mesh: Mesh) -> str:
    """Writes a mesh and its textures into a library.

    Returns:
        Its name: the files are `meshes/NAME.obj`, `meshes/NAME.mtl` and `meshes/HASH.png`.
    """
    name = mesh.content_hash[:HASH]
    materials = []
    for index, part in enumerate(mesh.parts):
        lines = [f"newmtl m{index}", "Kd {:.6f} {:.6f} {:.6f}".format(*part.color_rgb)]
        if part.texture is not None:
            png = picture(part.texture)
            texture = digest(part.texture.tobytes() + str(part.texture.shape).encode())[:HASH]
            store.put_new(f"{FOLDER}/{texture}.png", png)
            lines.append(f"map_Kd {texture}.png")
        materials.append("\n".join(lines))
    store.put_new(f"{FOLDER}/{name}.mtl", ("\n\n".join(materials) + "\n").encode())
    store.put_new(f"{FOLDER}/{name}.obj", _obj(mesh, name))
    return name


def put_pieces(store: Store, pieces: Sequence[Floats]) -> str:
    """Writes the convex pieces (n, 3) of a mesh into a library.

    Returns:
        Their name: the file is `collision/NAME.obj`, with an object for each.
    """
    lines, first = ["# metres, z up"], 1
    for index, piece in enumerate(pieces):
        lines.append(f"o piece{index}")
        lines += [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in piece.tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (hull_faces(piece) + first).tolist()]
        first += len(piece)
    content = "\n".join(lines).encode() + b"\n"
    name = digest(content)[:HASH]
    store.put_new(f"{PIECES}/{name}.obj", content)
    return name


def picture(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels (h, w, 3) RGB as a PNG file."""
    done, png = cv2.imencode(".png", pixels[..., ::-1])
    assert done
    return png.tobytes()


def _obj(mesh: Mesh, name: str) -> bytes:
    """All parts, each with its material; normals and texture coordinates beside each vertex."""
    lines = ["# metres, z up", f"mtllib {name}.mtl"]
    first = 1
    for index, part in enumerate(mesh.parts):
        lines += [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in part.vertices_m.tolist()]
        lines += [f"vt {u:.9g} {v:.9g}" for u, v in part.uvs.tolist()]
        lines += [f"vn {x:.6g} {y:.6g} {z:.6g}" for x, y, z in part.normals.tolist()]
        lines.append(f"usemtl m{index}")
        lines += [f"f {a}/{a}/{a} {b}/{b}/{b} {c}/{c}/{c}" for a, b, c in (part.faces + first).tolist()]
        first += len(part.vertices_m)
    return "\n".join(lines).encode() + b"\n"
