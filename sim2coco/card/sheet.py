"""The contact sheet of a card: a few images with their masks."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.contactsheet import contact_sheet
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.datasets.pixels import read_pixels

CELL_PX = 240
"""Width of each image on the sheet in pixels."""
COLUMNS = 4
GAP_PX = 4
QUALITY = 85
MAX_DRAWN = 50
"""Maximum number of labels that are drawn in each image, the largest first."""
TINT = 0.35

Image = NDArray[np.uint8]


def sheet(images: Sequence[LabelledImage]) -> bytes:
    """Renders a contact sheet as a JPEG: images with outlined visible masks. Each category has a colour.

    Images that cannot be read are left out.
    """
    cells = [cell for image in images if (cell := _cell(image)) is not None]
    cells = cells or [np.full((CELL_PX * 3 // 4, CELL_PX, 3), 255, np.uint8)]
    page = contact_sheet(cells, COLUMNS, GAP_PX)
    _, content = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return content.tobytes()


def _cell(image: LabelledImage) -> Image | None:
    try:
        pixels = read_pixels(image)
    except DataSetError:
        return None
    size_wh = CELL_PX, max(1, round(image.height * CELL_PX / image.width))
    cell = np.array(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    drawn = sorted(image.labels, key=lambda label: -label.area)[:MAX_DRAWN]
    for label in drawn:
        _draw(cell, image, label)
    return cell


def _draw(cell: Image, image: LabelledImage, label: Label) -> None:
    """Tints and outlines the visible mask of a label, or draws its box if it has no mask."""
    color = _color_of(label.category)
    if label.counts is None:
        scale = cell.shape[1] / image.width
        x, y, width, height = (round(value * scale) for value in label.bbox)
        cv2.rectangle(cell, (x, y), (x + width, y + height), color, 1)
        return
    whole = coco_mask.decode({"size": [image.height, image.width], "counts": label.counts.encode("ascii")})
    mask = cv2.resize(np.asarray(whole), cell.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    inside = mask > 0
    cell[inside] = ((1 - TINT) * cell[inside] + TINT * np.array(color)).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(cell, contours, -1, color, 1)


def _color_of(category: int) -> tuple[int, int, int]:
    """A saturated colour; successive categories have very different hues."""
    hue = np.array([[[round(180 * (category * 0.618034 % 1.0)) % 180, 217, 255]]], np.uint8)
    red, green, blue = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue
