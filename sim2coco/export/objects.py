"""Labels as plain values for JSON, with COCO's names."""

import json
from typing import Any

from sim2coco.datasets.labelled import DatasetInfo, Keypoint, Label, LabelledImage


def labelled_object(info: DatasetInfo, image: LabelledImage, label: Label) -> dict[str, Any]:
    """What COCO's annotation of a label says, without ids; `segmentation` is None where there is no mask."""
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
    """Keypoints as COCO's list of x, y and visibility, and the number of those that are labelled."""
    flat = [value for point in points for value in point]
    return {"keypoints": flat, "num_keypoints": sum(visible > 0 for _, _, visible in points)}


def compact(value: object) -> bytes:
    """The JSON of a value in ASCII, without spaces, on one line."""
    return json.dumps(value, separators=(",", ":")).encode()
