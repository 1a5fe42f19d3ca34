"""Writes a COCO file in bounded memory."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from sim2coco.check.masks import run_lengths
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Scalar
from sim2coco.datasets.masks import crop
from sim2coco.export.boxes3d import box_3d
from sim2coco.export.objects import keypoints
from sim2coco.export.outlines import bridged, edge_loops

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class MaskStyle:
    """The encoding of masks.

    Attributes:
        polygons: Whether to write one polygon per object instead of RLE. Crowds then are uncompressed RLE, as
            in COCO's own files.
        compressed: Whether to write RLE as compressed text instead of a list of numbers.
    """

    polygons: bool = False
    compressed: bool = True

    def segmentation(self, counts: str | None, height: int, width: int, crowd: bool) -> Any:
        """Returns the COCO `segmentation` of a mask; an empty list if there is no mask.

        Args:
            counts: The mask's compressed RLE; None if there is no mask.
            height: Image height in pixels.
            width: Image width in pixels.
            crowd: Whether the annotation is a crowd.
        """
        if counts is None:
            return []
        if self.polygons and not crowd:
            return polygons(counts, height)
        plain = not self.compressed or self.polygons
        return {"size": [height, width], "counts": run_lengths(counts).tolist() if plain else counts}


def polygons(counts: str, height: int) -> list[list[int]]:
    """Converts a mask to COCO's list of polygons: one polygon along pixel edges, or none for an empty mask.

    Parts and holes are joined by bridges (`sim2coco.export.outlines`), because readers fill the holes of
    separate polygons.
    """
    found = crop(counts, height)
    loops = edge_loops(found.mask)
    return [(bridged(loops) + np.array([found.left, found.top])).ravel().tolist()] if loops else []


@contextmanager
def coco_file(info: DatasetInfo) -> Iterator["CocoFile"]:
    """Yields an empty COCO file, to which the images of a data set can be added in a `with` block."""
    with TemporaryFile() as images, TemporaryFile() as annotations:
        yield CocoFile(info, {"images": images, "annotations": annotations})


class CocoFile:
    """Collects the entries of a COCO file in temporary files until all images have been added.

    Attributes:
        images: Number of images so far.
        annotations: Number of annotations so far.
    """

    def __init__(self, info: DatasetInfo, spools: Mapping[str, IO[bytes]]) -> None:
        """Stores the open temporary files, keyed by `images` and `annotations`."""
        self._info, self._spools = info, spools
        self.images = self.annotations = 0

    def add(
        self, image: LabelledImage, masks: MaskStyle, amodal: bool = False, boxes_3d: bool = False
    ) -> None:
        """Adds an image and an annotation for each of its labels.

        Args:
            image: The image.
            masks: The encoding of masks.
            amodal: Whether to write amodal masks, areas and boxes.
            boxes_3d: Whether to write 3-D boxes.
        """
        self.add_image(image)
        for label in image.labels:
            self.annotations += 1  # labels without an amodal mask also count, so that ids agree
            shape = label.amodal if amodal else label
            if shape is None:
                continue
            entry = annotation_entry(self._info, self.annotations, self.images, label)
            if boxes_3d:
                entry |= box_3d(image, label)
            mask = masks.segmentation(shape.counts, image.height, image.width, label.crowd)
            self.spool(
                "annotations", entry | {"segmentation": mask, "area": shape.area, "bbox": [*shape.bbox]}
            )

    def add_image(self, image: LabelledImage) -> None:
        """Adds the COCO entry of an image; the ids of images count from 1 in the order of the calls."""
        self.images += 1
        self.spool("images", image_entry(self._info, self.images, image))

    def spool(self, name: str, entry: Mapping[str, Any]) -> None:
        """Adds an entry to the list `name`: `images` or `annotations`."""
        spool = self._spools[name]
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        spool.write(b",\n"[: 2 if spool.tell() else 0] + text.encode())

    def content(
        self, about: Mapping[str, Scalar], listed: list[dict[str, Any]] | None = None
    ) -> Iterator[bytes]:
        """Yields the content of the file in chunks.

        Args:
            about: The entries of COCO's `info`.
            listed: COCO's list of categories; None for the data set's categories.
        """
        yield b'{"info":' + json.dumps(dict(about)).encode()
        yield b',\n"licenses":' + json.dumps(licences(self._info)).encode()
        listed = categories(self._info) if listed is None else listed
        yield b',\n"categories":' + json.dumps(listed, ensure_ascii=False).encode()
        for name, spool in self._spools.items():
            yield b',\n"' + name.encode() + b'":[\n'
            spool.seek(0)
            while chunk := spool.read(CHUNK):
                yield chunk
            yield b"\n]"
        yield b"}\n"


def categories(info: DatasetInfo) -> list[dict[str, Any]]:
    """Returns COCO's list of categories.

    In data sets generated by sim2coco, the ids count from 1 in the order of the configuration.
    """
    entries = []
    rows = zip(info.category_ids, info.categories, info.supercategories, info.attributes, strict=True)
    for (number, name, parent, attributes), skeleton in zip(rows, info.skeletons, strict=True):
        entry: dict[str, Any] = {"id": number, "name": name, "supercategory": parent}
        if attributes:
            entry["attributes"] = dict(attributes)
        if skeleton is not None:
            edges = [[one + 1, other + 1] for one, other in skeleton.edges]
            entry |= {"keypoints": list(skeleton.names), "skeleton": edges}
        entries.append(entry)
    return entries


def licences(info: DatasetInfo) -> list[dict[str, Any]]:
    """Returns COCO's list of licences, with ids from 1."""
    numbered = enumerate(info.licences, 1)
    return [{"id": number, "name": licence.name, "url": licence.url} for number, licence in numbered]


def image_entry(info: DatasetInfo, image_id: int, image: LabelledImage) -> dict[str, Any]:
    """Returns the COCO entry of an image; its list `ignored` has the visible objects without a label."""
    entry = {"id": image_id, "file_name": image.name, "width": image.width, "height": image.height}
    if image.scene is not None:
        entry["scene"] = image.scene
    entry |= image.facts
    if image.ignored is not None:
        entry["ignored"] = [
            {
                "category_id": info.category_ids[ignored.category],
                "bbox": list(ignored.bbox),
                "reason": ignored.reason,
            }
            for ignored in image.ignored
        ]
    return entry


def annotation_entry(info: DatasetInfo, annotation_id: int, image_id: int, label: Label) -> dict[str, Any]:
    """Returns the fields of a COCO annotation that are equal for visible and amodal masks."""
    entry: dict[str, Any] = {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": info.category_ids[label.category],
        "iscrowd": int(label.crowd),
    }
    if label.attributes:
        entry["attributes"] = dict(label.attributes)
    if label.keypoints is not None:
        entry |= keypoints(label.keypoints)
    return entry
