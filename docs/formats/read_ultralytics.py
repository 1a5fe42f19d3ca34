"""Reads YOLO labels with Ultralytics, which is AGPL and so a program of its own, and trains one epoch."""

# /// script
# dependencies = [
#     "torch==2.13.0", "opencv-python-headless", "numpy", "pyyaml", "pillow", "requests", "psutil", "polars",
#     "matplotlib", "scipy", "pycocotools", "ultralytics-thop", "ultralytics-autoimport",
# ]
# [tool.formats]
# no-deps = ["ultralytics==8.4.190", "torchvision==0.28.0"]
# ///

import sys
import tempfile
from pathlib import Path

import numpy as np
from truth import Objects, Result, Warnings, report, truth
from ultralytics.cfg import entrypoint, get_cfg
from ultralytics.data import build_yolo_dataset
from ultralytics.data.utils import check_det_dataset
from ultralytics.utils import LOGGER
from without_cuda import complete_torchvision


def objects(item: dict, names: dict[int, str], task: str) -> Objects:
    """The objects of an image, without the border around it."""
    height, width = item["ori_shape"]
    size = np.array(item["img"].shape[:0:-1])
    border = np.round((size - (width, height)) / 2 - 0.1).astype(int)
    boxes = item["bboxes"].numpy()
    categories = [names[int(number)] for number in item["cls"].ravel().tolist()]
    masks = None
    if task == "segment":
        (left, top), masks = border, item["masks"].numpy()[: len(categories)]
        masks = list(masks[:, top : top + height, left : left + width])
    if task == "obb":
        return Objects(None, categories)  # see `count_turned`
    centres, sides = boxes[:, :2] * size - border, boxes[:, 2:] * size
    return Objects(
        np.concatenate([centres - sides / 2, centres + sides / 2], axis=1).tolist(), categories, masks
    )


def count_turned(result: Result, item: dict, image: Objects) -> None:
    """Counts the boxes at any angle (centre, width, height, angle) that contain all pixels of their mask."""
    border = (320 - np.array(item["ori_shape"][::-1])) // 2
    for (x, y, width, height, angle), mask in zip(item["bboxes"].tolist(), image.masks, strict=True):
        points = np.argwhere(mask)[:, ::-1] + 0.5 + border - (320 * x, 320 * y)
        along = points @ (np.cos(angle), np.sin(angle))
        across = points @ (-np.sin(angle), np.cos(angle))
        inside = (np.abs(along) <= 160 * width).all() and (np.abs(across) <= 160 * height).all()
        result.boxes = [result.boxes[0] + bool(inside), result.boxes[1] + 1]


def read(root: Path, folder: str, task: str, result: Result, kept: Warnings) -> Result:
    """Reads all splits as Ultralytics reads them for training, without augmentation."""
    data = check_det_dataset(str(root / folder / "data.yaml"))
    for split in ("train", "val"):
        expected = truth(root / "run", split)
        options = get_cfg(overrides={"task": task, "mask_ratio": 1, "overlap_mask": False, "imgsz": 320})
        dataset = build_yolo_dataset(options, data[split], 1, data, mode="val", rect=False)
        found = {}
        for item in dataset:
            name = Path(item["im_file"]).name
            found[name] = objects(item, data["names"], task)
            if task == "obb":
                count_turned(result, item, expected[name])
        result.add(expected, found)
    result.warnings = [message for message in kept.messages if "labels" in message or "image" in message]
    return result


def train(root: Path) -> str:
    """Trains one epoch with a small model that is described in YAML; returns what to say of it."""
    complete_torchvision()
    words = f"model=yolo26n-seg.yaml data={root / 'run' / 'data.yaml'} epochs=1 imgsz=320 batch=4"
    here = "device=cpu workers=0 amp=False plots=False"
    with tempfile.TemporaryDirectory() as folder:
        entrypoint(f"yolo segment train {words} {here} project={folder}")
        assert list(Path(folder).rglob("last.pt"))
    return "`yolo segment train` finishes an epoch"


if __name__ == "__main__":
    root, kept = Path(sys.argv[1]), Warnings()
    LOGGER.addHandler(kept)
    results = [
        read(root, "run", "segment", Result("yolo", tolerance_px=1.0), kept),
        read(root, "yolo_detect", "detect", Result("yolo task=detect"), kept),
        read(
            root,
            "yolo_obb",
            "obb",
            Result("yolo task=obb", note="boxes that contain every pixel of their mask"),
            kept,
        ),
    ]
    results[0].note = "boxes within 1 px, as they are computed from the polygons; " + train(root)
    report(results)
