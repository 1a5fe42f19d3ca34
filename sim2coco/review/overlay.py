"""Draws labels over images, and arranges images on contact sheets."""

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.contactsheet import Image, Rgb, caption_width, captioned, contact_sheet, wrapped
from sim2coco.datasets.labelled import Label, LabelledImage, Xywh
from sim2coco.datasets.masks import crop
from sim2coco.records import Picture
from sim2coco.review.names import Name, write_names

IGNORED_RGB, BLACK = (160, 160, 160), (0, 0, 0)
GAP_PX = 4
TINT = 0.2
"""Weight of the category's colour in the tinted pixels of an object; the rest is the image."""
GREYS = np.arange(256)
DASH_PX = 3
"""Length in pixels of the dashes and gaps in the outline of an amodal mask."""
POINT_PX = 3
"""Radius of keypoints in pixels."""
MIN_WIDTH_PX = 512
"""Narrower images are enlarged before labels are drawn, so that lines and text cover less."""
MAX_HEIGHT_PX = 4096
"""Images are not enlarged beyond this height."""


@dataclass(frozen=True, slots=True)
class Style:
    """Which parts of each label are drawn.

    Attributes:
        tint: Whether visible masks are tinted.
        outlines: Whether outlines and keypoints are drawn. An amodal mask that is larger than the visible
            mask gets a dashed outline.
        boxes: Whether boxes and names are drawn.
    """

    tint: bool = True
    outlines: bool = True
    boxes: bool = True


ALL = Style()


def color_of(category: int) -> Rgb:
    """The colour of a category; successive categories have very different hues."""
    red, green, blue = colorsys.hsv_to_rgb(category * 0.618034 % 1.0, 0.85, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


def overlay(
    pixels: Image,
    image: LabelledImage,
    names: tuple[str, ...],
    width_px: int | None = None,
    style: Style = ALL,
) -> Image:
    """Draws the labels of an image.

    The size of lines and text does not depend on the size of the image. Objects without a label get a grey
    box with the reason.

    Args:
        pixels: The RGB image of shape (H, W, 3).
        image: The labels.
        names: Names of the categories.
        width_px: Width of the result in pixels. By default, the image is enlarged by the smallest integer
            factor that gives a width of at least `MIN_WIDTH_PX`, or by a smaller integer factor to keep the
            height within `MAX_HEIGHT_PX`.
        style: Which parts of each label are drawn.

    Returns:
        A copy of the image, scaled to the width, with the labels drawn.
    """
    enlarged = max(1, min(-(-MIN_WIDTH_PX // image.width), MAX_HEIGHT_PX // image.height))
    scale = width_px / image.width if width_px else float(enlarged)
    drawn = _scaled(_tinted(pixels, image) if style.tint else pixels, scale)
    for label in image.labels if style.outlines else ():
        _outline(drawn, label, image)
        _points(drawn, label, scale)
    found: list[Name] = []
    for label in image.labels if style.boxes else ():
        found.append(_box(drawn, label.bbox, scale, color_of(label.category), names[label.category]))
    for ignored in (image.ignored or ()) if style.boxes else ():
        found.append(_box(drawn, ignored.bbox, scale, IGNORED_RGB, f"ignored: {ignored.reason}"))
    write_names(drawn, found)
    return drawn


def _tinted(pixels: Image, image: LabelledImage) -> Image:
    drawn = pixels.copy()
    for label in image.labels:
        if label.counts is not None and (visible := crop(label.counts, image.height)).mask.size:
            height, width = visible.mask.shape
            part = drawn[visible.top : visible.top + height, visible.left : visible.left + width]
            mixed = (1.0 - TINT) * GREYS[:, None] + TINT * np.array(color_of(label.category))
            tinted = cv2.LUT(part, mixed.astype(np.uint8)[None])  # saves the memory of a float copy
            np.copyto(part, tinted, where=visible.mask[..., None])
    return drawn


def _scaled(image: Image, scale: float) -> Image:
    """Returns a resized copy; an integer scale replicates pixels."""
    height, width = image.shape[:2]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if scale == int(scale) else cv2.INTER_LINEAR
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(cv2.resize(image, size_wh, interpolation=how), np.uint8)


def _outline(drawn: Image, label: Label, image: LabelledImage) -> None:
    """Draws the outline of the visible mask, and a dashed outline of the amodal mask if it is larger."""
    color, whole = color_of(label.category), label.amodal
    for contour in _contours(decoded(label.counts, image), drawn) if label.counts is not None else ():
        cv2.drawContours(drawn, [contour], -1, color, 1)
    if whole is not None and whole.area > label.area:
        for contour in _contours(decoded(whole.counts, image), drawn):
            x, y = contour[np.arange(len(contour)) // DASH_PX % 2 == 0, 0].T
            drawn[y, x] = color


def _points(drawn: Image, label: Label, scale: float) -> None:
    """Draws the keypoints of a label: discs for visible ones, circles for hidden ones."""
    for x, y, seen in label.keypoints or ():
        if seen:
            place = round(x * scale - 0.5), round(y * scale - 0.5)
            cv2.circle(drawn, place, POINT_PX + 1, BLACK, -1, cv2.LINE_AA)
            cv2.circle(drawn, place, POINT_PX, _lightened(color_of(label.category)), -1, cv2.LINE_AA)
            if seen == 1:
                cv2.circle(drawn, place, POINT_PX - 1, BLACK, -1, cv2.LINE_AA)


def _contours(mask: NDArray[np.bool_], drawn: Image) -> list[NDArray[np.int32]]:
    """Returns the outer contours (n, 1, 2) of a mask, in pixel coordinates of `drawn`.

    The mask is first scaled to the size of `drawn`. A contour contains all boundary pixels.
    """
    size_wh = drawn.shape[1], drawn.shape[0]
    grown = cv2.resize(mask.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(contour, np.int32) for contour in contours]


def decoded(counts: str, image: LabelledImage | Picture) -> NDArray[np.bool_]:
    """Decodes a mask of shape (H, W) from COCO's compressed RLE."""
    size = [image.height, image.width]
    return np.asarray(coco_mask.decode({"size": size, "counts": counts.encode("ascii")}), np.bool_)


def _box(image: Image, box: Xywh, scale: float, color: Rgb, text: str) -> Name:
    """Draws a bounding box.

    Returns `text` with the edges of the box, beside which it is to be written later.
    """
    edges = np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]]) * scale
    limit = max(image.shape)
    x, y, right, bottom = (round(edge) for edge in np.clip(edges, -limit, 2 * limit).tolist())
    cv2.rectangle(image, (x - 1, y - 1), (right, bottom), color, 1)
    return Name(text, (x, y, right, bottom), _lightened(color))


def _lightened(color: Rgb) -> Rgb:
    red, green, blue = ((value + 255) // 2 for value in color)
    return red, green, blue


def sheet(images: list[Image], columns: int, titles: list[str] | None = None) -> Image:
    """Arranges images of equal width in rows of `columns` images, each with an optional title below it."""
    cells = images
    if titles:
        lines = [wrapped(title, caption_width(images[0].shape[1])) for title in titles]
        room = max(map(len, lines))
        pairs = zip(images, lines, strict=True)
        cells = [captioned(image, below, [BLACK] * len(below), room) for image, below in pairs]
    return contact_sheet(cells, columns, GAP_PX)
