"""Draws the instances that differ most from ray casting."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.casting import Mask, tight_box
from sim2coco.audit.dataset import DataSet, Image, read_json
from sim2coco.audit.findings import Instance, Report
from sim2coco.audit.geometry import Box
from sim2coco.audit.image import ImageAudit
from sim2coco.audit.meshes import Meshes
from sim2coco.audit.scene import Scene

CELL_PX = 360
"""Width of each output image in pixels."""
MARGIN, MIN_MARGIN_PX = 0.12, 6
"""Margin around an instance, as a fraction of the instance's longer side, and least margin in image px."""
LABEL_RGB, RAYS_RGB = (0, 230, 0), (255, 0, 255)
"""Colours of the label and the ray-cast mask, for outlines and for pixels that are only in that mask."""
TINT = 0.6
AROUND = np.ones((3, 3), np.uint8)
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A drawing of an instance.

    Attributes:
        title: The image, the instance and its category.
        told: A short description of the difference.
        picture: (h, w, 3) RGB, the image crop with the label's mask and the ray-cast mask.
    """

    title: str
    told: str
    picture: Picture


def worst_cases(data: DataSet, places: dict[str, Path], report: Report, number: int) -> list[Case]:
    """Draws the instances that differ most from ray casting.

    Instances with broken rules come first, then all others. Both groups begin with the largest `wrong_share`.

    Args:
        data: The data set.
        places: The mesh file of each asset that comes from a file, keyed by asset key.
        report: The audit report of the data set.
        number: Maximum number of instances.
    """
    broken: dict[tuple[str, int | None], str] = {}
    for finding in report.findings:
        broken.setdefault((finding.file, finding.instance), finding.rule)
    order = sorted(
        report.instances, key=lambda one: ((one.file, one.instance) not in broken, -one.wrong_share)
    )
    images, meshes = {image.file: image for image in data.images}, Meshes(data.run, places)
    return [
        _case(data, images[one.file], meshes, one, broken.get((one.file, one.instance), ""))
        for one in order[:number]
    ]


def _case(data: DataSet, image: Image, meshes: Meshes, instance: Instance, rule: str) -> Case:
    record = read_json(data.root / image.record)
    label, rays = ImageAudit(data, image, Scene(record, meshes), record).masks(instance.instance)
    pairs = {"mask": (label.masks[0], rays.visible)}
    if label.masks[1] is not None:
        pairs["amodal_mask"] = (label.masks[1], rays.amodal)
    # Use the mask of the broken rule, otherwise the mask with more differing pixels.
    wrong = {name: int((one != other).sum()) for name, (one, other) in pairs.items()}
    name = max(wrong, key=lambda key: (bool(rule) and rule.startswith(key.replace("_", " ")), wrong[key]))
    title = f"{Path(image.name).stem} · {instance.instance} · {label.category}"
    told = f"{rule or name.replace('_', ' ')}: {wrong[name]} of {int(pairs[name][1].sum())} px differ"
    return Case(title, told, _drawn(_read(data.root / image.file), *pairs[name]))


def _read(file: Path) -> Picture:
    """Reads an image as RGB. If it cannot be read, returns an image of one black pixel."""
    image = cv2.imread(str(file))
    return np.zeros((1, 1, 3), np.uint8) if image is None else np.asarray(image[..., ::-1], np.uint8)


def _drawn(image: Picture, label: Mask, rays: Mask) -> Picture:
    """Crops an image and outlines both masks: the label's mask inside its edge, the ray-cast mask outside."""
    if image.shape[:2] != label.shape:
        image = np.zeros((*label.shape, 3), np.uint8)
    part = _part(tight_box(label | rays) or (0, 0, 1, 1), label.shape)
    image, label, rays = image[part], label[part], rays[part]
    drawn = image.astype(np.float64)
    for mask, color in ((label & ~rays, LABEL_RGB), (rays & ~label, RAYS_RGB)):
        drawn[mask] = (1 - TINT) * drawn[mask] + TINT * np.array(color)
    size_wh = CELL_PX, max(1, round(CELL_PX * label.shape[0] / label.shape[1]))
    cell = cv2.resize(drawn.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
    for mask, color, inside in ((label, LABEL_RGB, True), (rays, RAYS_RGB, False)):
        grown = cv2.resize(mask.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
        other = cv2.erode(grown, AROUND) if inside else cv2.dilate(grown, AROUND)
        cell[np.asarray(other != grown)] = color
    return np.asarray(cell, np.uint8)


def _part(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Row and column slices of a crop around a box; a crop of a tall, narrow box is widened."""
    x0, y0, x1, y1 = box
    margin = max(round(MARGIN * max(x1 - x0, y1 - y0)), MIN_MARGIN_PX)
    across = max(0, round((y1 - y0) / 1.25 - (x1 - x0)) // 2)
    rows = slice(max(y0 - margin, 0), min(y1 + margin, shape[0]))
    return rows, slice(max(x0 - margin - across, 0), min(x1 + margin + across, shape[1]))
