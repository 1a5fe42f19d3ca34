"""Rules for the entries of COCO files from any tool, and stricter ones for sim2coco's files and records."""

from sim2coco.check import values as v

FILE = {"images": v.LIST, "annotations": v.LIST, "categories": v.LIST}
CATEGORY = {"id": v.INDEX, "name": v.TEXT}
IMAGE = {"id": v.INDEX, "file_name": v.PATH, "width": v.SIDE, "height": v.SIDE}
ANNOTATION = {
    "id": v.INDEX,
    "image_id": v.INDEX,
    "category_id": v.INDEX,
    "bbox": v.BOX,
    "area": v.AMOUNT,
    "iscrowd": v.CROWD,
}

KEY = {"scene": v.INDEX, "view": v.INDEX, "lighting": v.INDEX, "copy": v.INDEX}
FRACTIONS = {"visible_fraction": v.FRACTION, "occlusion": v.FRACTION, "truncation": v.FRACTION}
ATTRIBUTES = FRACTIONS | {"asset": v.TEXT, "instance": v.ID}
OUR_FILE = FILE | {"info": v.OBJECT, "licenses": v.LIST}
OUR_CATEGORY = CATEGORY | {"id": v.ID, "supercategory": v.TEXT}
OUR_IMAGE = IMAGE | KEY | {"id": v.ID, "file_name": v.FILE, "ignored": v.LIST}
OUR_ANNOTATION = ANNOTATION | {
    **dict.fromkeys(("id", "image_id", "category_id"), v.ID),
    "iscrowd": v.NO_CROWD,
    "attributes": v.OBJECT,
}
COCO = {"file": FILE, "images": IMAGE, "categories": CATEGORY, "annotations": ANNOTATION}
OURS = {"file": OUR_FILE, "images": OUR_IMAGE, "categories": OUR_CATEGORY, "annotations": OUR_ANNOTATION}
OPTIONAL: v.Rules = {"info": v.OBJECT, "licenses": v.LIST}
"""Keys that files from other tools may omit."""
KEPT = (*IMAGE, *KEY)
"""The image keys that are kept in memory."""
IGNORED = {"category_id": v.ID, "bbox": v.BOX, "reason": v.TEXT}

RUN = {"format": v.FORMAT, "num_images": v.INDEX, "identity": v.TEXT, "recipe": v.OBJECT}
RECORD = {"format": v.FORMAT, "scene": v.INDEX, "split": v.FILE, "status": v.STATUS, "views": v.LIST}
VIEW = {"view": v.INDEX, "lighting": v.INDEX, "reasons": v.LIST, "pictures": v.LIST}
PICTURE = {
    "name": v.FILE,
    "copy": v.INDEX,
    "width": v.SIDE,
    "height": v.SIDE,
    "sha256": v.SHA256,
    "annotations": v.LIST,
    "ignored": v.LIST,
}
LABEL = FRACTIONS | {
    "instance": v.ID,
    "category": v.INDEX,
    "asset": v.TEXT,
    "bbox": v.BOX,
    "area": v.AMOUNT,
    "counts": v.TEXT,
    "amodal_bbox": v.BOX,
    "amodal_area": v.AMOUNT,
    "amodal_counts": v.TEXT,
}


def rules(kind: str, ours: bool) -> v.Rules:
    """Returns the rules for the entries of one list in a COCO file, or for the file itself.

    Args:
        kind: Name of the list, or `file`.
        ours: Whether sim2coco wrote the file. The rules are then stricter.
    """
    return OURS[kind] if ours else COCO[kind]
