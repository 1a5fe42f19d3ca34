"""Plots of a comparison: curves as SVG, and the images with the most errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.contactsheet import contact_sheet
from sim2coco.datasets.pixels import read_pixels
from sim2coco.png import png
from sim2coco.validate.data import IGNORED, Pixels, objects_of
from sim2coco.validate.found import Found, iou
from sim2coco.validate.results import Comparison, Report
from sim2coco.validate.scoring import Reference

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Colour-blind-safe colours (Okabe and Ito)."""
FOUND_RGB, MISSED_RGB, WRONG_RGB = (0, 158, 115), (230, 30, 30), (255, 176, 0)
CELL_PX, COLUMNS, GAP_PX, WORST = 320, 4, 4, 12
WIDTH_PX, HEIGHT_PX, MARGIN_PX = 560, 380, 56
SMOOTH_STEPS = 25
OVERLAP = 0.5

Points = Sequence[tuple[float, float]]


def precision_curves(report: Report) -> str:
    """Plots the precision at IoU 0.5 of each data set against recall, as SVG.

    The precision is averaged over categories and seeds.
    """
    lines = {}
    for result in report.results:
        mean = np.mean([scores.precision for scores in result.scores], axis=0)
        lines[result.name] = [(rank / (len(mean) - 1), float(value)) for rank, value in enumerate(mean)]
    return _chart("Precision by recall, IoU 0.5", "recall", "precision", lines, (1.0, 1.0))


def loss_curves(report: Report) -> str:
    """Plots the training loss of each data set against the step, as SVG.

    The loss is averaged over seeds and smoothed.
    """
    lines = {}
    for result in report.results:
        mean = np.mean(result.losses, axis=0)
        window = min(SMOOTH_STEPS, len(mean))
        smooth = np.convolve(mean, np.ones(window) / window, "valid")
        lines[result.name] = [(float(step + window), float(value)) for step, value in enumerate(smooth)]
    highest = max(float(np.quantile([y for _, y in line], 0.98)) for line in lines.values())
    return _chart("Loss by step", "step", "loss", lines, (float(report.steps), highest))


def _chart(title: str, across: str, up: str, lines: Mapping[str, Points], limits: tuple[float, float]) -> str:
    """Draws a line chart with five ticks on each axis, as SVG.

    Args:
        title: Title of the chart.
        across: Label of the horizontal axis.
        up: Label of the vertical axis.
        lines: The points of each line, keyed by the name that is shown for it.
        limits: Upper ends of the horizontal and the vertical axis; both start at 0.
    """
    inner = WIDTH_PX - 2 * MARGIN_PX, HEIGHT_PX - 2 * MARGIN_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" role="img"'
        f' font-family="sans-serif" font-size="13"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="white"/>',
        _text(WIDTH_PX / 2, 24, title, 'font-size="15"'),
        _text(WIDTH_PX / 2, HEIGHT_PX - 14, across),
        f'<g transform="translate(16 {HEIGHT_PX / 2}) rotate(-90)">{_text(0, 0, up)}</g>',
    ]
    for mark in range(5):
        x, y = MARGIN_PX + inner[0] * mark / 4, HEIGHT_PX - MARGIN_PX - inner[1] * mark / 4
        parts.append(f'<path d="M{MARGIN_PX} {y:.1f}h{inner[0]}" stroke="#ddd"/>')
        parts.append(_text(x, HEIGHT_PX - MARGIN_PX + 18, f"{limits[0] * mark / 4:g}"))
        parts.append(_text(MARGIN_PX - 20, y + 4, f"{limits[1] * mark / 4:.3g}"))
    for rank, (name, points) in enumerate(lines.items()):
        colour = COLOURS[rank % len(COLOURS)]
        placed = [
            f"{MARGIN_PX + inner[0] * x / limits[0]:.1f},"
            f"{HEIGHT_PX - MARGIN_PX - inner[1] * min(y / limits[1], 1.0):.1f}"
            for x, y in points
        ]
        parts.append(
            f'<polyline points="{" ".join(placed)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(_text(WIDTH_PX - MARGIN_PX, 44 + 16 * rank, name, f'fill="{colour}"', "end"))
    return "\n".join([*parts, "</svg>\n"])


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{escape(text)}</text>'


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """The errors of a detector in an image with n objects and m detections.

    Attributes:
        boxes: (n, 4) boxes of the objects, and (m, 4) boxes of the detections.
        missed: (n,) whether each object was missed (false negative).
        wrong: (m,) whether each detection is a false positive.
    """

    boxes: tuple[NDArray[np.float64], NDArray[np.float64]]
    missed: NDArray[np.bool_]
    wrong: NDArray[np.bool_]

    @property
    def number(self) -> int:
        """The number of missed objects plus the number of false positives."""
        return int(self.missed.sum() + self.wrong.sum())


def worst_images(comparison: Comparison, name: str) -> bytes:
    """Draws the images in which a detector makes the most errors, as PNG.

    One detector per seed is trained on each data set. This is the one that was trained first on the data set
    `name`.

    Green boxes are found objects, red boxes are missed objects, and orange boxes are false positives.
    """
    reference, found = comparison.reference, comparison.found[name]
    own = [objects_of(image, reference.classes) for image in reference.images]
    least = best_threshold(own, found)
    faults = [faults_of(objects, seen.above(least)) for objects, seen in zip(own, found, strict=True)]
    order = sorted(range(len(faults)), key=lambda index: (-faults[index].number, index))[:WORST]
    cells = [_drawn(reference, index, faults[index]) for index in order]
    return png(contact_sheet(cells, min(COLUMNS, len(cells)), GAP_PX))


Objects = Sequence[tuple[tuple[float, float, float, float], int]]


def best_threshold(objects: Sequence[Objects], found: Sequence[Found]) -> float:
    """Returns the score threshold from 0.1, 0.2, ..., 0.9 with the fewest errors; in a tie, the lowest."""
    candidates = [step / 10 for step in range(1, 10)]

    def count(score: float) -> int:
        pairs = zip(objects, found, strict=True)
        return sum(faults_of(own, seen.above(score)).number for own, seen in pairs)

    return min(candidates, key=count)


def faults_of(objects: Objects, found: Found) -> Faults:
    """Finds the errors in an image.

    Each detection, in descending order of score, is matched to the object of its class with the largest IoU
    among the objects not matched yet, if this IoU is at least 0.5. A detection without a match is a false
    positive, unless at least half of it lies inside an ignored object.
    """
    judged = [(box, label) for box, label in objects if label != IGNORED]
    boxes = np.array([box for box, _ in judged], np.float64).reshape(-1, 4)
    ignored = np.array([box for box, label in objects if label == IGNORED], np.float64).reshape(-1, 4)
    labels = np.array([label for _, label in judged], np.int64)
    missed = np.ones(len(boxes), np.bool_)
    wrong = np.ones(len(found), np.bool_)
    overlaps = iou(found.boxes, boxes) * (found.classes[:, None] == labels[None])
    for index, row in enumerate(overlaps):
        free = row * missed
        if free.size and free.max() >= OVERLAP:
            missed[free.argmax()] = wrong[index] = False
    wrong &= ~(_inside(found.boxes, ignored) >= OVERLAP).any(1)
    return Faults((boxes, found.boxes), missed, wrong)


def _inside(boxes: NDArray[np.float64], regions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the fraction (n, m) of the area of each box (n, 4) that lies inside each region (m, 4)."""
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2) / np.maximum(area[:, None], 1e-9))


def _drawn(reference: Reference, index: int, faults: Faults) -> Pixels:
    """Draws an image with its errors, scaled to fit a cell of the contact sheet."""
    pixels = read_pixels(reference.images[index])
    height, width = pixels.shape[:2]
    scale = min(CELL_PX / width, 2 * CELL_PX / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    drawn = np.full((size[1], CELL_PX, 3), 255, np.uint8)
    drawn[:, : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    objects, found = faults.boxes
    for boxes, chosen, colour in (
        (objects, ~faults.missed, FOUND_RGB),
        (found, faults.wrong, WRONG_RGB),
        (objects, faults.missed, MISSED_RGB),
    ):
        for x0, y0, x1, y1 in np.round(boxes[chosen] * scale).astype(int).tolist():
            cv2.rectangle(drawn, (x0, y0), (x1, y1), colour, 2)
    return drawn
