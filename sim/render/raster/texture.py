"""Mipmaps of tiled textures, against aliasing on distant floors and boards."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import IMAGE, Pictures, Texture
from scenes.shot import Camera

BORDER = 2
BLENDED = 0.2
"""Width of the blended border of an image that does not tile, as a fraction of its side."""
SEAM_SIZES = (256, 32)
"""Image sizes in pixels at which the step across a seam is compared with steps inside the image."""
SEAM_RATIO = 1.1
SEAM_LEVELS = 1.0
"""An image tiles if the step across each seam, in grey levels, is at most `SEAM_RATIO` times the largest step
between two rows or columns inside the image, plus `SEAM_LEVELS`: a joint between bricks is no seam."""
SPARSE = 4
"""Footprints of pixels on a texture are evaluated at every fourth row and column, and interpolated."""
SLANT = 3.0
"""Ratio of distance to camera height above which textures are blurred more, which prevents aliasing at the
horizon."""
ROW = 512
"""Row length when a list of pixels is sampled: OpenCV rejects images of more than 32,766 rows."""
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Positions of pixels in the atlas of a mipmap; valid for all mipmaps of textures of the same size.

    Attributes:
        places: (x, y) for each of two levels, the finer first; x and y are (h, w). The coarser level is left
            out if `part` is 0 everywhere.
        part: (h, w) weight of the coarser level.
    """

    places: tuple[tuple[Plane, Plane], ...]
    part: Plane


class Mipmap:
    """A mipmap of a square texture, all levels in one atlas, so that one `cv2.remap` samples any level.

    Args:
        pixels: (512, 512, 3) or (256, 256, 3) uint8.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """Builds all levels (Williams 1983)."""
        level = pixels
        levels = [level]
        while len(level) > 1:
            half = len(level) // 2
            level = np.asarray(cv2.resize(level, (half, half), interpolation=cv2.INTER_AREA), np.uint8)
            levels.append(level)
        padded = [
            np.pad(level, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="wrap") for level in levels
        ]
        self._sizes = np.array([len(level) for level in levels], np.float32)
        tops = np.cumsum([0, *(len(level) for level in padded[:-1])]).astype(np.float32)
        self._size_of, self._top_of = (np.zeros(256, np.float32) for _ in range(2))
        self._size_of[: len(levels)] = self._sizes
        self._top_of[: len(levels)] = tops + np.float32(BORDER - 0.5)
        width = len(padded[0])
        self._atlas = np.concatenate(
            [np.pad(level, ((0, 0), (0, width - len(level)), (0, 0))) for level in padded]
        )

    def sample(self, u: Plane, v: Plane, footprint: Plane) -> NDArray[np.uint8]:
        """The texture at given coordinates, averaged over the footprint of each pixel.

        Args:
            u: (h, w) horizontal coordinate in tiles.
            v: (h, w) vertical coordinate in tiles.
            footprint: Side in tiles of the area that a pixel covers; an array of any size, resized to (h, w).

        Returns:
            (h, w, 3) uint8 RGB.
        """
        return self.at(self.lookup(u, v, footprint))

    def lookup(self, u: Plane, v: Plane, footprint: Plane) -> Lookup:
        """Returns the positions in the atlas from which `sample` reads the texture at `u` and `v`."""
        fine = np.log2(np.maximum(footprint * self._sizes[0], np.float32(1.0)))
        fine = np.minimum(fine, np.float32(len(self._sizes) - 1.001))
        fine = fine if fine.shape == u.shape else cv2.resize(fine, u.shape[::-1])
        low = fine.astype(np.uint8)
        part = fine - low
        u, v = u - np.floor(u), v - np.floor(v)
        levels = (low, low + np.uint8(1)) if part.any() else (low,)
        return Lookup(tuple(self._places(u, v, level) for level in levels), part)

    def along(self, u: Plane, v: Plane, footprint: Plane) -> NDArray[np.uint8]:
        """Returns the colours (n, 3) of n pixels; as `sample`, but all arguments have shape (n,)."""
        shape = -(-len(u) // ROW), ROW
        rows = (np.resize(values, shape) for values in (u, v, footprint))  # repeats the first ones at the end
        return self.sample(*rows).reshape(-1, 3)[: len(u)]

    def at(self, lookup: Lookup) -> NDArray[np.uint8]:
        """Samples the texture (h, w, 3) at the positions of a lookup."""
        sharp, *soft = (cv2.remap(self._atlas, x, y, cv2.INTER_LINEAR) for x, y in lookup.places)
        if not soft:
            return np.asarray(sharp, np.uint8)
        return np.asarray(
            cv2.blendLinear(sharp, soft[0], np.float32(1.0) - lookup.part, lookup.part), np.uint8
        )

    def _places(self, u: Plane, v: Plane, level: NDArray[np.uint8]) -> tuple[Plane, Plane]:
        size, top = cv2.LUT(level, self._size_of), cv2.LUT(level, self._top_of)
        return u * size + np.float32(BORDER - 0.5), v * size + top


def square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Central square of an image, resized to 512 px, or to 256 px if the square is smaller than 512 px."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    wanted = 512 if side >= 512 else 256
    middle = pixels[top : top + side, left : left + side]
    if side == wanted:
        return middle
    return np.asarray(cv2.resize(middle, (wanted, wanted), interpolation=cv2.INTER_AREA), np.uint8)


def seamless(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Makes a square image (n, n, 3) tile by blending its borders with its middle.

    The blended parts keep the contrast of the other parts; a simple mean of two unrelated parts of a
    photograph would have less contrast.
    """
    image = pixels.astype(np.float32)
    middle = image.mean(axis=(0, 1))
    place = (np.arange(len(image), dtype=np.float32) + np.float32(0.5)) / len(image)
    own = np.clip(np.minimum(place, 1 - place) / BLENDED, 0, 1)
    own = own * own * (3 - 2 * own)
    for axis in (0, 1):
        weight = own[:, None, None] if axis == 0 else own[:, None]
        moved = np.roll(image, len(image) // 2, axis=axis)
        contrast = np.sqrt(weight * weight + (1 - weight) * (1 - weight))
        image = middle + (weight * (image - middle) + (1 - weight) * (moved - middle)) / contrast
    return np.asarray(np.rint(np.clip(image, 0, 255)), np.uint8)


def tiles(pixels: NDArray[np.uint8]) -> bool:
    """Whether a square image (n, n, 3) can be repeated without a visible seam: opposite borders match."""
    for side in SEAM_SIZES:
        small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        for image in (small, small.swapaxes(0, 1)):
            steps = np.abs(np.diff(image, axis=0)).mean(axis=(1, 2))
            if np.abs(image[0] - image[-1]).mean() > SEAM_RATIO * steps.max() + SEAM_LEVELS:
                return False
    return True


def filtered(pictures: Pictures, texture: Texture) -> Mipmap:
    """The mipmap of a texture; an image from a folder is made seamless if it does not tile."""
    pixels = square(pictures(texture))
    return Mipmap(seamless(pixels) if texture.kind == IMAGE and not tiles(pixels) else pixels)


def footprint(camera: Camera, tile_m: float, place: tuple[Plane, Plane], eye: Plane, depth: Plane) -> Plane:
    """Side, in tiles, of the area that a pixel covers on a plane, for a coarse grid of pixels.

    Args:
        camera: The camera.
        tile_m: Side length of a tile of the texture.
        place: Two coordinates (h, w) in the plane.
        eye: (3,) the camera's coordinates along the same two axes, and its height above the plane.
        depth: (h, w) depth in metres.
    """
    height_m = max(eye[2], np.float32(1e-6))
    sparse = np.s_[SPARSE // 2 :: SPARSE, SPARSE // 2 :: SPARSE] if min(depth.shape) > SPARSE else np.s_[:, :]
    first, second = place
    away = np.sqrt((first[sparse] - eye[0]) ** 2 + (second[sparse] - eye[1]) ** 2 + height_m**2) / height_m
    return _covered(camera, tile_m, away, depth[sparse])


def slanted(
    camera: Camera, tile_m: float, places: Plane, eye_m: NDArray[np.float64], axis: int, depth: Plane
) -> Plane:
    """Side, in tiles, of the area that each of n pixels covers on planes perpendicular to an axis: (n,).

    Args:
        camera: The camera.
        tile_m: Side length of a tile of the texture.
        places: (3, n) points that the pixels show.
        eye_m: (3,) position of the camera.
        axis: The axis to which the planes are perpendicular.
        depth: (n,) depth in metres.
    """
    away = places - eye_m.astype(np.float32)[:, None]
    height_m = np.maximum(np.abs(away[axis]), np.float32(1e-6))
    return _covered(camera, tile_m, np.sqrt((away * away).sum(axis=0)) / height_m, depth)


def _covered(camera: Camera, tile_m: float, away: Plane, depth: Plane) -> Plane:
    """Side in tiles of the area that a pixel covers.

    Args:
        camera: The camera.
        tile_m: Side of a tile in metres.
        away: Distance from the camera, divided by the height of the camera above the plane.
        depth: Depth in metres.
    """
    # The width of the area is depth / f, its length the width times `away`. The geometric mean of both keeps
    # planes sharp; beyond the ratio SLANT, at grazing angles, the side grows in proportion to the length.
    scale = np.float32(1.0 / min(camera.fx, camera.fy) / tile_m)
    longer = np.sqrt(away * np.maximum(away * np.float32(1 / SLANT), np.float32(1)))
    return np.asarray(depth * scale * longer, np.float32)
