"""Draws labels over images, and arranges images on contact sheets."""

import colorsys
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.records import Picture, Xywh

Image = NDArray[np.uint8]
Scalar = TypeVar("Scalar", bound=np.generic)
IGNORED_RGB = (160, 160, 160)
MIN_WIDTH_PX = 512
"""Narrower images are enlarged, so that lines and text do not cover them."""


def color_of(category: int) -> tuple[int, int, int]:
    """The colour of a category; successive categories have very different hues."""
    red, green, blue = colorsys.hsv_to_rgb(category * 0.618034 % 1.0, 0.85, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


def overlay(image: Image, picture: Picture, names: tuple[str, ...]) -> Image:
    """An image with filled visible masks, outlines of amodal masks, and boxes; ignored objects are grey."""
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
    """A copy in which each pixel is repeated `times` x `times` times."""
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def decoded(counts: str, picture: Picture) -> NDArray[np.bool_]:
    """Decodes the run lengths of a mask (H, W)."""
    size = [picture.height, picture.width]
    return np.asarray(coco_mask.decode({"size": size, "counts": counts.encode("ascii")}), np.bool_)


def _box(image: Image, box: Xywh, times: int, color: tuple[int, int, int], text: str) -> None:
    """Draws a box just outside the mask, with a text above or in it."""
    x, y, width, height = (int(value) * times for value in box)
    cv2.rectangle(image, (x - 1, y - 1), (x + width, y + height), color, 1)
    scale = 0.4
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    left = int(np.clip(x, 0, max(0, image.shape[1] - text_width)))
    base = y - 4 if y > text_height + 6 else y + text_height + 4
    for paint, thickness in (((0, 0, 0), 3), (color, 1)):
        cv2.putText(image, text, (left, base), cv2.FONT_HERSHEY_SIMPLEX, scale, paint, thickness, cv2.LINE_AA)


def sheet(images: list[Image], columns: int, width_px: int = 400, titles: list[str] | None = None) -> Image:
    """Arranges images in rows of `columns`, each scaled to the same width in pixels."""
    cells = []
    for index, image in enumerate(images):
        height = round(image.shape[0] * width_px / image.shape[1])
        shrink = cv2.INTER_AREA if width_px < image.shape[1] else cv2.INTER_LINEAR
        cell = cv2.resize(image, (width_px, height), interpolation=shrink)
        if titles:
            for paint, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                where = (6, height - 8)
                cv2.putText(
                    cell, titles[index], where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, paint, thickness, cv2.LINE_AA
                )
        cells.append(cell)
    height = max(cell.shape[0] for cell in cells)
    rows = -(-len(cells) // columns)
    page = np.full((rows * (height + 4), columns * (width_px + 4), 3), 255, np.uint8)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * (height + 4), column * (width_px + 4)
        page[top : top + cell.shape[0], left : left + width_px] = cell
    return page


def png(image: Image) -> bytes:
    """Encodes an RGB image as PNG."""
    done, data = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise RuntimeError("OpenCV could not encode the sheet")
    return data.tobytes()
