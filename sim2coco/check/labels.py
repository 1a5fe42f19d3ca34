"""Labels: masks, boxes, areas and fractions of a split, image by image.

What ours say must be exactly so; those of others may be near it.
"""

from sim2coco.check.document import Document
from sim2coco.check.entries import ATTRIBUTES, COCO, IGNORED, KEY
from sim2coco.check.folder import Place
from sim2coco.check.masks import Stretches, mask_of, overlap
from sim2coco.check.values import Entry, show

FRACTION_ERROR = 1e-5
SLACK_PX, SLACK_SHARE = 2, 0.05


def look_at_labels(document: Document) -> None:
    """The labels of a split, with their amodal partners where there are any."""
    amodal = document.amodal
    if amodal is not None:
        _compare(document, amodal)
    scene = -1
    for image in document.images.values():
        masks = {}
        for annotation in document.of_image[image["id"]]:
            mask = _mask(document, image, annotation)
            if mask is not None:
                masks[annotation["id"]] = mask
            if amodal is not None and annotation["id"] in amodal.annotations:
                _pair(document, amodal, image, annotation, mask)
        if document.folder.ours:
            _our_image(document, image, masks)
            if image["scene"] < scene:
                document.at(f"image {image['id']}").fault("scenes are not in order")
            scene = image["scene"]


def _our_image(document: Document, image: Entry, masks: dict[int, Stretches]) -> None:
    place = document.at(f"image {image['id']}")
    if pair := overlap(masks):
        place.fault(f"the masks of annotations {pair[0]} and {pair[1]} overlap")
    instances = [annotation["attributes"]["instance"] for annotation in document.of_image[image["id"]]]
    if len(set(instances)) < len(instances):
        place.fault("two annotations have the same instance")
    for ignored in image["ignored"]:
        right = document.at(f"{place.where}, ignored").right(ignored, IGNORED)
        if right and ignored["category_id"] not in document.categories:
            place.fault(f"ignored: {ignored['category_id']} is no category_id")
    stem = _stem(image)
    if image["file_name"].rpartition(".")[0] != stem:
        place.fault(f"file_name {show(image['file_name'])} does not tell its key, {stem}")


def _stem(image: Entry) -> str:
    """The name that tells an image's key."""
    lighting = f"_l{image['lighting']}" if image["lighting"] else ""
    copy = f"_c{image['copy']}" if image["copy"] else ""
    return f"s{image['scene']:06d}_v{image['view']:02d}{lighting}{copy}"


def _mask(document: Document, image: Entry, annotation: Entry) -> Stretches | None:
    """A mask that has pixels; names what is wrong with it, its box and its area."""
    ours, place = document.folder.ours, document.at(f"annotation {annotation['id']}")
    _box(place, image, annotation["bbox"], 0 if ours else SLACK_PX)
    segmentation = annotation.get("segmentation")
    if not ours and segmentation in (None, []):
        return None
    try:
        if ours and not (type(segmentation) is dict and type(segmentation.get("counts")) is str):
            raise ValueError("segmentation is no compressed run lengths")
        mask = mask_of(segmentation, image["height"], image["width"])
    except ValueError as error:
        place.fault(str(error))
        return None
    if mask.area == 0:
        place.fault("the mask is empty")
        return None
    _measures(place, annotation, mask, exact=ours)
    return mask


def _box(place: Place, image: Entry, box_xywh: list[float], slack_px: float) -> None:
    """A box has a size, and lies in its image."""
    left, top, right, bottom = _edges(box_xywh)
    if box_xywh[2] <= 0 or box_xywh[3] <= 0:
        place.fault(f"bbox {show(box_xywh)} is empty")
    elif (
        min(left, top) < -slack_px or right > image["width"] + slack_px or bottom > image["height"] + slack_px
    ):
        place.fault(f"bbox {show(box_xywh)} reaches out of the image")


def _measures(place: Place, annotation: Entry, mask: Stretches, exact: bool) -> None:
    """Box and area are the mask's."""
    given, box, area = annotation["bbox"], mask.box_xywh, mask.area
    box_slack, area_slack = 0.0, 0.0
    if not exact:
        box_slack, area_slack = SLACK_PX, SLACK_PX + SLACK_SHARE * area + box[2] + box[3]
    if any(abs(one - other) > box_slack for one, other in zip(_edges(given), _edges(box), strict=True)):
        place.fault(f"bbox {show(given)} is not the mask's, {show(box)}")
    if abs(annotation["area"] - area) > area_slack:
        place.fault(f"area {show(annotation['area'])} is not the mask's, {area}")


def _edges(box_xywh: list[float]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    x, y, width, height = box_xywh
    return x, y, x + width, y + height


def _compare(document: Document, amodal: Document) -> None:
    """The amodal file is about the same images, categories and annotations."""
    image_keys = [*COCO["images"], *KEY] if document.folder.ours else COCO["images"]
    for kind, visible, whole, keys in (
        ("image", document.images, amodal.images, image_keys),
        ("category", document.categories, amodal.categories, COCO["categories"]),
        ("annotation", document.annotations, amodal.annotations, ("image_id", "category_id")),
    ):
        for identity in sorted(visible.keys() ^ whole.keys()):
            lacking = amodal if identity in visible else document
            lacking.at(f"{kind} {identity}").fault("is missing or broken here, the other file has it")
        for identity in sorted(visible.keys() & whole.keys()):
            for key in keys:
                if visible[identity][key] != whole[identity][key]:
                    amodal.at(f"{kind} {identity}").fault(f"{key} differs from {document.name}")


def _pair(
    document: Document, amodal: Document, image: Entry, annotation: Entry, mask: Stretches | None
) -> None:
    """A visible mask, its amodal one, and the fractions that both give."""
    partner = amodal.annotations[annotation["id"]]
    whole = _mask(amodal, image, partner)
    if mask is None or whole is None:
        return
    place = document.at(f"annotation {annotation['id']}")
    if not mask.inside(whole):
        place.fault("the visible mask is not inside the amodal one")
    if not document.folder.ours:
        return
    told = annotation["attributes"]
    if any(told[key] != partner["attributes"][key] for key in ATTRIBUTES):
        amodal.at(place.where).fault(f"attributes differ from {document.name}")
    _fractions(place, told, 1 - mask.area / whole.area)


def _fractions(place: Place, told: Entry, occlusion: float) -> None:
    """What is told of an object is what its masks give."""
    if abs(told["occlusion"] - occlusion) > FRACTION_ERROR:
        place.fault(f"occlusion {told['occlusion']} is not the masks', {occlusion:.6f}")
    visible = (1 - occlusion) * (1 - told["truncation"])
    if abs(told["visible_fraction"] - visible) > FRACTION_ERROR:
        what = f"is not (1 - occlusion) (1 - truncation), {visible:.6f}"
        place.fault(f"visible_fraction {told['visible_fraction']} {what}")
