"""Checks that records list the same images and labels as the COCO files, and that images are unchanged."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim2coco.check.bodies import check_bodies
from sim2coco.check.boxes3d import check_box_3d
from sim2coco.check.document import Document
from sim2coco.check.entries import KEY, LABEL, PICTURE, RECORD, RUN, VIEW
from sim2coco.check.faults import Place
from sim2coco.check.files import is_file
from sim2coco.check.folder import Folder
from sim2coco.check.idimages import check_id_images
from sim2coco.check.masks import compressed, mask_of
from sim2coco.check.otherfiles import check_other_files, find_unlisted_files, has_digest
from sim2coco.check.run import assets_of, check_record, check_settings
from sim2coco.check.sharing import Sharing, sharing_in
from sim2coco.check.values import Entry

Documents = Mapping[str, Document | None]


def check_run(folder: Folder, documents: Documents) -> Sharing:
    """Checks `run.json`, `config.yaml` and the records of a run against the annotation files.

    Args:
        folder: The data set.
        documents: The annotation file of each split; None if it cannot be read.

    Returns:
        The register of the meshes, shapes and textures that each split uses.
    """
    run = folder.read_object("run.json", RUN)
    if run is not None:
        check_settings(folder, run)
    if not is_file(folder.root / "config.yaml"):
        folder.at("config.yaml").fault("missing", "missing")
    if not documents:
        what = "missing: the run is unfinished; run the same command to continue it"
        folder.at("annotations").fault("unfinished", what)
    _check_scene_numbers(folder)
    sharing = sharing_in(folder, run)
    for split, document in documents.items():
        if document is not None:
            sharing.see_labels(split, document)
    listed = _check_records(folder, documents, run, sharing)
    if documents:
        _compare(folder, documents, listed)
    return sharing


def _check_scene_numbers(folder: Folder) -> None:
    """Checks that `records/` contains only records, and that the scene numbers have no gaps."""
    for name in sorted(folder.whole_names("records")):
        if not _is_record(name):
            folder.at(name).fault("stray", "sim2coco does not write this file")
    for rank, name in enumerate(_records(folder)):
        if name != _name_of(rank):
            what = f"scenes are not 0, 1, 2, ...: the record of scene {rank} is missing before this one"
            folder.at(name).fault("missing", what)
            break


def _records(folder: Folder) -> list[str]:
    """The file names of the records, sorted by scene number."""
    return sorted(filter(_is_record, folder.whole_names("records")))


def _is_record(name: str) -> bool:
    """Whether a file name is the name of a record."""
    stem = Path(name).stem
    return stem.isascii() and stem.isdecimal() and name == _name_of(int(stem))


def _name_of(scene: int) -> str:
    """The record file name of a scene."""
    return f"records/{scene // 1000:03d}/{scene:06d}.json"


def _check_records(
    folder: Folder, documents: Documents, run: Entry | None, sharing: Sharing
) -> set[tuple[str, str]]:
    """Checks the images of the accepted views, and the number of accepted views.

    `num_images` in `run.json` is the number of accepted views. If there are more, only the images of the
    first `num_images` views are checked.

    Returns:
        (split, file name) of each checked image.
    """
    listed: set[tuple[str, str]] = set()
    others: set[str] = set()
    accepted, wanted = 0, run["num_images"] if run is not None else None
    for accepted, (name, record, view) in enumerate(_accepted(folder, run, sharing), 1):
        if wanted and accepted > wanted:
            continue
        if not view["pictures"]:
            folder.at(name, f"view {view['view']}").fault("record", "is accepted but has no images")
        for picture in view["pictures"]:
            folder.progress.step()
            if folder.at(name, f"view {view['view']}").conforms(picture, PICTURE):
                split, place = record["split"], folder.at(name, picture["name"])
                listed.add((split, picture["name"]))
                others |= check_other_files(folder, place, split, picture)
                check_id_images(folder, picture)
                key = {"scene": record["scene"], "view": view["view"], "lighting": view["lighting"]}
                _check_image(folder, name, documents, picture | key | {"split": split})
                check_bodies(place, record, view, picture, _category_names(documents.get(split)))
    find_unlisted_files(folder, others)
    if wanted == 0:
        what = "is 0: the run is unfinished; run the same command to continue it"
        folder.at("run.json", "num_images").fault("unfinished", what)
    if wanted is not None and accepted < wanted:
        what = f"is {wanted}, but the records contain {accepted} accepted views"
        folder.at("run.json", "num_images").fault("run", what)
    return listed


def _accepted(folder: Folder, run: Entry | None, sharing: Sharing) -> Iterator[tuple[str, Entry, Entry]]:
    """Yields (record file name, record, view) for each accepted view."""
    assets = assets_of(run)
    for name in _records(folder):
        record = folder.read_object(name, RECORD)
        if record is None:
            continue
        if Path(name).stem != f"{record['scene']:06d}":
            folder.at(name).fault("record", f"belongs to scene {record['scene']}")
        check_record(folder.at(name), record, assets)
        _check_hash(folder, name, record)
        sharing.see_record(folder, name, record)
        for view in record["views"]:
            if folder.at(name, "views").conforms(view, VIEW) and not view["reasons"]:
                yield name, record, view


def _check_hash(folder: Folder, name: str, record: Entry) -> None:
    """Checks a record against the hash that it contains; records from earlier versions contain none."""
    if "sha256" not in record:
        return
    content = folder.read(name) or b""
    rest, _, end = content.rpartition(b',"sha256":"')
    if end != f'{sha256(rest).hexdigest()}"}}\n'.encode():
        what = "sha256 does not match the rest of the file: it was edited"
        folder.at(name).fault("record", what)


def _compare(folder: Folder, documents: Documents, listed: set[tuple[str, str]]) -> None:
    """Reports missing annotation files, and images in annotation files that no record lists."""
    for split in sorted({split for split, _ in listed} - documents.keys()):
        what = "missing: records list images of this split"
        folder.at(f"annotations/instances_{split}.json").fault("missing", what)
    for split, document in documents.items():
        if document is not None:
            for name, image in document.by_name.items():
                if (split, name) not in listed:
                    document.at(f"image {image['id']}").fault("record", "no record lists it")


def _check_image(folder: Folder, record: str, documents: Documents, listed: Entry) -> None:
    """Checks a record's image entry against the image file and the annotation file."""
    place, path = folder.at(record, listed["name"]), f"images/{listed['split']}/{listed['name']}"
    document = documents.get(listed["split"])
    image = document.by_name.get(listed["name"]) if document is not None else None
    if is_file(folder.root / path):
        if not has_digest(folder, path, listed["sha256"]):
            place.fault("hash", "sha256 differs: the image file was changed after it was written")
    elif image is None:  # otherwise check_images has reported this
        folder.at(path).fault("missing", f"missing: {record} lists it")
    if document is not None and image is None and not document.unusable["images"]:
        place.fault("record", f"has no entry in {document.name}")
    elif document is not None and image is not None:
        for key in ("width", "height", *KEY):
            if listed[key] != image[key]:
                place.fault("record", f"{key} is {listed[key]}, but {image[key]} in {document.name}")
        ignored = listed["ignored"]
        if type(ignored) is not list or document.ignored_of(image) != [_ignored(entry) for entry in ignored]:
            place.fault("record", f"ignored differs from {document.name}")
        _compare_labels(place, listed, document, document.annotations_of(image["id"]))


def _ignored(entry: Any) -> Entry | None:
    """Converts a record's ignored instance to the annotation file's format; None if it is malformed."""
    if type(entry) is not dict or type(entry.get("category")) is not int:
        return None
    return {"category_id": entry["category"] + 1, "bbox": entry.get("bbox"), "reason": entry.get("reason")}


def _category_names(document: Document | None) -> list[str] | None:
    """The category names of an annotation file, sorted by category id.

    None if there is no file, or if some of its categories are invalid.
    """
    if document is None or document.unusable["categories"]:
        return None
    return [document.categories[identity]["name"] for identity in sorted(document.categories)]


def _compare_labels(place: Place, picture: Entry, document: Document, annotations: list[Entry]) -> None:
    """Checks a record's labels of an image against the annotations in the annotation file."""
    labels = picture["annotations"]
    if len(labels) != len(annotations) and document.unusable["annotations"]:
        return
    if len(labels) != len(annotations):
        place.fault(
            "record", f"{len(labels)} annotations here, {len(annotations)} valid ones in {document.name}"
        )
        return
    amodal = document.amodal.listing if document.amodal is not None else None
    for label, annotation in zip(labels, annotations, strict=True):
        if place.conforms(label, LABEL):
            counterpart = amodal.get(annotation["id"]) if amodal is not None else None
            coco = _label(picture, annotation, counterpart)
            differs = [key for key in LABEL if key in coco and label[key] != coco[key]]
            differs += ["on"] if label.get("on") != coco.get("on") else []
            if differs:
                place.fault(
                    "record", f"{differs[0]} differs from annotation {annotation['id']} of {document.name}"
                )
            where = document.at(f"annotation {annotation['id']}")
            if _flat(label.get("keypoints")) != annotation.get("keypoints"):
                where.fault("record", "keypoints differ from the record")
            for what in check_box_3d(picture.get("camera"), label, annotation):
                where.fault("bbox3d", what)


def _flat(points: Any) -> list[Any] | None:
    """Flattens a record's keypoints to COCO's format; None if they are missing or malformed."""
    if type(points) is not list or not all(type(point) is list for point in points):
        return None
    return [value for point in points for value in point]


def _label(picture: Entry, annotation: Entry, amodal: Entry | None) -> Entry:
    """Converts an annotation and its amodal counterpart to a record's label format."""
    label: Entry = annotation["attributes"] | {"category": annotation["category_id"] - 1}
    label |= _mask(picture, annotation)
    if amodal is not None:
        label |= {f"amodal_{key}": value for key, value in _mask(picture, amodal).items()}
    return label


def _mask(picture: Entry, annotation: Entry) -> Entry:
    """The box, area and mask of an annotation; uncompressed RLE and polygons become compressed RLE."""
    segmentation = annotation.get("segmentation")
    counts = segmentation.get("counts") if type(segmentation) is dict else None
    if type(counts) is not str:
        try:
            mask = mask_of(segmentation, picture["height"], picture["width"])
            counts = compressed(mask, picture["height"], picture["width"])
        except ValueError:  # reported when the annotation is checked
            counts = None
    return {"bbox": annotation["bbox"], "area": annotation["area"], "counts": counts}
