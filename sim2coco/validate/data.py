"""Images and boxes at the detector's input size, in memory."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.validate.errors import ValidateError

STRIDE_PX = 32
"""The sides of the canvas are multiples of this."""
GREY = 128
"""Pixel value of the canvas outside the image."""
IGNORED = -1
"""Class of an ignored region, in which detections count neither as correct nor as wrong."""
MEMORY_BYTES = 2 * 2**30
"""Larger image arrays are kept in a temporary file."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float32]
"""(n, 4), x0, y0, x1, y1 in pixels."""
Indices = NDArray[np.int64]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The detector's input size.

    Attributes:
        long_px: Length to which the longer side of each image is scaled.
        width: Width in pixels, a multiple of 32.
        height: Height in pixels, a multiple of 32.
    """

    long_px: int
    width: int
    height: int

    def scale(self, width: int, height: int) -> float:
        """Returns the factor that scales an image of this size to the canvas."""
        return self.long_px / max(width, height)


def canvas_for(sizes: Sequence[tuple[int, int]], long_px: int) -> Canvas:
    """Returns the smallest canvas that fits all images.

    Args:
        sizes: Width and height of each image in pixels.
        long_px: Length to which the longer side of each image is scaled. If all images are smaller, their
            longest side is used instead.
    """
    long_px = min(long_px, max(max(size) for size in sizes))
    scaled = [
        (width * long_px / max(width, height), height * long_px / max(width, height))
        for width, height in sizes
    ]
    width, height = (max(1, *(round(size[axis]) for size in scaled)) for axis in (0, 1))
    return Canvas(long_px, -(-width // STRIDE_PX) * STRIDE_PX, -(-height // STRIDE_PX) * STRIDE_PX)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Images with their boxes on the canvas.

    Attributes:
        pixels: (N, height, width, 3) RGB; each image is in the upper left corner of the canvas.
        boxes: For each image, its boxes (n, 4) in canvas pixels.
        classes: For each image, the classes (n,) of its boxes; `IGNORED` for an ignored region.
    """

    pixels: Pixels
    boxes: tuple[Boxes, ...]
    classes: tuple[Indices, ...]

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self.boxes)


def read_examples(
    images: Sequence[LabelledImage],
    classes: Sequence[int | None],
    canvas: Canvas,
    progress: Progress = lambda done: None,
) -> Examples:
    """Reads images and their boxes.

    Args:
        images: The images.
        classes: One entry per category of the data set: its class, or None if the category is not used.
        canvas: The detector's input size.
        progress: Called with the number of images read so far.

    Raises:
        DataSetError: An image cannot be read.
        ValidateError: There is too little disk space for the images.
    """
    pixels = _array((len(images), canvas.height, canvas.width, 3))
    boxes, labels = [], []
    for index, image in enumerate(images):
        pixels[index] = _on_canvas(read_pixels(image), canvas)
        own = objects_of(image, classes)
        scale = canvas.scale(image.width, image.height)
        boxes.append(np.array([box for box, _ in own], np.float32).reshape(-1, 4) * np.float32(scale))
        labels.append(np.array([label for _, label in own], np.int64))
        progress(index + 1)
    return Examples(pixels, tuple(boxes), tuple(labels))


def objects_of(
    image: LabelledImage, classes: Sequence[int | None]
) -> list[tuple[tuple[float, float, float, float], int]]:
    """Returns (box, class) of each object of an image; boxes are x0, y0, x1, y1 in pixels of the file.

    Crowds and visible objects without a label are ignored regions.
    """
    found = []
    for label in image.labels:
        number = classes[label.category]
        if number is not None and label.bbox[2] > 0 and label.bbox[3] > 0:
            found.append((_corners(label.bbox), IGNORED if label.crowd else number))
    for ignored in image.ignored or ():
        if classes[ignored.category] is not None and ignored.bbox[2] > 0 and ignored.bbox[3] > 0:
            found.append((_corners(ignored.bbox), IGNORED))
    return found


def _corners(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x, y, x + width, y + height


def _on_canvas(pixels: Pixels, canvas: Canvas) -> Pixels:
    """Scales an image into the upper left corner of a grey canvas."""
    height, width = pixels.shape[:2]
    # Photographs without objects may have a different aspect ratio from the data sets.
    scale = min(canvas.scale(width, height), canvas.width / width, canvas.height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size != (width, height):
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)
    whole = np.full((canvas.height, canvas.width, 3), GREY, np.uint8)
    whole[: size[1], : size[0]] = pixels
    return whole


def _array(shape: tuple[int, int, int, int]) -> Pixels:
    """Allocates an image array in memory, or in a temporary file if it is large."""
    size = int(np.prod(shape, dtype=np.int64))
    if size <= MEMORY_BYTES:
        return np.empty(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)  # fails if the disk is full, before a SIGBUS
        except OSError as error:
            told = (
                f"{size / 2**30:.0f} GiB are needed for images in {tempfile.gettempdir()}: {error.strerror}"
            )
            raise ValidateError(f"validate: {told}; set TMPDIR to a folder with more space") from error
        return np.memmap(file, np.uint8, "r+", shape=shape)


def photographs(folder: Path) -> list[LabelledImage]:
    """Lists the images in a folder as images without objects.

    Raises:
        ValidateError: The folder has no images, or an image cannot be read.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise ValidateError(f"--negatives: {folder} has no images ({', '.join(SUFFIXES)})")
    return [_without_objects(path) for path in files]


def _without_objects(path: Path) -> LabelledImage:
    try:
        with Image.open(path) as image:
            width, height = image.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        told = f"--negatives: {path}: cannot be read as an image ({type(error).__name__})"
        raise ValidateError(told) from error
    return LabelledImage("train", path.name, path, width, height, ())
