"""Reads COCO, YOLO, Pascal VOC and KITTI with Datumaro."""

# /// script
# dependencies = ["datumaro==1.13.12", "opencv-python-headless<5", "pycocotools"]
# ///

import json
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


def kitti(root: Path) -> Result:
    """KITTI, all splits at once: boxes, categories, the state of each object, and its box in space."""
    folder, expected, found = root / "poses" / "kitti", {}, {}
    names = dict(line.split(maxsplit=1) for line in (folder / "names.txt").read_text().splitlines())
    data = datumaro.Dataset.import_from(str(folder / "training"), "kitti3d")
    labels = data.categories()[AnnotationType.label]
    for split in SPLITS:
        expected |= truth(root / "poses", split)
    shares, states, around = shares_hidden(root / "poses"), [0, 0], [0, 0]
    for item in data:
        name = Path(names[item.id]).name
        boxes = [box for box in item.annotations if labels[box.label].name != "DontCare"]
        corners = [[box.x, box.y, box.x + box.w, box.y + box.h] for box in boxes]
        found[name] = Objects(corners, [labels[box.label].name for box in boxes])
        for box, (truncation, occlusion) in zip(boxes, shares[name], strict=True):
            level = (occlusion >= 0.1) + (occlusion >= 0.5)
            state = abs(box.attributes["truncated"] - truncation), box.attributes["occluded"] - level
            count(states, state[0] <= 0.005 and state[1] == 0)
            if truncation == 0:  # KITTI cuts boxes at the edge of the image
                count(around, surrounds(box, Path(item.attributes["calib_path"])))
    note = f"truncation and occlusion of {states[0]} of {states[1]}; box in space, by `calib`, around the "
    result = Result("kitti", note=f"{note}box in the image for {around[0]} of {around[1]}")
    result.add(expected, found)
    return result


def count(counts: list[int], equal: bool) -> None:
    """Counts what is equal, of how many."""
    counts[0] += bool(equal)
    counts[1] += 1


def shares_hidden(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Truncation and occlusion of the labels of each image, in the order of the COCO file."""
    found: dict[str, list[tuple[float, float]]] = {}
    for split in SPLITS:
        content = json.loads((folder / "annotations" / f"instances_{split}.json").read_text())
        images = {image["id"]: image["file_name"] for image in content["images"]}
        found |= {name: [] for name in images.values()}
        for label in content["annotations"]:
            about = label["attributes"]
            found[images[label["image_id"]]].append((about["truncation"], about["occlusion"]))
    return found


def surrounds(box, calibration: Path) -> bool:
    """Whether the box in space, projected by P2, holds the box in the image but for a pixel."""
    lines = dict(line.split(":") for line in calibration.read_text().splitlines() if line)
    matrix = np.array(lines["P2"].split(), float).reshape(3, 4)
    height, width, length = box.attributes["dimensions"]
    turn = box.attributes["rotation_y"]
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-1, 0) for z in (-0.5, 0.5)])
    x, y, z = (corners * (length, height, width)).T
    turned = np.stack([x * np.cos(turn) + z * np.sin(turn), y, z * np.cos(turn) - x * np.sin(turn)])
    points = matrix[:, :3] @ (turned + np.array(box.attributes["location"])[:, None]) + matrix[:, 3:]
    low, high = (points[:2] / points[2]).min(axis=1), (points[:2] / points[2]).max(axis=1)
    sides = np.array([box.x, box.y, box.x + box.w, box.y + box.h]) - 0.5  # centres of pixels at integers
    return bool((low <= sides[:2] + 1).all() and (high >= sides[2:] - 1).all())


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
    results.append(kitti(root))
    report(results)
