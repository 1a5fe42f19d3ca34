"""Sample images, with label overlays that can be shown and hidden."""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import Label, LabelledImage, Xywh
from sim2coco.datasets.pixels import read_pixels
from sim2coco.report.axes import short, svg
from sim2coco.review.overlay import color_of, decoded

LONGER_PX, QUALITY = 480, 80
"""The longer side of the sample images in pixels, and their JPEG quality."""
TOLERANCE_PX = 0.6
"""Maximum distance between a drawn outline and the mask's outline, in pixels of the sample image."""
MAX_DRAWN = 100
"""Maximum number of labels that are drawn in each image, the largest first."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample image.

    Attributes:
        name: `split/name` of the image.
        text: Description of the image's content.
        picture: SVG of the image with its label overlays.
    """

    name: str
    text: str
    picture: Markup


def samples(images: Sequence[LabelledImage], names: Sequence[str], workers: int) -> list[Sample]:
    """Makes the sample images of a report; leaves out images that cannot be read.

    Args:
        images: The images.
        names: Names of the categories.
        workers: Number of threads.
    """
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        found = list(pool.map(lambda image: _sample(image, names), images))
    return [sample for sample in found if sample is not None]


def _sample(image: LabelledImage, names: Sequence[str]) -> Sample | None:
    try:
        pixels = read_pixels(image)
    except DataSetError:
        return None
    scale = min(1.0, LONGER_PX / max(image.width, image.height))
    size_wh = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    drawn = sorted(image.labels, key=lambda label: -label.area)[:MAX_DRAWN]
    layers = [
        _layer("masks", [_mask(label, image, size_wh) for label in drawn]),
        _layer("amodal", [_amodal(label, image, size_wh) for label in drawn]),
        _layer(
            "boxes",
            [_box(label.bbox, scale, color(label.category), names[label.category]) for label in drawn],
        ),
        _layer("ignored", [_ignored(each.bbox, scale, each.reason) for each in image.ignored or ()]),
    ]
    told = contents_of(image, names)
    pixels_of = Markup('<image href="{}" width="{}" height="{}"/>').format(data_uri(small), *size_wh)
    picture = svg(Markup("").join([pixels_of, *layers]), told, *size_wh)
    return Sample(f"{image.split}/{image.name}", told, picture)


def contents_of(image: LabelledImage, names: Sequence[str]) -> str:
    """Describes in words what an image shows."""
    counts = Counter(names[label.category] for label in image.labels)
    told = ", ".join(f"{number} × {name}" for name, number in counts.most_common(8)) or "no objects"
    return told + (f"; {len(image.ignored)} ignored" if image.ignored else "")


def data_uri(pixels: NDArray[np.uint8], quality: int = QUALITY) -> str:
    """Encodes an RGB image (H, W, 3) as a JPEG data URI."""
    _, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg_uri(content.tobytes())


def jpeg_uri(content: bytes) -> str:
    """Encodes a JPEG file as a data URI."""
    return f"data:image/jpeg;base64,{b64encode(content).decode('ascii')}"


def color(category: int) -> str:
    """The colour of a category, as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*color_of(category))


def _layer(kind: str, parts: Sequence[Markup]) -> Markup:
    content = Markup("").join(parts)
    return Markup('<g class="{}">{}</g>').format(kind, content) if content else content


def _mask(label: Label, image: LabelledImage, size_wh: tuple[int, int]) -> Markup:
    path = _outline(label.counts, image, size_wh)
    hue = color(label.category)
    return Markup('<path fill="{}" stroke="{}" d="{}"/>').format(hue, hue, path) if path else Markup("")


def _amodal(label: Label, image: LabelledImage, size_wh: tuple[int, int]) -> Markup:
    """Returns the outline of a whole object as SVG; empty if no part of the object is hidden."""
    if label.amodal is None or label.amodal.area <= label.area:
        return Markup("")
    path = _outline(label.amodal.counts, image, size_wh)
    return Markup('<path stroke="{}" d="{}"/>').format(color(label.category), path)


def _outline(counts: str | None, image: LabelledImage, size_wh: tuple[int, int]) -> str:
    """Returns the outlines of a mask and of its holes as an SVG path; "" if `counts` is None."""
    if counts is None:
        return ""
    mask = cv2.resize(decoded(counts, image).astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return "".join(_path(np.asarray(contour)) for contour in contours)


def _path(contour: NDArray[np.int32]) -> str:
    points = np.asarray(cv2.approxPolyDP(contour, TOLERANCE_PX, True)).reshape(-1, 2)
    x, y = (points[0] + 0.5).tolist()
    steps = "".join(f" {dx} {dy}" for dx, dy in np.diff(points, axis=0).tolist())
    return f"M{short(x)} {short(y)}" + (f"l{steps[1:]}z" if steps else "h.1z")


def _box(bbox: Xywh, scale: float, hue: str, name: str) -> Markup:
    x, y, width, height = (short(value * scale) for value in bbox)
    box = Markup('<rect stroke="{}" x="{}" y="{}" width="{}" height="{}"/>').format(hue, x, y, width, height)
    words = Markup('<text x="{}" y="{}">{}</text>').format(x, short(max(bbox[1] * scale - 3, 10)), name)
    return Markup("{}{}").format(box, words)


def _ignored(bbox: Xywh, scale: float, reason: str) -> Markup:
    return _box(bbox, scale, "#bbbbbb", f"ignored: {reason}")
