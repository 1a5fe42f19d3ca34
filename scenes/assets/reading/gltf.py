"""Checks of glTF files before their geometry is read: version, compression and embedded images."""

import base64
import json
import struct
from typing import Any

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import can_be_read

PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
"""Compression extensions that are not supported."""
TRANSFORM = "KHR_texture_transform"
"""Extension whose texture transforms are ignored."""


def check_gltf(content: bytes, suffix: str, looks: list[str]) -> None:
    """Checks the version, the required extensions and the embedded images of a glTF file.

    Args:
        content: The bytes of the file.
        suffix: `.gltf` or `.glb`.
        looks: A note is added here for each embedded base colour image that cannot be read, and one if the
            file uses `KHR_texture_transform`, which is ignored.

    Raises:
        Refused: The file is not glTF 2.0, is truncated, requires a compression extension (`PACKED`), or
            contains an image with too many pixels.
    """
    chunk, binary = (content, b"") if suffix == ".gltf" else _glb_chunks(content)
    try:
        tree = json.loads(chunk)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"is no glTF: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("asset"), dict):
        raise unreadable("is no glTF: it says nothing of its version")
    if not str(tree["asset"].get("version", "")).startswith("2"):
        raise unreadable(f"is glTF {tree['asset'].get('version', 'without a version')}, and 2.0 is read")
    for name in PACKED:
        if name in (tree.get("extensionsRequired") or ()):
            raise Refused("unreadable", f"is compressed ({name})", "export it without mesh compression")
    colors = _color_images(tree)
    for index, image in enumerate(tree.get("images") or ()):
        inside = _inside(tree, image, binary) if isinstance(image, dict) else None
        if inside:
            name = str(image.get("name") or f"number {index}")
            if not can_be_read(inside, name) and index in colors:
                looks.append(f"texture {name!r} unsupported: its colour is used")
    if TRANSFORM in (tree.get("extensionsUsed") or ()):
        looks.append(f"textures lie as without {TRANSFORM}, which is not read")


def _color_images(tree: dict[str, Any]) -> set[int]:
    """Indices of the images that materials use as base colour textures."""
    found = set()
    for material in tree.get("materials") or ():
        try:
            texture = tree["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]
            found |= {
                texture.get("source"),
                *(e.get("source") for e in texture.get("extensions", {}).values()),
            }
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    return found - {None}


def _glb_chunks(content: bytes) -> tuple[bytes, bytes]:
    if len(content) < 20 or content[:4] != b"glTF":
        raise unreadable("is no GLB: it does not begin with glTF")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise unreadable(f"is GLB version {version}, and 2 is read")
    if length > len(content):
        raise unreadable(f"is cut off: it says {length:,} bytes, and {len(content):,} are there")
    (size,) = struct.unpack_from("<I", content, 12)
    start = 20 + size
    if start > len(content):
        raise unreadable("is cut off in its first chunk")
    return content[20:start], content[start + 8 :]


def _inside(tree: dict[str, Any], image: dict[str, Any], binary: bytes) -> bytes | None:
    """The bytes of an image embedded in the file, or None if it is not embedded or cannot be extracted."""
    uri = image.get("uri")
    if isinstance(uri, str) and uri.startswith("data:"):
        try:
            return base64.b64decode(uri.partition(",")[2], validate=False)
        except ValueError:
            return None
    try:
        view = tree["bufferViews"][image["bufferView"]]
        if view.get("buffer", 0) != 0:
            return None
        start = int(view.get("byteOffset", 0))
        return binary[start : start + int(view["byteLength"])]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
