"""Writes small glTF files for tests, of every kind of accessor."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenes.assets.reading.read import read_source
from scenes.assets.reading.source import Source

CODES = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
SQUARE = ((0, 0, 0), (1, 0, 0), (1, 0, -1), (0, 0, -1))
"""A square of 1 m that faces up, as glTF has it: y is up."""
SQUARE_UVS = ((0, 1), (1, 1), (1, 0), (0, 0))
"""Texture coordinates (v down) with which the square, seen from above with -z up, shows a picture upright."""
FACES = (0, 1, 2, 0, 2, 3)


class Gltf:
    """A glTF file in the making."""

    def __init__(self, **tree: Any) -> None:
        self.tree: dict[str, Any] = {"asset": {"version": "2.0"}, **tree}
        self.binary = bytearray()

    def add(self, key: str, **entry: Any) -> int:
        """Appends to a list of the file, and returns the index."""
        self.tree.setdefault(key, []).append(entry)
        return len(self.tree[key]) - 1

    def view(self, content: bytes, **entry: Any) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        start = len(self.binary)
        self.binary += content
        return self.add("bufferViews", buffer=0, byteOffset=start, byteLength=len(content), **entry)

    def accessor(
        self,
        rows: ArrayLike,
        dtype: str = "f4",
        stride: int | None = None,
        offset: int = 0,
        sparse: str = "",
        **entry: Any,
    ) -> int:
        """An accessor of these rows; `sparse` is "", "over" (replaces rows) or "alone" (replaces zeros)."""
        array = np.asarray(rows).astype(f"<{dtype}")
        array = array[:, None] if array.ndim == 1 else array
        if sparse:
            entry["sparse"] = self._sparse(array, sparse)
        if sparse == "over":
            array = np.where(
                np.arange(len(array))[:, None] % 2 == 1, array[::-1] + np.array(1, array.dtype), array
            )
        if sparse != "alone":
            entry["bufferView"] = self.view(interleaved(array, stride, offset), **with_stride(stride))
            entry["byteOffset"] = offset
        counted = {"count": len(array), "componentType": CODES[dtype], "type": KINDS[array.shape[1]]}
        return self.add("accessors", **counted, **entry)

    def _sparse(self, array: NDArray[Any], sparse: str) -> dict[str, Any]:
        which = np.arange(len(array)) if sparse == "alone" else np.arange(1, len(array), 2)
        return {
            "count": len(which),
            "indices": {"bufferView": self.view(which.astype("<u2").tobytes()), "componentType": 5123},
            "values": {"bufferView": self.view(array[which].tobytes())},
        }

    def mesh(self, primitive: dict[str, Any], **node: Any) -> int:
        """A mesh of one primitive, on a node of its own."""
        return self.add("nodes", mesh=self.add("meshes", primitives=[primitive]), **node)

    def square(
        self, uvs: ArrayLike | None = SQUARE_UVS, material: dict[str, Any] | None = None, **more: Any
    ) -> int:
        """The square, with further attributes by the indices of their accessors."""
        attributes = {"POSITION": self.accessor(SQUARE), **more}
        if uvs is not None:
            attributes["TEXCOORD_0"] = self.accessor(uvs)
        primitive: dict[str, Any] = {"attributes": attributes, "indices": self.accessor(FACES, "u2")}
        if material is not None:
            primitive["material"] = self.add("materials", **material)
        return self.mesh(primitive)

    def picture(self, content: bytes, sampler: dict[str, Any] | None = None, **entry: Any) -> int:
        """A texture of an embedded image."""
        entry = {"bufferView": self.view(content), "mimeType": "image/png", **entry}
        texture = {} if sampler is None else {"sampler": self.add("samplers", **sampler)}
        return self.add("textures", source=self.add("images", **entry), **texture)

    def glb(self, *chunks: tuple[int, bytes]) -> bytes:
        """A binary file, with further chunks."""
        tree = dict(self.tree)
        if self.binary:
            tree["buffers"] = [{"byteLength": len(self.binary)}, *tree.get("buffers", [])]
        text = json.dumps(tree).encode()
        parts = [(0x4E4F534A, text + b" " * (-len(text) % 4))]
        if self.binary:
            parts.append((0x004E4942, bytes(self.binary) + bytes(-len(self.binary) % 4)))
        body = b"".join(struct.pack("<II", len(part), kind) + part for kind, part in (*parts, *chunks))
        return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body

    def text(self, uri: str | None = None) -> bytes:
        """A text file; its buffer is in a data URI if no other is given."""
        uri = uri or "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        buffers = [{"byteLength": len(self.binary), "uri": uri}, *self.tree.get("buffers", [])]
        return json.dumps({**self.tree, "buffers": buffers}).encode()

    def write(self, folder: Path, name: str = "a.glb") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(self.glb() if path.suffix == ".glb" else self.text())
        return path

    def source(self, folder: Path) -> Source:
        """What is read of the file."""
        path = self.write(folder)
        return read_source(path, (folder,))

    def corners(self, folder: Path) -> NDArray[np.float64]:
        """The triangles (m, 3, 3) that are read, in the frame of the file."""
        return np.concatenate([raw.corners for raw in self.source(folder).raws])


def interleaved(array: NDArray[Any], stride: int | None, offset: int) -> bytes:
    """The rows of an array, `stride` bytes apart, with other bytes before and between them."""
    size = array.shape[1] * array.itemsize
    stride = stride or size
    content = np.full((len(array), stride), 0xAB, np.uint8)
    content[:, :size] = np.frombuffer(array.tobytes(), np.uint8).reshape(len(array), size)
    return bytes([0xCD]) * offset + content.tobytes()[: stride * (len(array) - 1) + size]


def with_stride(stride: int | None) -> dict[str, int]:
    return {} if stride is None else {"byteStride": stride}


def linear(srgb: ArrayLike) -> NDArray[np.float64]:
    """Linear values of sRGB values from 0 to 1, by the formula of IEC 61966-2-1."""
    value = np.asarray(srgb, float)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def srgb(light: ArrayLike) -> NDArray[np.float64]:
    """The sRGB values, 0 to 1, of linear values."""
    value = np.asarray(light, float)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
