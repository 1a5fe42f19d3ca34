"""The scene graph of a glTF file: visible meshes and their transforms."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.accessors import accessor_of
from scenes.assets.reading.gltf.buffers import Buffers
from scenes.assets.reading.gltf.extensions import INSTANCING, VISIBILITY
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.limits import MAX_FACES, MAX_NODES
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused

EVERYTHING = slice(None)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A mesh with one or several transforms in a scene.

    Attributes:
        mesh: Index of the mesh.
        weights: Weights of the morph targets; empty to use the mesh's own weights.
        skin: Index of the skin, or None.
        matrices: (k, 4, 4) transforms from the mesh to the scene.
        node: Index of the node; None in a file without nodes.
    """

    mesh: int
    weights: tuple[float, ...]
    skin: int | None
    matrices: Floats
    node: int | None = None


def transforms(root: Item) -> list[Floats]:
    """Returns the transform (4, 4) of each node to the scene.

    Raises:
        Refused: A node has two parents, nodes form a cycle, or there are too many nodes.
    """
    if root.count("nodes") > MAX_NODES:
        sentence = f"has {root.count('nodes'):,} nodes, more than {MAX_NODES:,}"
        raise Refused("over a limit", sentence, "join some of them first")
    nodes = root.items("nodes")
    children = [node.indices("children") for node in nodes]
    parents = _parents(nodes, children)
    found: dict[int, Floats] = {}
    waiting = [(index, np.eye(4)) for index in range(len(nodes)) if index not in parents]
    while waiting:
        index, above = waiting.pop()
        found[index] = above @ _local(nodes[index])
        waiting += [(child, found[index]) for child in children[index]]
    if len(found) < len(nodes):
        raise unreadable("is not valid glTF: its nodes form a cycle")
    return [found[index] for index in range(len(nodes))]


def _parents(nodes: list[Item], children: list[list[int]]) -> dict[int, int]:
    parents: dict[int, int] = {}
    for index, node in enumerate(nodes):
        for child in children[index]:
            if child >= len(nodes):
                raise unreadable(
                    f"is not valid glTF: {node.place} refers to node {child}, but there are {len(nodes)}"
                )
            if child in parents:
                raise unreadable(
                    f"is not valid glTF: node {child} has two parents, {parents[child]} and {index}"
                )
            parents[child] = index
    return parents


def _local(node: Item) -> Floats:
    """The transform (4, 4) of a node to its parent."""
    if node.has("matrix"):
        return np.array(node.any_numbers("matrix", 16)).reshape(4, 4).T
    (matrix,) = composed(
        np.array([node.numbers("translation", (0.0, 0.0, 0.0))]),
        np.array([node.numbers("rotation", (0.0, 0.0, 0.0, 1.0))]),
        np.array([node.numbers("scale", (1.0, 1.0, 1.0))]),
    )
    return np.asarray(matrix)


def composed(translations: Floats, quats_xyzw: Floats, scales: Floats) -> Floats:
    """Composes transforms (k, 4, 4) that scale, then rotate, then translate.

    Args:
        translations: (k, 3).
        quats_xyzw: (k, 4) quaternions, not necessarily normalised; zero quaternions do not rotate.
        scales: (k, 3).
    """
    length = np.linalg.norm(quats_xyzw, axis=1, keepdims=True)
    unit = np.where(length > 0, quats_xyzw / np.where(length > 0, length, 1.0), (0.0, 0.0, 0.0, 1.0))
    x, y, z, w = unit.T
    rotations = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrices = np.tile(np.eye(4), (len(unit), 1, 1))
    matrices[:, :3, :3] = rotations.transpose(2, 0, 1) * scales[:, None, :]
    matrices[:, :3, 3] = translations
    return matrices


def instances(root: Item, buffers: Buffers, places: list[Floats], notes: list[str]) -> Iterator[Instance]:
    """Yields the visible meshes of the scene; each mesh once if the file has no nodes.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        places: The transform of each node to the scene.
        notes: A note is added here if parts of the file are not visible.
    """
    if not places:
        for mesh in range(root.count("meshes")):
            yield Instance(mesh, (), None, np.eye(4)[None])
    for index in _shown(root, notes):
        node = root.entry("nodes", index)
        if not node.has("mesh"):
            continue
        skin = node.integer("skin") if node.has("skin") else None
        matrices = places[index] @ _copies(root, buffers, node)
        yield Instance(node.integer("mesh"), node.any_numbers("weights"), skin, matrices, index)


def names_above(root: Item) -> list[tuple[str, ...]]:
    """Returns, for each node, the names of the node and its ancestors, from the node up to the root.

    Missing names are left out.
    """
    nodes = root.items("nodes")
    parents = _parents(nodes, [node.indices("children") for node in nodes])

    def chain(index: int | None) -> Iterator[str]:
        while index is not None:
            yield nodes[index].text("name")
            index = parents.get(index)

    return [tuple(filter(None, chain(index))) for index in range(len(nodes))]


def _shown(root: Item, notes: list[str]) -> list[int]:
    """Indices of the visible nodes of the scene, in depth-first order."""
    waiting, seen, hidden = _tops(root, notes)[::-1], dict[int, None](), 0
    while waiting:
        index = waiting.pop()
        node = root.entry("nodes", index)
        visibility = node.extension(VISIBILITY)
        if visibility is not None and visibility.tree.get("visible") is False:
            hidden += 1
        elif index not in seen:
            seen[index] = None
            waiting += node.indices("children")[::-1]
    if hidden:
        notes.append(f"{hidden} hidden nodes left out")
    return list(seen)


def _tops(root: Item, notes: list[str]) -> list[int]:
    """Node indices of the roots of the default scene, or of the first scene if the file names no default.

    If the file has no scenes, these are all nodes without a parent.
    """
    scenes = root.count("scenes")
    if scenes:
        if scenes > 1:
            notes.append(f"only one of its {scenes} scenes is read")
        return root.entry("scenes", root.integer("scene", 0)).indices("nodes")
    below = {child for node in root.items("nodes") for child in node.indices("children")}
    return [index for index in range(root.count("nodes")) if index not in below]


def _copies(root: Item, buffers: Buffers, node: Item) -> Floats:
    """Transforms (k, 4, 4) of the copies of a node's mesh, from the extension `EXT_mesh_gpu_instancing`.

    A node without this extension has one copy with the identity transform.
    """
    instancing = node.extension(INSTANCING)
    attributes = None if instancing is None else instancing.item("attributes")
    if attributes is None:
        return np.eye(4)[None]
    found = {
        name: accessor_of(root, buffers, attributes.integer(name))
        for name in ("TRANSLATION", "ROTATION", "SCALE")
        if attributes.has(name)
    }
    counts = {accessor.count for accessor in found.values()}
    if len(counts) != 1:
        raise unreadable(f"is not valid glTF: {attributes.place} have different lengths")
    (count,) = counts
    if count > MAX_FACES:
        raise Refused("over a limit", f"has {count:,} instances of a mesh", "decimate it first")

    def rows(name: str, default: tuple[float, ...]) -> Floats:
        if name not in found:
            return np.tile(np.array(default), (count, 1))
        if found[name].kind != f"VEC{len(default)}":
            raise unreadable(f"is not valid glTF: {found[name].place} must be VEC{len(default)}")
        return found[name].floats(EVERYTHING)

    return composed(
        rows("TRANSLATION", (0.0, 0.0, 0.0)),
        rows("ROTATION", (0.0, 0.0, 0.0, 1.0)),
        rows("SCALE", (1.0, 1.0, 1.0)),
    )
