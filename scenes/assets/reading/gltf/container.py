"""Opens glTF files: chunks of binary files, JSON, and version."""

import json
import re
import struct

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.gltf.item import Item

JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
HEAD = 12
"""Length of the header of a binary file in bytes."""


def open_document(content: bytes) -> tuple[Item, bytes | None]:
    """Returns the root object of a text or binary glTF file, and the content of its binary chunk.

    The content is None if there is no binary chunk.

    Raises:
        Refused: The file is damaged, or its version is not 2.
    """
    text, binary = _chunks(content) if content[:4] == b"glTF" else (content, None)
    if text is content and text.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] != b"{":
        raise unreadable("is not a glTF file: it begins with neither glTF nor {")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"is not a glTF file: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("asset"), dict):
        raise unreadable("is not a glTF file: it has no asset object")
    root = Item(tree)
    _check_version(tree["asset"])
    return root, binary


def _check_version(asset: dict[str, object]) -> None:
    version = str(asset.get("version", "without a version"))
    if re.fullmatch(r"2(\.\d+)*", version) is None:
        raise unreadable(f"is glTF {version[:20]}; only version 2.0 is supported")
    least = str(asset.get("minVersion", "2.0"))
    if re.fullmatch(r"2(\.0)*", least) is None:
        raise unreadable(f"requires glTF {least[:20]}; only version 2.0 is supported")


def _chunks(content: bytes) -> tuple[bytes, bytes | None]:
    """Returns the JSON chunk of a binary file, and its binary chunk or None; other chunks are skipped."""
    if len(content) < HEAD:
        raise unreadable(f"is not a GLB file: it has {len(content)} bytes, and the header alone has {HEAD}")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise unreadable(f"is GLB version {version}; only version 2 is supported")
    if length > len(content):
        raise unreadable(f"is truncated: it declares {length:,} bytes but contains {len(content):,}")
    found: dict[int, bytes] = {}
    start = HEAD
    while start + 8 <= length:
        size, kind = struct.unpack_from("<II", content, start)
        stop = start + 8 + size
        if stop > length:
            raise unreadable(f"is truncated in the chunk at byte {start:,}")
        if start == HEAD and kind != JSON_CHUNK:
            raise unreadable("is not a GLB file: its first chunk is not JSON")
        if kind in (JSON_CHUNK, BINARY_CHUNK):
            found.setdefault(kind, content[start + 8 : stop])
        start = stop
    if JSON_CHUNK not in found:
        raise unreadable("is not a GLB file: it has no JSON chunk")
    return found[JSON_CHUNK], found.get(BINARY_CHUNK)
