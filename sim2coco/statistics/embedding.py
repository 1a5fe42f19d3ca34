"""Vectors of images from a user's network in an ONNX file, run with OpenCV."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.statistics.measures import ImageMeasures

SIDE_PX, BATCH = 224, 16
MEAN_RGB, DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's pixels, by which most networks expect images to be normalised."""


def embed(
    images: Sequence[ImageMeasures], model: Path, progress: Callable[[int], None], side_px: int = SIDE_PX
) -> list[NDArray[np.float32]]:
    """The output of a network for each image, flattened, with a length of 1, less the mean of all images.

    Args:
        images: The measures of the images.
        model: An ONNX file, whose input is (n, 3, side, side), normalised RGB.
        progress: Called with the number of images that are done.
        side_px: Side of the input.

    Raises:
        DataSetError: The network cannot be read or run, or an image cannot be read.
    """
    network = _network(model)
    found: list[NDArray[np.float64]] = []
    for start in range(0, len(images), BATCH):
        some = images[start : start + BATCH]
        found += _outputs(network, model, np.stack([_input(image, side_px) for image in some]))
        progress(len(found))
    vectors = np.array(found)
    return [*(vectors - vectors.mean(axis=0)).astype(np.float32)] if found else []


def _network(model: Path) -> cv2.dnn.Net:
    try:
        network: cv2.dnn.Net = cv2.dnn.readNetFromONNX(np.frombuffer(model.read_bytes(), np.uint8))
    except OSError as error:
        raise DataSetError(f"--embedding: {model}: cannot be read ({error.strerror})") from error
    except cv2.error as error:
        raise DataSetError(f"--embedding: {model}: not an ONNX network that OpenCV can run") from error
    return network


def _input(image: ImageMeasures, side_px: int) -> NDArray[np.float32]:
    """An image as (3, side, side), normalised."""
    whole = LabelledImage(image.split, image.name, image.file, image.width, image.height, ())
    pixels = cv2.resize(read_pixels(whole, side_px), (side_px, side_px), interpolation=cv2.INTER_AREA)
    normal = (pixels.astype(np.float32) / 255 - np.array(MEAN_RGB)) / np.array(DEVIATION_RGB)
    return np.ascontiguousarray(normal.transpose(2, 0, 1), np.float32)


def _outputs(network: cv2.dnn.Net, model: Path, batch: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """The vectors of some images, one at a time: many networks have a fixed batch of one."""
    vectors = []
    for image in batch:
        try:
            network.setInput(image[None])
            output = np.asarray(network.forward(), np.float64).ravel()
        except cv2.error as error:
            size = f"{batch.shape[-1]}x{batch.shape[-1]}"
            raise DataSetError(f"--embedding: {model}: does not run on RGB images of {size}") from error
        if not np.isfinite(output).all():
            raise DataSetError(f"--embedding: {model}: its output is not finite")
        vectors.append(output / max(float(np.linalg.norm(output)), 1e-12))
    return vectors
