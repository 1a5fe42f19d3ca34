"""The card as Croissant 1.0: JSON-LD that describes the files and the records in them."""

import json
from collections.abc import Iterator
from hashlib import file_digest
from typing import Any

from sim2coco.card.contents import NAMES, Contents
from sim2coco.card.licences import urls
from sim2coco.storage import Store

Node = dict[str, Any]

CONTEXT: Node = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification prescribes."""
MIME = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
IMAGE_FIELDS = {"id": "Integer", "file_name": "Text", "width": "Integer", "height": "Integer"}
LABEL_FIELDS = {
    "id": "Integer",
    "image_id": "Integer",
    "category_id": "Integer",
    "bbox": "cr:BoundingBox",
    "area": "Float",
    "iscrowd": "Integer",
}
"""Fields of COCO's entries and their types; types without a prefix are from schema.org."""


def croissant(contents: Contents, title: str, description: str, store: Store) -> bytes:
    """The content of `croissant.json`.

    Args:
        contents: What is in the data set.
        title: Name of the data set.
        description: A sentence about the data set.
        store: The data set, whose annotation files are hashed.
    """
    tree: Node = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": title,
        "description": description,
        "license": urls(contents.info.licences),
        "version": "1.0.0",
        "keywords": [
            *(["synthetic data"] if contents.synthetic else []),
            "object detection",
            "instance segmentation",
            "COCO",
        ],
        "distribution": [*_annotation_files(contents, store), *_file_sets(contents)],
        "recordSet": [*_categories(contents), *_record_sets(contents)],
    }
    return json.dumps(tree, indent=1, ensure_ascii=False).encode() + b"\n"


def _annotation_files(contents: Contents, store: Store) -> Iterator[Node]:
    """Yields two entries for each annotation file: one for its list of images, one for its annotations."""
    # Readers make one table from each entry.
    for split in contents.splits:
        path = store.path(NAMES["instances"].format(split=split))
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        for part in ("images", "annotations"):
            yield {
                "@type": "cr:FileObject",
                "@id": f"{NAMES['instances'].format(split=split)}:{part}",
                "name": f"{part} of {split}",
                "description": f"COCO, split {split}: the list `{part}`",
                "contentUrl": NAMES["instances"].format(split=split),
                "contentSize": f"{path.stat().st_size} B",
                "encodingFormat": "application/json",
                "sha256": digest,
            }


def _file_sets(contents: Contents) -> Iterator[Node]:
    """Yields one entry for each folder: the images of each split, and further files such as depth."""
    images = {f"images/{split}": contents.suffixes[split] for split in contents.splits}
    for folder, suffixes in (images | dict(sorted(contents.folders.items()))).items():
        kind, _, split = folder.partition("/")
        known = sorted({MIME.get(suffix.lower(), "application/octet-stream") for suffix in suffixes})
        yield {
            "@type": "cr:FileSet",
            "@id": folder,
            "name": folder,
            "description": f"The files of {kind} of the split {split}",
            "encodingFormat": known[0] if len(known) == 1 else known,
            "includes": [f"{folder}/*{suffix}" for suffix in sorted(suffixes)],
        }


def _categories(contents: Contents) -> Iterator[Node]:
    """Yields the record set that lists the categories, with its data; nothing if there are no categories."""
    info = contents.info
    if not info.categories:
        return
    rows = zip(info.category_ids, info.categories, info.supercategories, strict=True)
    yield {
        "@type": "cr:RecordSet",
        "@id": "categories",
        "name": "categories",
        "key": {"@id": "categories/id"},
        "field": [
            {"@type": "cr:Field", "@id": f"categories/{name}", "name": name, "dataType": f"sc:{kind}"}
            for name, kind in {"id": "Integer", "name": "Text", "supercategory": "Text"}.items()
        ],
        "data": [
            {"categories/id": number, "categories/name": name, "categories/supercategory": parent}
            for number, name, parent in rows
        ],
    }


def _record_sets(contents: Contents) -> Iterator[Node]:
    """Yields up to three record sets for each split.

    They describe the entries of COCO's list `images`, the entries of `annotations` (only if there are any),
    and the image files.
    """
    for split in contents.splits:
        for part, fields in (("images", IMAGE_FIELDS), ("annotations", LABEL_FIELDS)):
            if part == "annotations" and not contents.labels_of(split):
                continue
            table = f"{split}/{part}"
            source = {"fileObject": {"@id": f"{NAMES['instances'].format(split=split)}:{part}"}}
            yield {
                "@type": "cr:RecordSet",
                "@id": table,
                "name": table,
                "key": {"@id": f"{table}/id"},
                "field": [
                    _field(f"{table}/{name}", kind, source, {"jsonPath": f"$.{part}[*].{name}"})
                    for name, kind in fields.items()
                ],
            }
        table, source = f"{split}/files", {"fileSet": {"@id": f"images/{split}"}}
        fields = {"filename": "Text", "content": "ImageObject"}
        yield {
            "@type": "cr:RecordSet",
            "@id": table,
            "name": table,
            "key": {"@id": f"{table}/filename"},
            "field": [
                _field(f"{table}/{name}", kind, source, {"fileProperty": name})
                for name, kind in fields.items()
            ],
        }


def _field(identity: str, kind: str, source: Node, extract: Node) -> Node:
    return {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity,
        "dataType": kind if ":" in kind else f"sc:{kind}",
        "source": source | {"extract": extract},
    }
