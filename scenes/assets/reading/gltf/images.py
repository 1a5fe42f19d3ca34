"""Images of glTF files: embedded, in data URIs, and in separate files."""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.reading.gltf.buffers import Buffers, data_of
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.image import eight_bit
from scenes.assets.reading.parts import sized
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import FORMATS, IMAGES, MeshResolver, can_be_read


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The pixels of an image.

    Attributes:
        rgb: (h, w, 3) sRGB.
        alpha: (h, w) 0 where it is transparent, 255 where it is opaque; None if it is opaque everywhere.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None


class Pictures:
    """The images of a glTF file, decoded on first use.

    Args:
        root: The root object of the file.
        buffers: The buffers of the file.
        resolver: Opens image files, and records for every image (embedded ones too) whether it can be used.
    """

    def __init__(self, root: Item, buffers: Buffers, resolver: MeshResolver) -> None:
        """Stores the arguments."""
        self._root = root
        self._buffers = buffers
        self._resolver = resolver
        self._decoded: dict[int, Picture | None] = {}
        self._names = Counter(image.text("name") for image in root.items("images"))

    def get(self, index: int) -> Picture | None:
        """Returns the pixels of an image, at most 1024 px per side; None, with a note, if it cannot be used.

        Raises:
            Refused: The image has too many pixels.
        """
        if index not in self._decoded:
            self._decoded[index] = self._get(index)
        return self._decoded[index]

    def _get(self, index: int) -> Picture | None:
        image = self._root.entry("images", index)
        uri = image.text("uri")
        embedded = _embedded(uri) if uri else self._in_view(image)
        name = self._name(image, index) if embedded is not None else uri
        content = self._resolver.image_bytes(uri) if embedded is None else embedded
        if content is None:
            return None  # noted by the resolver
        if not can_be_read(content, name):
            self._resolver.images[name] = "unsupported"
            return None
        if embedded is not None or PurePath(uri).suffix.lower() not in IMAGES:
            self._resolver.images[name] = "found"  # the resolver knows files by their suffix
        try:
            return _decoded(content)
        except Exception as error:  # parsers of untrusted files can raise anything
            self._resolver.notes.append(
                f"texture {name!r} is damaged ({type(error).__name__}): the material colour is used"
            )
            return None

    def _in_view(self, image: Item) -> bytes:
        """Returns the encoded image in a buffer view; empty if the view is missing or invalid."""
        try:
            return self._buffers.view(image.integer("bufferView"))[0].tobytes()
        except Refused:
            return b""

    def _name(self, image: Item, index: int) -> str:
        """The name of an embedded image, with its index if several images share the name."""
        name = image.text("name") or f"image {index}"
        return f"{name} ({index})" if self._names[name] > 1 else name


def _embedded(uri: str) -> bytes | None:
    """Decodes a data URI, to empty bytes if it is invalid; returns None for any other URI."""
    try:
        return data_of(uri)
    except Refused:
        return b""


def _decoded(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        if not has_alpha:
            return Picture(sized(np.asarray(eight_bit(image).convert("RGB"), np.uint8)), None)
        pixels = np.asarray(eight_bit(image).convert("RGBA"), np.uint8)
    rgb, alpha = sized(np.ascontiguousarray(pixels[:, :, :3])), pixels[:, :, 3]
    if alpha.min() == 255:
        return Picture(rgb, None)
    size = (rgb.shape[1], rgb.shape[0])
    return Picture(rgb, np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8))
