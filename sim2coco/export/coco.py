"""COCO: visible masks in `instances_<split>.json`, amodal masks in `amodal_<split>.json`."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Literal

from sim2coco.export.dataset import DatasetInfo, LabelledPicture
from sim2coco.export.format import Add, Format
from sim2coco.records import Annotation
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
    def write(self, store: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes two files for every split that has images, and deletes those of splits without images.

        Until all images are received, entries are collected in temporary files.
        """
        with ExitStack() as stack:
            parts = {
                split: _Split({name: stack.enter_context(TemporaryFile()) for name in SPOOLS})
                for split in info.splits
            }
            yield lambda labelled: parts[labelled.split].add(labelled)
            for split, part in parts.items():
                for kind, masks in (("instances", "visible"), ("amodal", "amodal")):
                    if part.images:
                        store.put(annotations_name(kind, split), part.document(info, split, masks))
                    else:
                        store.delete(annotations_name(kind, split))


@dataclass
class _Split:
    """The images and annotations of one split, collected in temporary files."""

    spools: dict[str, IO[bytes]]
    images: int = 0
    annotations: int = 0

    def add(self, labelled: LabelledPicture) -> None:
        picture = labelled.picture
        self.images += 1
        self._spool("images", self.images, image_entry(self.images, labelled))
        for label in picture.annotations:
            self.annotations += 1
            size = [picture.height, picture.width]
            common = annotation_entry(self.annotations, self.images, label)
            self._spool(
                "visible", self.annotations, common | _mask(label.counts, size, label.area, label.bbox)
            )
            amodal = _mask(label.amodal_counts, size, label.amodal_area, label.amodal_bbox)
            self._spool("amodal", self.annotations, common | amodal)

    def _spool(self, name: str, rank: int, entry: dict[str, Any]) -> None:
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        self.spools[name].write(b",\n"[: 2 if rank > 1 else 0] + text.encode())

    def document(self, info: DatasetInfo, split: str, annotations: str) -> Iterator[bytes]:
        """The content of an annotation file, in parts."""
        about = {"description": f"sim2coco, split {split}, {annotations} masks", "version": "1.0"}
        yield b'{"info":' + json.dumps(about).encode()
        yield b',\n"licenses":' + json.dumps(licences(info)).encode()
        yield b',\n"categories":' + json.dumps(categories(info), ensure_ascii=False).encode()
        for key, name in (("images", "images"), ("annotations", annotations)):
            yield b',\n"' + key.encode() + b'":[\n'
            self.spools[name].seek(0)
            while chunk := self.spools[name].read(CHUNK):
                yield chunk
            yield b"\n]"
        yield b"}\n"


def categories(info: DatasetInfo) -> list[dict[str, Any]]:
    """COCO's list of categories: ids from 1, in the order of the configuration."""
    pairs = zip(info.categories, info.supercategories, strict=True)
    return [{"id": i + 1, "name": name, "supercategory": parent} for i, (name, parent) in enumerate(pairs)]


def licences(info: DatasetInfo) -> list[dict[str, Any]]:
    """COCO's list of licences, which are the licences of the assets; ids from 1."""
    return [{"id": i + 1, "name": name, "url": ""} for i, name in enumerate(info.licences)]


def image_entry(image_id: int, labelled: LabelledPicture) -> dict[str, Any]:
    """COCO's entry of an image; its list `ignored` has the visible instances without a label."""
    view, picture = labelled.view, labelled.picture
    return {
        "id": image_id,
        "file_name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "scene": labelled.record.scene,
        "view": view.view,
        "lighting": view.lighting,
        "copy": picture.copy,
        "ignored": [
            {"category_id": ignored.category + 1, "bbox": list(ignored.bbox), "reason": ignored.reason}
            for ignored in picture.ignored
        ],
    }


def annotation_entry(annotation_id: int, image_id: int, label: Annotation) -> dict[str, Any]:
    """The part of a COCO annotation that is equal for visible and amodal masks.

    `attributes` holds only scalars.
    """
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": label.category + 1,
        "iscrowd": 0,
        "attributes": {
            "visible_fraction": label.visible_fraction,
            "occlusion": label.occlusion,
            "truncation": label.truncation,
            "asset": label.asset,
            "instance": label.instance,
        },
    }


def _mask(counts: str, size: list[int], area: int, bbox: tuple[float, ...]) -> dict[str, Any]:
    return {"segmentation": {"size": size, "counts": counts}, "area": area, "bbox": list(bbox)}
