"""Vectors of images from a network in an ONNX file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.png import png
from sim2coco.statistics.embedding import DEVIATION_RGB, LONGEST, MEAN_RGB, embed
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import measure_image
from tests.validate.onnxfile import flattening


def written(folder: Path, rng: np.random.Generator, side_px: int, number: int) -> list[ImageMeasures]:
    """Noise of other colours in each image."""
    found = []
    for index in range(number):
        pixels = np.clip(rng.normal(rng.uniform(40, 200, 3), 40, (side_px, side_px, 3)), 0, 255)
        file = folder / f"{index}.png"
        file.write_bytes(png(pixels.astype(np.uint8)))
        found.append(measure_image(LabelledImage("", file.name, file, side_px, side_px, ()), 0))
    return found


def embedded(folder: Path, images: list[ImageMeasures], side_px: int) -> NDArray[np.float32]:
    """What the network gives that only flattens its input."""
    (folder / "model.onnx").write_bytes(flattening(side_px))
    done: list[int] = []
    found = embed(images, folder / "model.onnx", done.append, side_px)
    assert done == [*range(1, len(images) + 1)]
    return found


def expected(folder: Path, images: list[ImageMeasures]) -> NDArray[np.float64]:
    """The pixels of the images, normalised, with a length of 1, less their mean."""
    whole = [LabelledImage("", one.name, one.file, one.width, one.height, ()) for one in images]
    pixels = np.array([read_pixels(one) for one in whole]) / 255
    flat = ((pixels - MEAN_RGB) / DEVIATION_RGB).transpose(0, 3, 1, 2).reshape(len(images), -1)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(unit - unit.mean(axis=0), np.float64)


def test_the_vectors_are_the_output_of_the_network(tmp_path: Path, rng: np.random.Generator) -> None:
    images = written(tmp_path, rng, 16, 5)
    found = embedded(tmp_path, images, 16)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected(tmp_path, images), abs=1e-5)


def test_long_outputs_are_folded_and_keep_their_cosines(tmp_path: Path, rng: np.random.Generator) -> None:
    images = written(tmp_path, rng, 64, 12)
    found, exact = embedded(tmp_path, images, 64), expected(tmp_path, images)
    assert found.shape == (12, LONGEST) and exact.shape == (12, 3 * 64**2)
    assert found @ found.T == pytest.approx(exact @ exact.T, abs=0.1)
    assert np.array_equal(found, embedded(tmp_path, images, 64))


def test_no_images_have_no_vectors(tmp_path: Path) -> None:
    assert len(embedded(tmp_path, [], 16)) == 0
