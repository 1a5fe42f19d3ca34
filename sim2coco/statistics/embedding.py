"""Image embeddings from a user's ONNX network, run with OpenCV."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.seeding import rng_for
from sim2coco.statistics.diversity import Vectors
from sim2coco.statistics.measures import ImageMeasures

SIDE_PX = 224
MEAN_RGB, DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's pixel mean and standard deviation, with which most networks expect images to be normalised."""
LONGEST = 2048
"""Length to which longer outputs, such as feature maps, are reduced."""


def embed(
    images: Sequence[ImageMeasures], model: Path, progress: Callable[[int], None], side_px: int = SIDE_PX
) -> Vectors:
    """Computes the embedding of each image: the network's flattened output, L2-normalised and mean-centred.

    Outputs with more than 2,048 values are reduced by a count sketch (Charikar et al. 2002): each value is
    added with a random sign to a random one of 2,048 sums. This changes cosine similarities by about 0.02.

    Args:
        images: The measures of the images.
        model: An ONNX file with input (n, 3, side, side), normalised RGB.
        progress: Called with the number of images done so far.
        side_px: Side of the input.

    Raises:
        DataSetError: The network cannot be read or run, or an image cannot be read.
    """
    network = _network(model)
    found: list[NDArray[np.float32]] = []
    for image in images:
        found.append(_output(network, model, _input(image, side_px)))
        progress(len(found))
    if not found:
        return np.zeros((0, 0), np.float32)
    vectors = np.array(found)
    return np.asarray(vectors - vectors.mean(axis=0, dtype=np.float64), np.float32)


def _network(model: Path) -> cv2.dnn.Net:
    try:
        network: cv2.dnn.Net = cv2.dnn.readNetFromONNX(np.frombuffer(model.read_bytes(), np.uint8))
    except OSError as error:
        raise DataSetError(f"--embedding: {model}: cannot be read ({error.strerror})") from error
    except cv2.error as error:
        raise DataSetError(f"--embedding: {model}: not an ONNX network that OpenCV can run") from error
    return network


def _input(image: ImageMeasures, side_px: int) -> NDArray[np.float32]:
    """Reads an image as normalised RGB (3, side, side)."""
    whole = LabelledImage(image.split, image.name, image.file, image.width, image.height, ())
    pixels = cv2.resize(read_pixels(whole, side_px), (side_px, side_px), interpolation=cv2.INTER_AREA)
    normal = (pixels.astype(np.float32) / 255 - np.array(MEAN_RGB)) / np.array(DEVIATION_RGB)
    return np.ascontiguousarray(normal.transpose(2, 0, 1), np.float32)


def _output(network: cv2.dnn.Net, model: Path, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The embedding of one image; not batched, because many networks have a fixed batch size of 1."""
    try:
        network.setInput(image[None])
        output = np.asarray(network.forward(), np.float64).ravel()
    except cv2.error as error:
        size = f"{image.shape[-1]}x{image.shape[-1]}"
        raise DataSetError(f"--embedding: {model}: cannot be run on RGB images of {size}") from error
    if not np.isfinite(output).all():
        raise DataSetError(f"--embedding: {model}: its output is not finite")
    if len(output) > LONGEST:
        places, signs = _folds(len(output))
        output = np.asarray(np.bincount(places, signs * output, LONGEST), np.float64)
    return np.asarray(output / max(float(np.linalg.norm(output)), 1e-12), np.float32)


@lru_cache(maxsize=1)
def _folds(length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Samples the count sketch that reduces an output of `length` values; always the same for a given length.

    Returns:
        sums: (length,) index of the sum to which each value is added.
        signs: (length,) 1 or -1, the factor of each value.
    """
    rng = rng_for(0, scene=0, stream="select")
    return rng.integers(LONGEST, size=length), rng.choice([-1.0, 1.0], length)
