"""Effects of the settings of annotation formats, in the files that a run writes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from tests.effects.effect import Effect, gives, in_step, same, shrinks
from tests.effects.made import Made
from tests.effects.run import FAST, files

Measure = Callable[[Made], Any]
SPLIT = {**FAST, "split": {"train": 1}}
READ_FIRST = {
    "bop": "bop/train_pbr/000000/scene_gt.json",
    "coco": "annotations/instances_train.json",
    "imagefolder": "imagefolder/train/metadata.jsonl",
    "kitti": "kitti/training/label_2/000000.txt",
    "panoptic": "panoptic/panoptic_train.json",
    "roboflow": "roboflow/train/_annotations.coco.json",
    "voc": "voc/VOCdevkit/VOC2012/Annotations/s000000_v00.xml",
    "webdataset": "webdataset/train-000000.tar",
    "yolo": "data.yaml",
}
"""The file of each format that its readers open."""


def formats(made: Made) -> list[str]:
    """The formats whose files are there."""
    found = files(made)
    return [kind for kind, file in READ_FIRST.items() if file in found]


def annotation(made: Made) -> dict[str, Any]:
    """The first annotation of the COCO file."""
    found: dict[str, Any] = json.loads((made.run.out / READ_FIRST["coco"]).read_text())["annotations"][0]
    return found


def segmentation(made: Made) -> str:
    return "rle" if isinstance(annotation(made)["segmentation"], dict) else "polygons"


def run_lengths(made: Made) -> str:
    return "compressed" if isinstance(annotation(made)["segmentation"]["counts"], str) else "uncompressed"


def first_x(made: Made) -> int:
    """`xmin` of the first box of VOC."""
    found = ElementTree.parse(made.run.out / READ_FIRST["voc"]).findtext("object/bndbox/xmin")
    return int(found or 0)


def shards(made: Made) -> int:
    return sum(name.endswith(".tar") for name in files(made))


def rows(made: Made) -> list[list[float]]:
    """The rows of the first file of YOLO."""
    file = Path(made.run.out, "labels/train/s000000_v00.txt")
    return [[float(value) for value in row.split()] for row in file.read_text().splitlines()]


def task(made: Made) -> str:
    """What a row is: a class and a box, four corners, a box and a keypoint, or an outline."""
    lengths = max(len(row) for row in rows(made))
    return {5: "detect", 9: "obb", 8: "pose"}.get(lengths, "segment")


def outlined(made: Made) -> float:
    """Area of all outlines, as a share of the image."""
    points = [np.array(row[1:]).reshape(-1, 2) for row in rows(made)]
    areas = [abs(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1))) / 2 for x, y in (one.T for one in points)]
    return float(sum(areas))


F = "export.formats"
POINT = {"assets.categories.block.keypoints": {"middle": [0, 0, 0]}}
IN_PARTS = {
    **SPLIT,
    "assets.categories": {"ring": {"shape": "torus", "size_m": 0.1}},
    "scene.num_objects": 12,
    "scene.spread": 1.0,
    "image.width": 128,
    "image.height": 96,
}
"""Rings that hide parts of each other."""
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    F: Effect((["coco"], ["voc", "yolo"]), formats, gives(["coco"], ["coco", "voc", "yolo"]), SPLIT),
    **{
        f"{F}.kind [{kind}]": Effect(
            (kind,), formats, gives(list(dict.fromkeys(sorted(["coco", kind])))), SPLIT
        )
        for kind in READ_FIRST
    },
    f"{F}.segmentation": Effect(("rle", "polygons"), segmentation, same, SPLIT),
    f"{F}.rle": Effect(("compressed", "uncompressed"), run_lengths, same, SPLIT),
    f"{F}.boxes_3d": Effect((False, True), lambda made: "bbox3d_px" in annotation(made), same, SPLIT),
    f"{F}.first_pixel": Effect((0, 1), first_x, in_step, SPLIT),
    f"{F}.masks": Effect(
        (False, True), lambda made: any("SegmentationObject" in name for name in files(made)), same, SPLIT
    ),
    f"{F}.shard_images": Effect((1, 3), shards, gives(3, 1), {**SPLIT, "num_images": 3}),
    f"{F}.task": Effect(("segment", "detect", "obb", "pose"), task, same, {**SPLIT, **POINT}),
    f"{F}.split": Effect(("bridge", "largest"), outlined, shrinks, IN_PARTS),
}
