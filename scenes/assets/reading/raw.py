"""Triangles as stored in files: positions and, if present, normals, texture coordinates and colours."""

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.reading.image import eight_bit
from scenes.assets.reading.limits import MAX_IMAGE_PX
from scenes.assets.reading.refusal import Refused

Floats = NDArray[np.float64]
Color = tuple[float, float, float]
BLACK = 0.02
"""The colour of a textured material is ignored unless one of its channels exceeds this."""
MEANINGLESS = (0.8, 0.64, 0.588)
"""Greys that Blender and 3ds Max write as the colour of every textured material.

They are ignored, so that they do not darken the texture."""
WHITE = (1.0, 1.0, 1.0)
GREY = (178 / 255, 178 / 255, 178 / 255)


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """The unchecked triangles of one material of a file.

    An array is None if the file does not contain it.

    Attributes:
        corners: (m, 3, 3) vertices of each triangle, in the unit and frame of the file.
        normals: (m, 3, 3) vertex normals.
        uvs: (m, 3, 2) texture coordinates, v up.
        color_rgb: Colour of the material, 0..1.
        corner_colors: (m, 3, 3) vertex colours, 0..1, which are used instead of a texture.
        texture: (h, w, 3) RGB, already multiplied by the colour of the material.
    """

    corners: Floats
    normals: Floats | None = None
    uvs: Floats | None = None
    color_rgb: Color = GREY
    corner_colors: Floats | None = None
    texture: NDArray[np.uint8] | None = None

    def kept(self, which: NDArray[np.bool_]) -> "Raw":
        """Returns the triangles selected by a mask (m,)."""
        return self._each(lambda array: array[which])

    def turned(self) -> "Raw":
        """Returns the triangles with reversed winding and normals."""
        other = self._each(lambda array: array[:, ::-1])
        return replace(other, normals=None if other.normals is None else -other.normals)

    def where(self, which: NDArray[np.bool_], other: "Raw") -> "Raw":
        """Replaces the triangles selected by a mask (m,) with the triangles at the same index in `other`."""
        mask = which[:, None, None]
        return self._each(lambda array, instead: np.where(mask, instead, array), other)

    def moved(self, matrix: Floats) -> "Raw":
        """Returns the triangles transformed by an affine matrix (4, 4).

        A reflection also reverses the winding, so that faces still point outward.
        """
        if np.array_equal(matrix, np.eye(4)):
            return self
        linear = matrix[:3, :3]
        corners = self.corners @ linear.T + matrix[:3, 3]
        normals = self.normals
        if normals is not None:
            normals = normals @ np.linalg.inv(linear) if abs(np.linalg.det(linear)) > 1e-30 else None
        moved = replace(self, corners=corners, normals=normals)
        if np.linalg.det(linear) < 0:
            return moved._each(lambda array: array[:, ::-1])
        return moved

    def _each(self, change: Any, *others: "Raw") -> "Raw":
        """Returns a copy in which each array, if it is not None, is replaced by the result of `change`.

        The arguments of `change` are the array and the arrays of the same name in `others`.
        """
        arrays: dict[str, Any] = {
            name: None
            if getattr(self, name) is None
            else change(getattr(self, name), *(getattr(other, name) for other in others))
            for name in ("corners", "normals", "uvs", "corner_colors")
        }
        return replace(self, **arrays)


def with_colors(raw: Raw, colors: Floats) -> Raw:
    """Returns triangles with the vertex colours `colors` (m, 3, 3).

    If all vertex colours are equal, the result has this colour as its `color_rgb` instead.
    """
    colors = np.clip(np.where(np.isfinite(colors), colors, 0.7), 0.0, 1.0)
    if len(colors) and np.ptp(colors.reshape(-1, 3), axis=0).max() < 1 / 255:
        return replace(raw, color_rgb=rgb_of(colors[0, 0]))
    return replace(raw, corner_colors=colors)


def painted(raw: Raw, color: Color, tint: Color, image: Image.Image | None, notes: list[str]) -> Raw:
    """Returns triangles with the texture of a material or, if there is no usable texture, with its colour.

    Args:
        raw: The triangles.
        color: The colour, used only without a texture.
        tint: Factor on the colours of the texture.
        image: The texture; None if the material has none. It is used only if the triangles have texture
            coordinates.
        notes: If a texture is not used, the reason is added here.

    Raises:
        Refused: The texture has too many pixels.
    """
    if image is not None and raw.uvs is None:
        notes.append("a texture is ignored because there are no texture coordinates")
    texture = None if image is None or raw.uvs is None else decoded(image, notes)
    if texture is None:
        return replace(raw, color_rgb=color)
    return replace(raw, color_rgb=WHITE, texture=tinted(texture, tint))


def meant(tint: Color) -> Color:
    """Returns the colour by which the texture of an MTL material is to be multiplied.

    This is `tint`, or white if `tint` is a default value that an exporter writes for textured materials.
    """
    given = max(tint) > BLACK and not any(np.allclose(tint, grey, atol=0.002) for grey in MEANINGLESS)
    return tint if given else WHITE


def decoded(image: Image.Image, notes: list[str]) -> NDArray[np.uint8] | None:
    """Decodes an image to (h, w, 3); returns None, and adds a note to `notes`, if it is damaged.

    Raises:
        Refused: The image has too many pixels.
    """
    if image.width * image.height > MAX_IMAGE_PX:
        size = f"a texture of {image.width}x{image.height}, more than {MAX_IMAGE_PX // 10**6} million pixels"
        raise Refused("over a limit", f"contains {size}", "scale the image down")
    try:
        if image.mode in ("P", "LA", "RGBA", "PA"):
            image = image.convert("RGBA").convert("RGB")
        return np.asarray(eight_bit(image).convert("RGB"), np.uint8)
    except Exception as error:  # parsers of untrusted files can raise anything
        name = image.info.get("file_path")
        called = "a texture" if name is None else f"texture {name!r}"
        notes.append(f"{called} is damaged ({type(error).__name__}): the material colour is used")
        return None


def opened(content: bytes) -> Image.Image:
    """Opens an image from the bytes of its file; it is decoded on first access to its pixels."""
    return Image.open(io.BytesIO(content))


def tinted(texture: NDArray[np.uint8], factor: Color) -> NDArray[np.uint8]:
    """Multiplies a texture (h, w, 3) by a colour."""
    if min(factor) > 0.998:
        return texture
    return np.asarray(texture * np.array(factor, np.float32) + np.float32(0.5), np.uint8)


def rgb_of(color: NDArray[Any]) -> Color:
    """Converts a colour from a file to RGB, 0..1; returns grey if it is invalid.

    Integers are divided by 255; other numbers are only clipped to 0..1.
    """
    values = np.asarray(color).ravel()
    shares = values.astype(np.float64) / 255 if values.dtype.kind in "iu" else values.astype(np.float64)
    if len(shares) < 3 or not np.isfinite(shares[:3]).all():
        return GREY
    red, green, blue = (float(share) for share in np.clip(shares[:3], 0.0, 1.0))
    return red, green, blue
