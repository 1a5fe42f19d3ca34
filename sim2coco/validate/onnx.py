"""Runs a user's detector from an ONNX file with OpenCV."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.pixels import read_pixels
from sim2coco.validate.data import Pixels
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.found import Found, Numbers
from sim2coco.validate.scoring import MOST, Reference

GREY = 114
"""Pixel value of the border, as in Ultralytics' training."""
SURE, OVERLAP = 0.001, 0.7
"""Score threshold and IoU threshold of non-maximum suppression, as in Ultralytics' validation."""


def run_onnx(
    file: Path,
    reference: Reference,
    names: Sequence[str],
    side_px: int,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Found, ...]:
    """Runs a detector on each image of a reference.

    The input is each image as RGB from 0 to 1, scaled into a grey square. The output must have Ultralytics'
    format: (1, 4 + classes, n) with centre x, centre y, width, height and one score for each class; or, for
    models that include non-maximum suppression, (1, n, 6) with x0, y0, x1, y1, score and class.

    Args:
        file: The ONNX file.
        reference: The images.
        names: The detector's class names, in order.
        side_px: Side of the square input.
        progress: Called with the number of images done so far.

    Raises:
        ValidateError: OpenCV cannot read or run the model, or its output has an unexpected shape.
    """
    try:
        network = cv2.dnn.readNetFromONNX(str(file))
    except cv2.error as error:
        raise ValidateError(f"--predictions: OpenCV cannot read {file}: {_reason(error)}") from error
    index = {name: rank for rank, name in enumerate(reference.names)}
    classes = np.array([index.get(name, -1) for name in names], np.int64)
    found = []
    for rank, image in enumerate(reference.images):
        pixels = read_pixels(image)
        scale = min(side_px / image.width, side_px / image.height)
        own = _decoded(_output(network, _square(pixels, scale, side_px), file), len(names), file)
        own = Found(own.boxes, own.scores, classes[own.classes])
        found.append(own.chosen(own.classes >= 0).placed(scale, image.width, image.height))
        progress(rank + 1)
    return tuple(found)


def _reason(error: cv2.error) -> str:
    return str(error).strip().splitlines()[-1]


def _square(pixels: Pixels, scale: float, side_px: int) -> NDArray[np.float32]:
    """Scales an image into the corner of a grey square; returns (1, 3, side, side), from 0 to 1."""
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    whole = np.full((side_px, side_px, 3), GREY, np.uint8)
    whole[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def _output(network: cv2.dnn.Net, image: NDArray[np.float32], file: Path) -> Numbers:
    try:
        network.setInput(image)
        return np.asarray(network.forward(), np.float64)
    except cv2.error as error:
        told = f"--predictions: OpenCV cannot run {file} on {image.shape[2]} px; set another --input"
        raise ValidateError(f"{told}: {_reason(error)}") from error


def _decoded(output: Numbers, num_classes: int, file: Path) -> Found:
    """Converts the output of an ONNX detector to detections, in one of the two formats of `run_onnx`."""
    if output.ndim == 3 and output.shape[2] == 6 and output.shape[1] != num_classes + 4:
        rows = output[0]
        boxes, scores, labels = rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64)
        if ((labels < 0) | (labels >= num_classes)).any():
            raise ValidateError(
                f"--predictions: {file} has more than {num_classes} classes; name them with --classes"
            )
        return _certain(boxes, scores, labels)
    if output.ndim != 3 or output.shape[1] != num_classes + 4:
        shape = "x".join(map(str, output.shape))
        told = f"expected 1x{num_classes + 4}xN for {num_classes} classes, or 1xNx6"
        raise ValidateError(
            f"--predictions: the output of {file} is {shape}; {told}; name the classes with --classes"
        )
    rows = output[0].T
    centres, halves = rows[:, :2], rows[:, 2:4] / 2
    best = rows[:, 4:].argmax(1)
    boxes = np.hstack((centres - halves, centres + halves))
    return _certain(boxes, rows[np.arange(len(rows)), 4 + best], best).without_doubles(OVERLAP)


def _certain(boxes: Numbers, scores: Numbers, labels: NDArray[np.int64]) -> Found:
    order = np.argsort(-scores, kind="stable")[: 4 * MOST]
    return Found(boxes[order], scores[order], labels[order]).above(SURE)
