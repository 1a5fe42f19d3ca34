"""Draws labels over images, and arranges images on contact sheets."""

import colorsys
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.contactsheet import FONT_PX, Image, contact_sheet, text_width, write
from sim2coco.records import Picture, Xywh

Scalar = TypeVar("Scalar", bound=np.generic)
IGNORED_RGB, BLACK, WHITE = (160, 160, 160), (0, 0, 0), (255, 255, 255)
GAP_PX = 4
MIN_WIDTH_PX = 512
"""Images narrower than this are enlarged before labels are drawn, so that lines and text hide less."""


def color_of(category: int) -> tuple[int, int, int]:
    """The colour of a category; successive categories have very different hues."""
    red, green, blue = colorsys.hsv_to_rgb(category * 0.618034 % 1.0, 0.85, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


def overlay(image: Image, picture: Picture, names: tuple[str, ...]) -> Image:
    """Draws the labels of an image: filled visible masks, outlines of amodal masks, and bounding boxes.

    An object without a label gets a grey box with the reason why it has none.

    Args:
        image: RGB image of shape (H, W, 3).
        picture: The entry of the image in its record, with its labels.
        names: Names of the categories.

    Returns:
        A copy with the labels drawn, enlarged by a whole factor if it is narrower than `MIN_WIDTH_PX`.
    """
    times = -(-MIN_WIDTH_PX // picture.width)
    drawn = _enlarged(image, times)
    for label in picture.annotations:
        color = color_of(label.category)
        visible = _enlarged(decoded(label.counts, picture), times)
        drawn[visible] = (0.7 * drawn[visible] + 0.3 * np.array(color)).astype(np.uint8)
        amodal = _enlarged(decoded(label.amodal_counts, picture), times).astype(np.uint8)
        if label.amodal_area > label.area:
            contours, _ = cv2.findContours(amodal, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(drawn, contours, -1, color, 1)
    for label in picture.annotations:
        _box(drawn, label.bbox, times, color_of(label.category), names[label.category])
    for ignored in picture.ignored:
        _box(drawn, ignored.bbox, times, IGNORED_RGB, f"ignored: {ignored.reason}")
    return drawn


def _enlarged(pixels: NDArray[Scalar], times: int) -> NDArray[Scalar]:
    """A copy in which each pixel becomes a block of `times` x `times` pixels."""
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def decoded(counts: str, picture: Picture) -> NDArray[np.bool_]:
    """Decodes a mask of shape (H, W) from COCO's compressed run lengths."""
    size = [picture.height, picture.width]
    return np.asarray(coco_mask.decode({"size": size, "counts": counts.encode("ascii")}), np.bool_)


def _box(image: Image, box: Xywh, times: int, color: tuple[int, int, int], text: str) -> None:
    """Draws a bounding box just outside the mask, and text above it, or inside it at the top of the image."""
    x, y, width, height = (int(value) * times for value in box)
    cv2.rectangle(image, (x - 1, y - 1), (x + width, y + height), color, 1)
    left = int(np.clip(x, 1, max(1, image.shape[1] - 2 - text_width(text, bold=True))))
    base = y - 4 if y > FONT_PX + 4 else y + FONT_PX + 3
    write(image, text, (left, base), color, outline=BLACK)


def sheet(images: list[Image], columns: int, width_px: int = 400, titles: list[str] | None = None) -> Image:
    """Arranges images in rows of `columns` images, each scaled to `width_px` and with an optional title."""
    cells = [_scaled(image, width_px) for image in images]
    for cell, title in zip(cells, titles or (), strict=bool(titles)):
        write(cell, title, (6, len(cell) - 8), WHITE, outline=BLACK)
    return contact_sheet(cells, columns, GAP_PX)


def _scaled(image: Image, width_px: int) -> Image:
    height, width = image.shape[:2]
    shrink = cv2.INTER_AREA if width_px < width else cv2.INTER_LINEAR
    size_wh = width_px, round(height * width_px / width)
    return np.asarray(cv2.resize(image, size_wh, interpolation=shrink), np.uint8)
