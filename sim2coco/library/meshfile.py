"""Writes clean meshes as OBJ, MTL and PNG files, which are named by the hash of their content."""

from collections.abc import Sequence

from scenes.assets.library import PIECES
from scenes.assets.mesh import Mesh
from scenes.assets.obj import ObjGroup, obj_bytes
from scenes.assets.pieces import pieces_obj
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.resolver import digest
from sim2coco.library.convex import hull_faces
from sim2coco.png import png
from sim2coco.store import Store

FOLDER = "meshes"
HASH = 16
"""Number of characters of a hash in a file name."""
HEAD = ("# metres, z up",)


def put_mesh(store: Store, mesh: Mesh) -> str:
    """Writes a mesh and its textures into a library.

    Returns:
        The name of the mesh: the files are `meshes/NAME.obj`, `meshes/NAME.mtl` and `meshes/HASH.png`.
    """
    name = mesh.content_hash[:HASH]
    materials = []
    for index, part in enumerate(mesh.parts):
        lines = [f"newmtl m{index}", "Kd {:.6f} {:.6f} {:.6f}".format(*part.color_rgb)]
        if part.texture is not None:
            texture = digest(part.texture.tobytes() + str(part.texture.shape).encode())[:HASH]
            store.put_new(f"{FOLDER}/{texture}.png", png(part.texture))
            lines.append(f"map_Kd {texture}.png")
        materials.append("\n".join(lines))
    store.put_new(f"{FOLDER}/{name}.mtl", ("\n\n".join(materials) + "\n").encode())
    store.put_new(f"{FOLDER}/{name}.obj", _obj(mesh, name))
    return name


def put_pieces(store: Store, pieces: Sequence[Floats]) -> str:
    """Writes the convex pieces of a mesh, each given by vertices (n, 3), into a library.

    Returns:
        The name of the file: it is `collision/NAME.obj`, with one object for each piece.
    """
    content = pieces_obj(pieces, [hull_faces(piece) for piece in pieces], HEAD)
    name = digest(content)[:HASH]
    store.put_new(f"{PIECES}/{name}.obj", content)
    return name


def _obj(mesh: Mesh, name: str) -> bytes:
    """The OBJ file of a mesh: a group with a material for each part, with normals and texture coordinates."""
    groups = [
        ObjGroup(part.vertices_m, part.faces, part.uvs, part.normals, material=f"m{index}")
        for index, part in enumerate(mesh.parts)
    ]
    return obj_bytes(groups, (*HEAD, f"mtllib {name}.mtl"))
