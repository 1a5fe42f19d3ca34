"""Records: they tell of the same pictures and labels as COCO, and the pictures are those they were."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sim2coco.check.document import Document
from sim2coco.check.entries import KEY, LABEL, PICTURE, RECORD, RUN, VIEW
from sim2coco.check.folder import Folder, Place
from sim2coco.check.otherfiles import has_digest, look_at_other_files, look_for_untold_files
from sim2coco.check.sharing import Sharing, sharing_in
from sim2coco.check.values import Entry

Documents = Mapping[str, Document | None]


def look_at_run(folder: Folder, documents: Documents) -> Sharing:
    """A run of ours: `run.json`, `config.yaml` and the records, against the annotation files by split.

    Returns:
        What the splits have and share.
    """
    run = folder.read_object("run.json", RUN)
    if not (folder.root / "config.yaml").is_file():
        folder.at("config.yaml").fault("missing")
    if not documents:
        what = "missing: the run has not come to its end; the same command goes on"
        folder.at("annotations").fault(what)
    _ranks(folder)
    sharing = sharing_in(folder, run)
    for split, document in documents.items():
        if document is not None:
            sharing.see_labels(split, document)
    told = _told(folder, documents, run["num_images"] if run is not None else None, sharing)
    if documents:
        _compare(folder, documents, told)
    return sharing


def _ranks(folder: Folder) -> None:
    """There is a record for scenes 0, 1, 2, ..."""
    for rank, name in enumerate(sorted(folder.whole_names("records"))):
        if name != f"records/{rank // 1000:03d}/{rank:06d}.json":
            what = f"scenes are not 0, 1, 2, ...: the record of scene {rank} is missing before it"
            folder.at(name).fault(what)
            break


def _told(folder: Folder, documents: Documents, wanted: int | None, sharing: Sharing) -> set[tuple[str, str]]:
    """Split and name of each picture of the first `wanted` accepted views."""
    told: set[tuple[str, str]] = set()
    others: set[str] = set()
    accepted = 0
    for accepted, (name, record, view) in enumerate(_accepted(folder, sharing), 1):
        if wanted and accepted > wanted:
            continue
        if not view["pictures"]:
            folder.at(name, f"view {view['view']}").fault("is accepted but has no pictures")
        for picture in view["pictures"]:
            if folder.at(name, f"view {view['view']}").right(picture, PICTURE):
                split, place = record["split"], folder.at(name, picture["name"])
                told.add((split, picture["name"]))
                others |= look_at_other_files(folder, place, split, picture)
                key = {"scene": record["scene"], "view": view["view"], "lighting": view["lighting"]}
                _picture(folder, name, documents, picture | key | {"split": split})
    look_for_untold_files(folder, others)
    if wanted == 0:
        folder.at("run.json", "num_images").fault("is 0: the run has not ended; the same command goes on")
    if wanted is not None and accepted < wanted:
        what = f"is {wanted}, but the records hold {accepted} accepted views"
        folder.at("run.json", "num_images").fault(what)
    return told


def _accepted(folder: Folder, sharing: Sharing) -> Iterator[tuple[str, Entry, Entry]]:
    """The name of a record, the record, and a view that it accepts."""
    for name in sorted(folder.whole_names("records")):
        record = folder.read_object(name, RECORD)
        if record is None:
            continue
        if Path(name).stem != f"{record['scene']:06d}":
            folder.at(name).fault(f"is about scene {record['scene']}")
        sharing.see_record(folder, name, record)
        for view in record["views"]:
            if folder.at(name, "views").right(view, VIEW) and not view["reasons"]:
                yield name, record, view


def _compare(folder: Folder, documents: Documents, told: set[tuple[str, str]]) -> None:
    """The annotation files have the pictures that the records tell of, and no others."""
    for split in sorted({split for split, _ in told} - documents.keys()):
        what = "missing: records tell of pictures in this split"
        folder.at(f"annotations/instances_{split}.json").fault(what)
    for split, document in documents.items():
        if document is not None:
            for name, image in document.by_name.items():
                if (split, name) not in told:
                    document.at(f"image {image['id']}").fault("no record tells of it")


def _picture(folder: Folder, record: str, documents: Documents, told: Entry) -> None:
    """What a record tells of a picture, with its key, against its file and its entry."""
    place, path = folder.at(record, told["name"]), f"images/{told['split']}/{told['name']}"
    document = documents.get(told["split"])
    image = document.by_name.get(told["name"]) if document is not None else None
    if (folder.root / path).is_file():
        if not has_digest(folder, path, told["sha256"]):
            place.fault("sha256 differs: the picture's file is not what was written")
    elif image is None:  # otherwise it was named already
        folder.at(path).fault(f"missing: {record} tells of it")
    if document is not None and image is None:
        place.fault(f"has no entry in {document.name}")
    elif document is not None and image is not None:
        for key in ("width", "height", *KEY):
            if told[key] != image[key]:
                place.fault(f"{key} is {told[key]}, COCO says {image[key]}")
        _labels(place, told["annotations"], document, document.of_image[image["id"]])


def _labels(place: Place, labels: list[Entry], document: Document, annotations: list[Entry]) -> None:
    """The labels of a picture against its annotations."""
    if len(labels) != len(annotations):
        place.fault(f"{len(labels)} annotations here, {len(annotations)} right ones in {document.name}")
        return
    amodal = document.amodal.annotations if document.amodal is not None else {}
    for label, annotation in zip(labels, annotations, strict=True):
        if place.right(label, LABEL):
            coco = _label(annotation, amodal.get(annotation["id"]))
            differs = [key for key in LABEL if key in coco and label[key] != coco[key]]
            if differs:
                place.fault(f"{differs[0]} differs from annotation {annotation['id']} of {document.name}")


def _label(annotation: Entry, amodal: Entry | None) -> Entry:
    """What a record keeps of an annotation and its amodal partner."""
    label: Entry = annotation["attributes"] | {"category": annotation["category_id"] - 1} | _mask(annotation)
    if amodal is not None:
        label |= {f"amodal_{key}": value for key, value in _mask(amodal).items()}
    return label


def _mask(annotation: Entry) -> Entry:
    counts = annotation["segmentation"].get("counts")
    return {"bbox": annotation["bbox"], "area": annotation["area"], "counts": counts}
