"""Binary data of glTF files: buffers and buffer views."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.content import PULL, is_pointer
from scenes.assets.reading.gltf.extensions import check_not_packed
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver

Bytes = NDArray[np.uint8]
DATA = "data:"


class Buffers:
    """The buffers of a glTF file, opened on first use.

    Args:
        root: The root object of the file.
        binary: The content of the binary chunk; None if the file has no such chunk.
        resolver: Opens external buffer files.
    """

    def __init__(self, root: Item, binary: bytes | None, resolver: MeshResolver) -> None:
        """Checks the file paths; the files are opened by `view`.

        Raises:
            Refused: A path leads outside the allowed folders.
        """
        for buffer in root.items("buffers"):
            uri = buffer.text("uri")
            if uri and uri[:5].lower() != DATA:
                resolver.find(uri)
        self._root = root
        self._binary = binary
        self._resolver = resolver
        self._opened: dict[int, Bytes] = {}

    def view(self, index: int) -> tuple[Bytes, int]:
        """Returns the bytes of a buffer view, and its stride in bytes; 0 if no stride is given.

        Raises:
            Refused: The view does not exist, is compressed, or does not fit its buffer.
        """
        view = self._root.entry("bufferViews", index)
        check_not_packed(view)
        content = self._buffer(view.integer("buffer"))
        start, length = view.integer("byteOffset", 0), view.integer("byteLength")
        if start + length > len(content):
            sentence = (
                f"{view.place} ends at byte {start + length:,}, but its buffer has only {len(content):,}"
            )
            raise unreadable(f"is truncated: {sentence}")
        return content[start : start + length], view.integer("byteStride", 0)

    def _buffer(self, index: int) -> Bytes:
        if index not in self._opened:
            buffer = self._root.entry("buffers", index)
            check_not_packed(buffer)
            content = np.frombuffer(self._content(buffer, index), np.uint8)
            self._opened[index] = content[: buffer.integer("byteLength", len(content))]
        return self._opened[index]

    def _content(self, buffer: Item, index: int) -> bytes:
        uri = buffer.text("uri")
        if not uri:
            if index or self._binary is None:
                raise unreadable(f"is not valid glTF: {buffer.place} has no data")
            return self._binary
        embedded = data_of(uri)
        if embedded is not None:
            return embedded
        try:
            content = self._resolver.get(uri)
        except FileNotFoundError as error:
            raise unreadable(f"refers to {uri[:80]!r}, which does not exist") from error
        if is_pointer(content):
            raise Refused("unreadable", f"refers to {uri[:80]!r}, which is a Git LFS pointer", PULL)
        return content


def data_of(uri: str) -> bytes | None:
    """Decodes a data URI; returns None for any other URI.

    Raises:
        Refused: The bytes cannot be decoded.
    """
    if uri[:5].lower() != DATA:
        return None
    head, _, body = uri.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        plain = body if "%" not in body else unquote_to_bytes(body).decode("ascii", "replace")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=False)
    except (binascii.Error, ValueError) as error:
        raise unreadable(f"contains data that cannot be decoded: {error}") from error
