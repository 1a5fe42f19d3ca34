"""Pascal VOC: one XML file per image in the devkit's folders, and optional masks as PNG files."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil, floor
from typing import ClassVar, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pydantic import Field

from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Xywh
from sim2coco.export.format import Add, Format
from sim2coco.export.names import Names, suffix
from sim2coco.export.spool import open_spool
from sim2coco.export.vocmasks import label_map, voc_masks
from sim2coco.storage import Store

ROOT = "voc/VOCdevkit/VOC2012"
TRUNCATED, OCCLUDED = 0.15, 0.05
"""Truncation and occlusion thresholds of VOC's flags, from VOC's annotation guidelines."""

log = logging.getLogger("sim2coco")


class Voc(Format):
    """Pascal VOC: boxes in XML files, and masks in PNG files of classes and of objects."""

    kind: Literal["voc"] = "voc"
    first_pixel: int = Field(1, ge=0, le=1)
    """1: as in VOC's devkit, pixels count from 1 and `xmax` is the last pixel; 0: edges of pixels."""
    masks: bool = False
    """Whether to write the masks too, in SegmentationClass and SegmentationObject."""
    folders: ClassVar[tuple[str, ...]] = ("voc",)

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Links the images, and writes the annotations after the last image."""
        names, unmasked, outside = Names(), 0, 0
        with open_spool() as files, open_spool() as lists:

            def add(image: LabelledImage) -> None:
                nonlocal unmasked, outside
                outside += sum(self._corners(image, label.bbox) is None for label in image.labels)
                name = names.flat(image)
                file = name + suffix(image).replace(".jpeg", ".jpg")
                target.link(image.file, f"{ROOT}/JPEGImages/{file}")
                masks = voc_masks(info, image) if self.masks else {}
                unmasked += masks is None
                files.add(f"{ROOT}/Annotations/{name}.xml", self._annotation(info, image, file, bool(masks)))
                lists.add(f"{ROOT}/ImageSets/Main/{image.split}.txt", f"{name}\n".encode())
                for folder, content in (masks or {}).items():
                    files.add(f"{ROOT}/{folder}/{name}.png", content)
                if masks:
                    lists.add(f"{ROOT}/ImageSets/Segmentation/{image.split}.txt", f"{name}\n".encode())

            yield add
            for name, content in files:
                target.put(name, content, sync=False)
            for name in dict.fromkeys(name for name, _ in lists):
                target.put(name, (line for other, line in lists if other == name))
        target.put(f"{ROOT}/labelmap.txt", label_map(info))
        if outside:
            log.warning("voc: %d labels are left out: their boxes are outside the image", outside)
        if unmasked:
            log.warning(
                "voc: %d images get no PNG masks: some labels have no mask, overlap, or exceed 254", unmasked
            )

    def _annotation(self, info: DatasetInfo, image: LabelledImage, file: str, masks: bool) -> bytes:
        """Returns the XML file of an image.

        Args:
            info: Metadata of the data set.
            image: The image.
            file: Name of the image file.
            masks: Whether masks of the image are exported, too.
        """
        root = Element("annotation")
        _texts(root, folder="VOC2012", filename=file)
        _texts(SubElement(root, "source"), database="sim2coco")
        _texts(SubElement(root, "size"), width=image.width, height=image.height, depth=3)
        _texts(root, segmented=int(masks))
        for label in image.labels:
            if (corners := self._corners(image, label.bbox)) is not None:
                entry = SubElement(root, "object")
                _texts(entry, name=info.categories[label.category], pose="Unspecified", **_flags(label))
                _texts(SubElement(entry, "bndbox"), **corners)
        indent(root)
        return str(tostring(root, encoding="unicode")).encode("utf-8", "replace") + b"\n"

    def _corners(self, image: LabelledImage, box: Xywh) -> dict[str, int] | None:
        """Returns the corners of a box in VOC's format, rounded outwards and clipped to the image.

        Returns None if no part of the box is inside the image.
        """
        x, y, width, height = box
        left, top = max(floor(x), 0), max(floor(y), 0)
        right, bottom = min(ceil(x + width), image.width), min(ceil(y + height), image.height)
        if right <= left or bottom <= top:
            return None
        first = self.first_pixel
        return {"xmin": left + first, "ymin": top + first, "xmax": right, "ymax": bottom}


def _flags(label: Label) -> dict[str, int]:
    """Returns VOC's flags of a label, 0 or 1: `truncated`, `occluded`, and `difficult` for a crowd."""
    shares = {name: label.attributes.get(name) for name in ("truncation", "occlusion")}
    truncation, occlusion = (value if isinstance(value, int | float) else 0 for value in shares.values())
    return {
        "truncated": int(truncation >= TRUNCATED),
        "occluded": int(occlusion >= OCCLUDED),
        "difficult": int(label.crowd),
    }


def _texts(parent: Element, **texts: str | int) -> None:
    """Appends child elements to `parent`: each keyword becomes an element with the given text.

    Characters that XML does not allow become U+FFFD.
    """
    for name, text in texts.items():
        SubElement(parent, name).text = re.sub(
            "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", str(text)
        )
