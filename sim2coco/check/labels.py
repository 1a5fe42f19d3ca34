"""Checks the masks, boxes, areas and fractions of a split, image by image.

Boxes and areas must match the masks exactly; in data sets from other tools, they may deviate a little.
"""

import numpy as np

from sim2coco.check import boxes
from sim2coco.check.document import REFERRED, Document
from sim2coco.check.entries import ATTRIBUTES, COCO, IGNORED, KEY
from sim2coco.check.faults import Place
from sim2coco.check.keypoints import check_annotation as check_keypoints
from sim2coco.check.keypoints import check_category
from sim2coco.check.listing import ID
from sim2coco.check.masks import Runs, mask_of
from sim2coco.check.otherlabels import check_labels_of_others
from sim2coco.check.surfaces import check_overlap
from sim2coco.check.values import Entry, show

FRACTION_ERROR = 1e-5
"""Allowed deviation of the visible fraction and occlusion, which are rounded to 6 decimals."""
PLURALS = {"image": "images", "category": "categories"}
MISSING = "is missing or invalid here, but not in the other file"


def check_labels(document: Document) -> None:
    """Checks the labels of a split, and their amodal counterparts if there are any."""
    if document.amodal is not None:
        _compare_files(document, document.amodal)
    for identity, category in document.categories.items():
        check_category(document.at(f"category {identity}"), category)
    if document.folder.ours:
        _check_our_labels(document)
    else:
        check_labels_of_others(document, check_annotation)


def _check_our_labels(document: Document) -> None:
    scene = -1
    for image in document.images.values():
        masks = {}
        annotations = document.annotations_of(image["id"])
        for annotation in annotations:
            if mask := check_annotation(document, image, annotation):
                masks[annotation["id"]] = mask
        _our_image(document, image, annotations, masks)
        if image["scene"] < scene:
            document.at(f"image {image['id']}").fault("order", "scenes are not in order")
        scene = image["scene"]
        document.folder.progress.step()


def check_annotation(document: Document, image: Entry, annotation: Entry) -> Runs | None:
    """Checks an annotation and its amodal counterpart, if any; returns its visible mask if it is valid."""
    mask, amodal = _mask(document, image, annotation), document.amodal
    counterpart = amodal.listing.get(annotation["id"]) if amodal is not None else None
    if amodal is not None and counterpart is not None:
        _compare_masks(document, amodal, image, annotation, mask, counterpart)
    if "keypoints" in annotation:
        place = document.at(f"annotation {annotation['id']}")
        check_keypoints(place, annotation, document.categories[annotation["category_id"]])
    return mask


def _our_image(document: Document, image: Entry, annotations: list[Entry], masks: dict[int, Runs]) -> None:
    place = document.at(f"image {image['id']}")
    check_overlap(place, annotations, masks)
    instances = [annotation["attributes"]["instance"] for annotation in annotations]
    if len(set(instances)) < len(instances):
        place.fault("duplicate_id", "two annotations have the same instance")
    for ignored in document.ignored_of(image):
        valid = document.at(f"{place.where}, ignored").conforms(ignored, IGNORED)
        known = document.categories.keys() | document.unusable["categories"]
        if valid and ignored["category_id"] not in known:
            place.fault("dangling", f"ignored: {ignored['category_id']} is not the id of a category")
    stem = _stem(image)
    if image["file_name"].rpartition(".")[0] != stem:
        what = f"file_name {show(image['file_name'])} must be {stem}, from its scene, view, lighting and copy"
        place.fault("file_name", what)


def _stem(image: Entry) -> str:
    """The file name, without suffix, that an image's scene, view, lighting and copy determine."""
    lighting = f"_l{image['lighting']}" if image["lighting"] else ""
    copy = f"_c{image['copy']}" if image["copy"] else ""
    return f"s{image['scene']:06d}_v{image['view']:02d}{lighting}{copy}"


def _mask(document: Document, image: Entry, annotation: Entry) -> Runs | None:
    """Checks an annotation's mask, box and area; returns the mask, or None if it is missing or invalid."""
    ours, place = document.folder.ours, document.at(f"annotation {annotation['id']}")
    place.add(boxes.of_image(annotation["bbox"], image, exact=ours))
    segmentation = annotation.get("segmentation")
    if not ours and segmentation in (None, []):
        return None
    try:
        mask = mask_of(segmentation, image["height"], image["width"])
    except ValueError as error:
        place.fault("mask", str(error))
        return None
    if mask.area == 0:
        place.fault("empty_mask", "the mask is empty")
        return None
    place.add(boxes.of_mask(annotation, mask, exact=ours))
    return mask


def _compare_files(document: Document, amodal: Document) -> None:
    """Checks that the amodal file has the same images, categories and annotations as the annotation file."""
    image_keys = [*COCO["images"], *KEY] if document.folder.ours else COCO["images"]
    for kind, visible, whole, keys in (
        ("image", document.images, amodal.images, image_keys),
        ("category", document.categories, amodal.categories, COCO["categories"]),
    ):
        unusable = document.unusable[PLURALS[kind]] | amodal.unusable[PLURALS[kind]]
        for identity in sorted((visible.keys() ^ whole.keys()) - unusable):
            incomplete = amodal if identity in visible else document
            incomplete.at(f"{kind} {identity}").fault("amodal", MISSING)
        for identity in sorted(visible.keys() & whole.keys()):
            for key in keys:
                if visible[identity][key] != whole[identity][key]:
                    what = f"{key} differs from {document.name}"
                    amodal.at(f"{kind} {identity}").fault("amodal", what)
    _compare_annotations(document, amodal)


def _compare_annotations(document: Document, amodal: Document) -> None:
    """Checks that each annotation id has the same image and category in the annotation and amodal files."""
    unusable = document.unusable["annotations"] | amodal.unusable["annotations"]
    visible, whole = document.listing, amodal.listing
    for identity in np.setxor1d(visible.ids, whole.ids).tolist():
        if identity not in unusable:
            incomplete = amodal if visible.row(identity) is not None else document
            incomplete.at(f"annotation {identity}").fault("amodal", MISSING)
    for row in visible.rows:
        other = whole.row(int(row[ID]))
        for key, (_, column) in REFERRED.items() if other is not None else ():
            if other is not None and row[column] != other[column]:
                amodal.at(f"annotation {row[ID]}").fault("amodal", f"{key} differs from {document.name}")


def _compare_masks(
    document: Document,
    amodal: Document,
    image: Entry,
    annotation: Entry,
    mask: Runs | None,
    counterpart: Entry,
) -> None:
    """Checks a visible mask against its amodal mask, and the fractions computed from both masks."""
    whole = _mask(amodal, image, counterpart)
    if mask is None or whole is None:
        return
    place = document.at(f"annotation {annotation['id']}")
    if not mask.inside(whole):
        place.fault("amodal", "the visible mask is not inside the amodal one")
    if not document.folder.ours:
        return
    attributes = annotation["attributes"]
    if any(attributes[key] != counterpart["attributes"][key] for key in ATTRIBUTES) or (
        attributes.get("on") != counterpart["attributes"].get("on")
    ):
        amodal.at(place.where).fault("amodal", f"attributes differ from {document.name}")
    _check_fractions(place, attributes, 1 - mask.area / whole.area)


def _check_fractions(place: Place, attributes: Entry, occlusion: float) -> None:
    """Checks an object's `occlusion` and `visible_fraction` against the values computed from its masks."""
    if abs(attributes["occlusion"] - occlusion) > FRACTION_ERROR:
        place.fault(
            "fractions",
            f"occlusion {attributes['occlusion']} differs from the masks' occlusion {occlusion:.6f}",
        )
    visible = (1 - occlusion) * (1 - attributes["truncation"])
    if abs(attributes["visible_fraction"] - visible) > FRACTION_ERROR:
        what = f"differs from (1 - occlusion) (1 - truncation), {visible:.6f}"
        place.fault("fractions", f"visible_fraction {attributes['visible_fraction']} {what}")
