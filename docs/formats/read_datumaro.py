"""Reads COCO, YOLO and Pascal VOC with Datumaro."""

# /// script
# dependencies = ["datumaro==1.13.12", "opencv-python-headless<5", "pycocotools"]
# ///

import logging
import sys
from pathlib import Path

import datumaro
import numpy as np
from datumaro.components.annotation import AnnotationType
from pycocotools import mask as coco_mask
from truth import Objects, Result, Warnings, report, truth

SPLITS = ("train", "val")


def mask_of(annotation, size: tuple[int, int]) -> np.ndarray:
    """The mask (h, w) of a mask or of a polygon, which Datumaro rasterises with pycocotools."""
    if annotation.type == AnnotationType.mask:
        return annotation.image
    return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([annotation.points], *size)))


def read(root: Path, folder: str, kind: str, result: Result, masks: bool) -> Result:
    """Reads all splits; boxes are those that Datumaro computes of masks where it gives no boxes."""
    data = datumaro.Dataset.import_from(str(root / folder), kind)
    names = [category.name for category in data.categories()[AnnotationType.label]]
    wanted = (AnnotationType.mask, AnnotationType.polygon) if masks else (AnnotationType.bbox,)
    for split in SPLITS:
        expected, found = truth(root / "run", split), {}
        for item in data:
            if item.subset == split:
                chosen = [annotation for annotation in item.annotations if annotation.type in wanted]
                size = item.media.size
                boxes = [
                    [x, y, x + w, y + h] for x, y, w, h in (annotation.get_bbox() for annotation in chosen)
                ]
                drawn = [mask_of(annotation, size) for annotation in chosen] if masks else None
                categories = [names[annotation.label] for annotation in chosen]
                found[Path(item.media.path).name] = Objects(boxes, categories, drawn)
        result.add(expected, found)
    return result


if __name__ == "__main__":
    root = Path(sys.argv[1])
    kept = Warnings()
    logging.getLogger().addHandler(kept)
    results = []
    for folder, kind, result, masks in (
        ("coco", "coco_instances", Result("coco", tolerance_px=1.0), True),
        ("coco_polygons", "coco_instances", Result("coco segmentation=polygons", tolerance_px=1.0), True),
        ("yolo_detect", "yolo", Result("yolo task=detect"), False),
        ("voc_edges/voc/VOCdevkit/VOC2012", "voc_detection", Result("voc first_pixel=0"), False),
    ):
        try:
            results.append(read(root, folder, kind, result, masks))
        except Exception as error:  # one format that it refuses does not hide the others
            result.note = f"refused: {type(error).__name__}: {error} {error.__cause__ or ''}"[:200]
            results.append(result)
    results[0].warnings = [message for message in kept.messages if "annotations_amodal" not in message]
    results[0].note = "skips the folder `annotations_amodal`, as it should; boxes of masks within 1 px"
    report(results)
