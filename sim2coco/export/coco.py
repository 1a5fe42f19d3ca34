"""COCO: visible masks in `instances_<split>.json`, amodal masks in `amodal_<split>.json`."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Literal

from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Xywh
from sim2coco.export.format import Add, Format
from sim2coco.store import Store

CHUNK = 1 << 20
SPOOLS = ("images", "visible", "amodal")


def annotations_name(kind: str, split: str) -> str:
    """The name of an annotation file in the data set; `kind` is `instances` or `amodal`."""
    return f"annotations/{kind}_{split}.json"


class Coco(Format):
    """COCO: masks as compressed run lengths; visible and amodal masks in two files for each split."""

    kind: Literal["coco"] = "coco"

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes the files of every split that has images, and deletes those of splits without images.

        Until all images are received, entries are collected in temporary files.
        """
        with ExitStack() as stack:
            parts = {
                split: _Split(info, {name: stack.enter_context(TemporaryFile()) for name in SPOOLS})
                for split in info.splits
            }

            def add(image: LabelledImage) -> None:
                target.link(image.file, image.path)
                parts[image.split].add(image)

            yield add
            for split, part in parts.items():
                for kind, masks in (("instances", "visible"), ("amodal", "amodal")):
                    if part.images and (masks == "visible" or info.amodal):
                        target.put(annotations_name(kind, split), part.document(split, masks))
                    else:
                        target.delete(annotations_name(kind, split))


@dataclass
class _Split:
    """The images and annotations of one split, collected in temporary files."""

    info: DatasetInfo
    spools: dict[str, IO[bytes]]
    images: int = 0
    annotations: int = 0

    def add(self, image: LabelledImage) -> None:
        self.images += 1
        self._spool("images", self.images, image_entry(self.info, self.images, image))
        size = [image.height, image.width]
        for label in image.labels:
            self.annotations += 1
            common = annotation_entry(self.info, self.annotations, self.images, label)
            visible = _mask(label.counts, size, label.area, label.bbox)
            self._spool("visible", self.annotations, common | visible)
            if label.amodal is not None:
                amodal = _mask(label.amodal.counts, size, label.amodal.area, label.amodal.bbox)
                self._spool("amodal", self.annotations, common | amodal)

    def _spool(self, name: str, rank: int, entry: dict[str, Any]) -> None:
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        self.spools[name].write(b",\n"[: 2 if rank > 1 else 0] + text.encode())

    def document(self, split: str, annotations: str) -> Iterator[bytes]:
        """The content of an annotation file, in parts."""
        ours = {"description": f"sim2coco, split {split}, {annotations} masks", "version": "1.0"}
        yield b'{"info":' + json.dumps(dict(self.info.about) or ours).encode()
        yield b',\n"licenses":' + json.dumps(licences(self.info)).encode()
        yield b',\n"categories":' + json.dumps(categories(self.info), ensure_ascii=False).encode()
        for key, name in (("images", "images"), ("annotations", annotations)):
            yield b',\n"' + key.encode() + b'":[\n'
            self.spools[name].seek(0)
            while chunk := self.spools[name].read(CHUNK):
                yield chunk
            yield b"\n]"
        yield b"}\n"


def categories(info: DatasetInfo) -> list[dict[str, Any]]:
    """COCO's list of categories: in our data sets ids from 1, in the order of the configuration."""
    rows = zip(info.category_ids, info.categories, info.supercategories, strict=True)
    return [{"id": number, "name": name, "supercategory": parent} for number, name, parent in rows]


def licences(info: DatasetInfo) -> list[dict[str, Any]]:
    """COCO's list of licences, in our data sets those of the assets; ids from 1."""
    numbered = enumerate(info.licences, 1)
    return [{"id": number, "name": licence.name, "url": licence.url} for number, licence in numbered]


def image_entry(info: DatasetInfo, image_id: int, image: LabelledImage) -> dict[str, Any]:
    """COCO's entry of an image; its list `ignored` has the visible objects without a label."""
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
    """The part of a COCO annotation that is equal for visible and amodal masks.

    `attributes` holds only scalars.
    """
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": info.category_ids[label.category],
        "iscrowd": int(label.crowd),
        "attributes": dict(label.attributes),
    }


def _mask(counts: str | None, size: list[int], area: float, bbox: Xywh) -> dict[str, Any]:
    """Mask, area and box of an annotation; a box without a mask has an empty list of polygons."""
    mask = [] if counts is None else {"size": size, "counts": counts}
    return {"segmentation": mask, "area": area, "bbox": list(bbox)}
