"""Linear blend skinning of glTF meshes."""

from dataclasses import replace

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.accessors import accessor_of
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.gltf.primitives import Vertices
from scenes.assets.reading.raw import Floats


def joint_matrices(root: Item, buffers: Buffers, skin: int, places: list[Floats]) -> Floats:
    """Returns the transform (j, 4, 4) of each joint of a skin, from the mesh frame to the scene.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        skin: Index of the skin.
        places: The transform of each node to the scene.

    Raises:
        Refused: The skin is not valid.
    """
    item = root.entry("skins", skin)
    joints = item.indices("joints")
    if not joints or max(joints) >= len(places):
        raise item.wrong("joints", f"indices of the {len(places)} nodes")
    now = np.stack([places[joint] for joint in joints])
    if not item.has("inverseBindMatrices"):
        return now
    bind = accessor_of(root, buffers, item.integer("inverseBindMatrices"), is_vertex_data=False)
    if bind.kind != "MAT4" or bind.count < len(joints):
        raise unreadable(
            f"is not valid glTF: {bind.place} must have a MAT4 for each of the {len(joints)} joints"
        )
    inverse = bind.floats(slice(0, len(joints))).reshape(-1, 4, 4).transpose(0, 2, 1)  # column-major
    return np.asarray(now @ inverse)


def posed(vertices: Vertices, matrices: Floats) -> Vertices:
    """Applies linear blend skinning: transforms each vertex by the weighted mean of its joint transforms.

    The winding of mirrored triangles is reversed, so that they still face outward.

    Args:
        vertices: The vertices, with joints and joint weights.
        matrices: (j, 4, 4) transforms of the joints.

    Raises:
        Refused: A vertex refers to a joint that does not exist.
    """
    joints, weights = vertices.joints, vertices.joint_weights
    assert joints is not None and weights is not None
    weights = np.where(np.isfinite(weights), weights.clip(min=0.0), 0.0)
    weights[weights.sum(axis=1) == 0, 0] = 1.0
    weights = weights / weights.sum(axis=1, keepdims=True)
    joints = np.where(weights > 0, joints, 0)
    if joints.max(initial=0) >= len(matrices):
        raise unreadable(
            f"is not valid glTF: a vertex refers to joint {joints.max()}, but there are {len(matrices)}"
        )
    means = np.zeros((len(joints), 3, 4))
    for column in range(joints.shape[1]):
        means += weights[:, column, None, None] * matrices[joints[:, column], :3]
    linear = means[:, :, :3]
    positions = np.einsum("nij,nj->ni", linear, vertices.positions) + means[:, :, 3]
    signs = np.linalg.det(linear)
    normals = None
    if vertices.normals is not None and (np.abs(signs) > 1e-30).all():
        normals = np.einsum("nj,nji->ni", vertices.normals, np.linalg.inv(linear))
    is_mirrored = signs[vertices.faces].sum(axis=1) < 0
    faces = np.where(is_mirrored[:, None], vertices.faces[:, ::-1], vertices.faces)
    return replace(vertices, positions=positions, normals=normals, faces=faces)
