"""The feature vector for comparing images: layout, appearance and categories.

- Layout (23 values): log(1 + number of objects); fraction of each cell of a 4 x 4 grid covered by boxes;
  mean and standard deviation of the box size, log₂ √(box area / image area), and of the log₂ aspect ratio;
  mean and minimum visible fraction.
- Appearance (75 values): for each cell of a 4 x 4 grid, mean L, a and b (CIELAB) and standard deviation of L;
  edge orientation histogram with 8 bins; brightness, contrast and sharpness.
- Categories (one value per category): log(1 + number of objects of the category).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.measures import ObjectMeasures
from sim2coco.statistics.pixels import PixelMeasures

GRID = 4
CELL_PX = 16
"""Side of a grid cell in pixels, in the reduced image used for colours and edges."""
DIRECTIONS = 8
LAYOUT, APPEARANCE = 1 + GRID**2 + 6, GRID**2 * 4 + DIRECTIONS + 3
"""Numbers of layout and appearance features."""

Vector = NDArray[np.float32]


def parts(features: int) -> dict[str, slice]:
    """Returns a dict from the parts of a feature vector (`layout`, `appearance`, `categories`) to slices.

    Args:
        features: Length of the feature vector.
    """
    return {
        "layout": slice(0, LAYOUT),
        "appearance": slice(LAYOUT, LAYOUT + APPEARANCE),
        "categories": slice(LAYOUT + APPEARANCE, features),
    }


def feature_vector(
    objects: tuple[ObjectMeasures, ...],
    size_wh: tuple[int, int],
    categories: int,
    pixels: NDArray[np.uint8],
    measured: PixelMeasures,
) -> Vector:
    """Computes the feature vector of an image.

    Args:
        objects: Measures of the image's labels.
        size_wh: Width and height of the image in pixels.
        categories: Number of categories of the data set.
        pixels: (h, w, 3) RGB, the image, which may be scaled down.
        measured: Measures of `pixels`.
    """
    numbers = np.bincount([one.category for one in objects], minlength=categories)
    found = [_layout(objects, size_wh), _appearance(pixels, measured), np.log1p(numbers)]
    return np.concatenate(found).astype(np.float32)


def _layout(objects: tuple[ObjectMeasures, ...], size_wh: tuple[int, int]) -> NDArray[np.float64]:
    boxes = np.array([one.box for one in objects], np.float64).reshape(-1, 4)
    seen = [1.0 if one.visible_fraction is None else one.visible_fraction for one in objects]
    relative = boxes / np.array([*size_wh, *size_wh])
    sides = np.maximum(relative[:, 2:], 1e-4)
    size, aspect = 0.5 * np.log2(sides.prod(axis=1)), np.log2(sides[:, 0] / sides[:, 1])
    aspect += np.log2(size_wh[0] / size_wh[1])
    rest = [_spread(size), _spread(aspect), (np.mean(seen), np.min(seen)) if seen else (1.0, 1.0)]
    return np.concatenate([[np.log1p(len(objects))], _covered(relative).ravel(), *rest])


def _spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation; 0 if there are no values."""
    return (float(values.mean()), float(values.std())) if len(values) else (0.0, 0.0)


def _covered(relative: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes how much of each cell of a 4 x 4 grid is covered by boxes.

    The fractions of a cell that lie inside the boxes are added up, so that overlapping boxes count several
    times. The sum is limited to 2.

    Args:
        relative: (n, 4) x, y, width and height of the boxes, as fractions of the image size.
    """
    edges = np.arange(GRID + 1) / GRID
    first, last = relative[:, :2, None], (relative[:, :2] + relative[:, 2:])[..., None]
    inside = np.maximum(np.minimum(last, edges[1:]) - np.maximum(first, edges[:-1]), 0) * GRID
    return np.asarray(np.minimum(inside[:, 1].T @ inside[:, 0], 2.0), np.float64)


def _appearance(pixels: NDArray[np.uint8], measured: PixelMeasures) -> NDArray[np.float64]:
    side = GRID * CELL_PX
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float64) / 100
    cells = lab.reshape(GRID, CELL_PX, GRID, CELL_PX, 3)
    rest = [measured.brightness / 255, measured.contrast / 128, measured.sharpness]
    spread = cells[..., 0].std(axis=(1, 3))
    return np.concatenate([cells.mean(axis=(1, 3)).ravel(), spread.ravel(), _directions(lab[..., 0]), rest])


def _directions(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalised histogram of edge orientations (0..180 degrees), weighted by gradient magnitude."""
    down, across = np.gradient(light)
    angle = np.arctan2(down, across) % np.pi
    bins = np.minimum((angle / np.pi * DIRECTIONS).astype(int), DIRECTIONS - 1)
    summed = np.bincount(bins.ravel(), np.hypot(down, across).ravel(), DIRECTIONS)
    return np.asarray(summed / max(float(summed.sum()), 1e-9))
