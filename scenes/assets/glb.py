"""Library meshes: binary glTF 2.0 files with y up, which mesh viewers can open.

Positions are stored in single precision relative to the centre of the bounding box; the node matrix restores
their place. Normals are 16-bit integers (extension KHR_mesh_quantization). Textures are separate PNG files.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.planar import planar_uvs

Array = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)

MAGIC, VERSION, JSON, BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
SHORT, USHORT, UINT, FLOAT = 5122, 5123, 5125, 5126
TYPES: dict[int, str] = {SHORT: "<i2", USHORT: "<u2", UINT: "<u4", FLOAT: "<f4"}
VERTICES, INDICES = 34962, 34963
UNIT_SHORT = 32767
"""The integer that represents 1 in normals."""
PLANAR = 1e-6
"""Texture coordinates that differ by less than this from planar ones are not stored."""
GENERATOR = "sim2coco"


def glb_bytes(mesh: Mesh, textures: Sequence[str | None]) -> bytes:
    """Serializes a mesh as GLB.

    Args:
        mesh: The mesh, z up.
        textures: File name of each part's texture, or None.
    """
    low, high = mesh.vertices_m.min(axis=0), mesh.vertices_m.max(axis=0)
    center = (low + high) / 2
    views = _Views()
    primitives = [_primitive(views, part, center, index) for index, part in enumerate(mesh.parts)]
    names = list(dict.fromkeys(name for name in textures if name is not None))
    x, y, z = (float(value) for value in center)
    tree = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "extensionsUsed": ["KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "matrix": [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, x, z, -y, 1]}],
        "meshes": [{"primitives": primitives}],
        "materials": [
            _material(part, None if name is None else names.index(name))
            for part, name in zip(mesh.parts, textures, strict=True)
        ],
        "accessors": views.accessors,
        "bufferViews": views.views,
        "buffers": [{"byteLength": len(views.content)}],
    }
    if names:
        tree["images"] = [{"uri": name} for name in names]
        tree["textures"] = [{"source": index} for index in range(len(names))]
    return _packed(tree, bytes(views.content))


class _Views:
    """Collects arrays as buffer views and accessors."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, rows: NDArray[Any], kind: int, target: int, **more: object) -> int:
        """Adds an array, and returns the index of its accessor.

        Args:
            rows: (n, k) the array. If `target` is `VERTICES`, the size of a row is a multiple of 4 bytes.
            kind: Type of the numbers, a key of `TYPES`.
            target: `VERTICES` or `INDICES`.
            more: Further properties of the accessor, such as its type.
        """
        stride = {"byteStride": rows.strides[0]} if target == VERTICES else {}
        view = {"buffer": 0, "byteOffset": len(self.content), "byteLength": rows.nbytes, "target": target}
        self.views.append(view | stride)
        self.content += rows.tobytes()
        self.content += bytes(-len(self.content) % 4)
        accessor = {"bufferView": len(self.views) - 1, "componentType": kind, "count": len(rows)}
        self.accessors.append(accessor | more)
        return len(self.accessors) - 1


def _primitive(views: _Views, part: Part, center: Array, index: int) -> dict[str, Any]:
    positions = (part.vertices_m - center).astype("<f4")
    normals = np.zeros((len(positions), 4), "<i2")  # the fourth column aligns the rows
    normals[:, :3] = np.rint(part.normals * UNIT_SHORT)
    kind = USHORT if len(positions) < 1 << 16 else UINT
    limits = {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
    attributes = {
        "POSITION": views.add(positions, FLOAT, VERTICES, type="VEC3", **limits),
        "NORMAL": views.add(normals, SHORT, VERTICES, type="VEC3", normalized=True),
    }
    planar = planar_uvs(positions.astype(np.float64), part.faces)
    # They are always stored with a texture, because other viewers do not compute them.
    if part.texture is not None or np.abs(planar - part.uvs).max() > PLANAR:
        uvs = (part.uvs * (1, -1) + (0, 1)).astype("<f4")
        attributes["TEXCOORD_0"] = views.add(uvs, FLOAT, VERTICES, type="VEC2")
    faces = views.add(part.faces.astype(TYPES[kind]).reshape(-1, 1), kind, INDICES, type="SCALAR")
    return {"attributes": attributes, "indices": faces, "material": index}


def _material(part: Part, texture: int | None) -> dict[str, Any]:
    """Returns a matte material; glTF stores linear colour, so `extras` keeps the exact sRGB values."""
    color = np.array(part.color_rgb)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    look: dict[str, Any] = {"baseColorFactor": [*linear.tolist(), 1.0], "metallicFactor": 0.0}
    if texture is not None:
        look["baseColorTexture"] = {"index": texture}
    return {"pbrMetallicRoughness": look, "extras": {"color_rgb": list(part.color_rgb)}}


def _packed(tree: Mapping[str, Any], content: bytes) -> bytes:
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON) + text + struct.pack("<II", len(content), BINARY) + content
    return struct.pack("<III", MAGIC, VERSION, 12 + len(chunks)) + chunks


def read_glb(content: bytes, textures: Mapping[str, NDArray[np.uint8]]) -> Mesh:
    """Reads a mesh written by `glb_bytes`.

    Args:
        content: The file content.
        textures: Pixels of each texture, keyed by its file name; see `texture_names`.

    Raises:
        MeshError: The content is damaged or was written by another program.
    """
    tree, binary = _unpacked(content)
    try:
        x, z, minus_y = tree["nodes"][0]["matrix"][12:15]
        center, names = np.array([x, -minus_y, z], np.float64), _names(tree)
        return Mesh(
            tuple(
                _part(tree, binary, primitive, center, {name: textures[name] for name in names}, names)
                for primitive in tree["meshes"][0]["primitives"]
            )
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, MeshError):
            raise
        raise MeshError("was not written by sim2coco assets import") from error


def looks_of(
    content: bytes, textures: Mapping[str, NDArray[np.uint8]]
) -> tuple[tuple[tuple[float, float, float], NDArray[np.uint8] | None], ...]:
    """Reads the colour and texture of each part of a mesh written by `glb_bytes`.

    Args:
        content: The file content, or at least its first chunk.
        textures: Pixels of each texture, keyed by its file name; see `texture_names`.

    Raises:
        MeshError: The content is damaged or was written by another program.
    """
    tree, _ = _unpacked(content)
    try:
        names = _names(tree)
        return tuple(_look(tree, primitive, textures, names) for primitive in tree["meshes"][0]["primitives"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise MeshError("was not written by sim2coco assets import") from error


def _look(
    tree: dict[str, Any],
    primitive: dict[str, Any],
    textures: Mapping[str, NDArray[np.uint8]],
    names: Sequence[str],
) -> tuple[tuple[float, float, float], NDArray[np.uint8] | None]:
    material = tree["materials"][primitive["material"]]
    red, green, blue = material["extras"]["color_rgb"]
    texture = material["pbrMetallicRoughness"].get("baseColorTexture")
    pixels = None if texture is None else textures[names[tree["textures"][texture["index"]]["source"]]]
    return (red, green, blue), pixels


def texture_names(content: bytes) -> tuple[str, ...]:
    """Returns the texture file names of a mesh written by `glb_bytes`.

    Raises:
        MeshError: The content is damaged or was written by another program.
    """
    tree, _ = _unpacked(content)
    try:
        return _names(tree)
    except (KeyError, TypeError, AttributeError) as error:
        raise MeshError("was not written by sim2coco assets import") from error


def _names(tree: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(image["uri"]) for image in tree.get("images", ()))


def _unpacked(content: bytes) -> tuple[dict[str, Any], memoryview]:
    try:
        magic, version, length, size, kind = struct.unpack_from("<5I", content)
        if (magic, version, kind) != (MAGIC, VERSION, JSON) or length < len(content):
            raise ValueError("another format")
        tree = json.loads(content[20 : 20 + size])
        if tree["asset"]["generator"] != GENERATOR:
            raise ValueError("another program's")
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MeshError("is damaged, or was not written by sim2coco assets import") from error
    return tree, memoryview(content)[28 + size :]


def _part(
    tree: dict[str, Any],
    binary: memoryview,
    primitive: dict[str, Any],
    center: Array,
    textures: Mapping[str, NDArray[np.uint8]],
    names: Sequence[str],
) -> Part:
    attributes = primitive["attributes"]
    positions, normals = (
        _rows(tree, binary, attributes[name])[:, :3].astype(np.float64) for name in ("POSITION", "NORMAL")
    )
    faces = _rows(tree, binary, primitive["indices"]).reshape(-1, 3).astype(np.int32)
    if "TEXCOORD_0" in attributes:
        uvs = _rows(tree, binary, attributes["TEXCOORD_0"]) * (1.0, -1.0) + (0.0, 1.0)
    else:
        uvs = planar_uvs(positions, faces)
    color_rgb, texture = _look(tree, primitive, textures, names)
    return Part(
        positions + center,
        normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30),
        uvs,
        faces,
        color_rgb,
        texture,
    )


def _rows(tree: dict[str, Any], binary: memoryview, index: int) -> NDArray[Any]:
    """Returns the values (n, k) of the accessor `index`. Columns that only pad the rows are included."""
    accessor = tree["accessors"][index]
    view, kind = tree["bufferViews"][accessor["bufferView"]], np.dtype(TYPES[accessor["componentType"]])
    count, start, length = accessor["count"], view["byteOffset"], view["byteLength"]
    if not 0 <= start <= start + length <= len(binary):
        raise ValueError("a view outside the file")
    return np.frombuffer(binary, kind, length // kind.itemsize, start).reshape(count, -1)
