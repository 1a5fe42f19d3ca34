"""Writes clean meshes as GLB and PNG files named by their content hash."""

from collections.abc import Sequence

from scenes.assets.glb import glb_bytes
from scenes.assets.library import FOLDER, PIECES
from scenes.assets.mesh import Mesh
from scenes.assets.pieces import pieces_obj
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.resolver import digest
from scenes.assets.stored import HASH, SUFFIX, content_name
from sim2coco.library.convex import hull_faces
from sim2coco.png import png
from sim2coco.storage import Store

HEAD = ("# metres, z up",)


def put_mesh(store: Store, mesh: Mesh) -> str:
    """Writes a mesh and its textures into a library.

    Returns:
        The mesh name; the files are `meshes/NAME.glb` and, for textures, `meshes/HASH.png`.
    """
    textures = [None if part.texture is None else png(part.texture) for part in mesh.parts]
    names = [None if content is None else f"{content_name(content)}.png" for content in textures]
    for name, content in zip(names, textures, strict=True):
        if name is not None and content is not None:
            store.put(f"{FOLDER}/{name}", content, sync=False)
    content = glb_bytes(mesh, names)
    store.put(f"{FOLDER}/{content_name(content)}{SUFFIX}", content, sync=False)
    return content_name(content)


def put_pieces(store: Store, pieces: Sequence[Floats]) -> str:
    """Writes the convex pieces of a mesh, each given by vertices (n, 3), into a library.

    Returns:
        The name of the file `collision/NAME.obj`, which has one object per piece.
    """
    content = pieces_obj(pieces, [hull_faces(piece) for piece in pieces], HEAD)
    name = digest(content)[:HASH]
    store.put(f"{PIECES}/{name}.obj", content, sync=False)
    return name
