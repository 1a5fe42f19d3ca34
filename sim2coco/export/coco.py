"""COCO annotation files, built from records in the order of scenes, without holding them in memory."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any

from scenes.assets.catalogue import Catalogue
from sim2coco.records import Annotation, Picture, Record, View
from sim2coco.store import Store

CHUNK = 1 << 20
SPOOLS = ("images", "visible", "amodal")


def annotations_name(kind: str, split: str) -> str:
    """Where an annotation file lies; kinds are `instances` and `amodal`."""
    return f"annotations/{kind}_{split}.json"


def write_coco(
    store: Store, splits: Iterable[str], catalogue: Catalogue, views: Iterable[tuple[Record, View]]
) -> Counter[str]:
    """Writes `instances_<split>.json` and `amodal_<split>.json` for every split that has images.

    Args:
        store: Where to.
        splits: Their names.
        catalogue: Categories and licences.
        views: The accepted views, in the order of scenes.

    Returns:
        How many labels each category has, in the order of the configuration.
    """
    with ExitStack() as stack:
        parts = {
            split: _Split({name: stack.enter_context(TemporaryFile()) for name in SPOOLS}) for split in splits
        }
        for record, view in views:
            for picture in view.pictures:
                parts[record.split].add(record, view, picture)
        for split, part in parts.items():
            if part.images:
                store.put(annotations_name("instances", split), part.document(catalogue, split, "visible"))
                store.put(annotations_name("amodal", split), part.document(catalogue, split, "amodal"))
            else:
                for kind in ("instances", "amodal"):
                    store.delete(annotations_name(kind, split))
    return Counter(
        {name: sum(part.labels[i] for part in parts.values()) for i, name in enumerate(catalogue.names)}
    )


@dataclass
class _Split:
    """The images and annotations of one split, spooled to files."""

    spools: dict[str, IO[bytes]]
    images: int = 0
    annotations: int = 0
    labels: Counter[int] = field(default_factory=Counter)

    def add(self, record: Record, view: View, picture: Picture) -> None:
        self.images += 1
        self._spool("images", self.images, image_entry(self.images, record, view, picture))
        for label in picture.annotations:
            self.annotations += 1
            self.labels[label.category] += 1
            size = [picture.height, picture.width]
            common = annotation_entry(self.annotations, self.images, label)
            self._spool(
                "visible", self.annotations, common | _mask(label.counts, size, label.area, label.bbox)
            )
            hidden = _mask(label.amodal_counts, size, label.amodal_area, label.amodal_bbox)
            self._spool("amodal", self.annotations, common | hidden)

    def _spool(self, name: str, rank: int, entry: dict[str, Any]) -> None:
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        self.spools[name].write(b",\n"[: 2 if rank > 1 else 0] + text.encode())

    def document(self, catalogue: Catalogue, split: str, annotations: str) -> Iterator[bytes]:
        """The bytes of an annotation file."""
        info = {"description": f"sim2coco, split {split}, {annotations} masks", "version": "1.0"}
        yield b'{"info":' + json.dumps(info).encode()
        yield b',\n"licenses":' + json.dumps(licences(catalogue)).encode()
        yield b',\n"categories":' + json.dumps(categories(catalogue), ensure_ascii=False).encode()
        for key, name in (("images", "images"), ("annotations", annotations)):
            yield b',\n"' + key.encode() + b'":[\n'
            self.spools[name].seek(0)
            while chunk := self.spools[name].read(CHUNK):
                yield chunk
            yield b"\n]"
        yield b"}\n"


def categories(catalogue: Catalogue) -> list[dict[str, Any]]:
    """COCO's category list: ids from 1, in the order of the configuration."""
    pairs = zip(catalogue.names, catalogue.supercategories, strict=True)
    return [{"id": i + 1, "name": name, "supercategory": parent} for i, (name, parent) in enumerate(pairs)]


def licences(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The licence of every asset used."""
    used = {asset.licence for asset in catalogue.assets.values()}
    return [{"id": i + 1, "name": name, "url": ""} for i, name in enumerate(sorted(used))]


def image_entry(image_id: int, record: Record, view: View, picture: Picture) -> dict[str, Any]:
    """One image, with its key and the instances in view that carry no label."""
    return {
        "id": image_id,
        "file_name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "scene": record.scene,
        "view": view.view,
        "lighting": view.lighting,
        "copy": picture.copy,
        "ignored": [
            {"category_id": ignored.category + 1, "bbox": list(ignored.bbox), "reason": ignored.reason}
            for ignored in picture.ignored
        ],
    }


def annotation_entry(annotation_id: int, image_id: int, label: Annotation) -> dict[str, Any]:
    """What visible and amodal annotations share; `attributes` holds scalars only."""
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
