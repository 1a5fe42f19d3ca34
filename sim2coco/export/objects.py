"""Labels as JSON-compatible values with COCO's keys."""

import json
from typing import Any

from sim2coco.datasets.labelled import DatasetInfo, Keypoint, Label, LabelledImage


def labelled_object(info: DatasetInfo, image: LabelledImage, label: Label) -> dict[str, Any]:
    """Returns a label as a COCO annotation without `id` and `image_id`.

    `segmentation` is None if the label has no mask.
    """
    size = [image.height, image.width]
    return {
        "category_id": info.category_ids[label.category],
        "category": info.categories[label.category],
        "bbox": list(label.bbox),
        "area": label.area,
        "iscrowd": int(label.crowd),
        "segmentation": None if label.counts is None else {"size": size, "counts": label.counts},
        "attributes": dict(label.attributes),
        **({} if label.keypoints is None else keypoints(label.keypoints)),
    }


def keypoints(points: tuple[Keypoint, ...]) -> dict[str, Any]:
    """Returns COCO's `keypoints` (a flat list) and `num_keypoints` (the number of labelled keypoints)."""
    flat = [value for point in points for value in point]
    return {"keypoints": flat, "num_keypoints": sum(visible > 0 for _, _, visible in points)}


def compact(value: object) -> bytes:
    """Encodes a value as compact ASCII JSON on one line."""
    return json.dumps(value, separators=(",", ":")).encode()
