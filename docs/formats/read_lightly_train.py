"""Reads COCO with LightlyTrain, which is AGPL and so a program of its own."""

# /// script
# dependencies = [
#     "torch==2.13.0", "torchvision==0.28.0", "lightly-train==0.18.0", "pycocotools",
#     "opencv-python-headless<5",
# ]
# ///

import sys
from pathlib import Path

import numpy as np
import yaml
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

import torch  # noqa: E402
from lightly_train._data import instance_segmentation_dataset as reader  # noqa: E402
from lightly_train._data.file_helpers import ImageMode  # noqa: E402

SPLITS = ("train", "val")


def unchanged(item: dict) -> dict:
    """What its transforms give, without a change of the image."""
    return item | {"binary_masks": torch.from_numpy(item["binary_masks"])}


def objects(item: dict, names: list[str]) -> Objects:
    """The objects of an image, whose boxes (centre, width, height) are shares of width and height."""
    masks = list(item["binary_masks"]["masks"].numpy())
    size = np.array(item["image"].shape[1::-1])
    boxes = item["bboxes"].numpy().reshape(-1, 4)
    centres, sides = boxes[:, :2] * size, boxes[:, 2:] * size
    corners = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    return Objects(corners.tolist(), [names[int(number)] for number in item["classes"]], masks)


def read(root: Path, split_args: list, names: list[str], result: Result) -> Result:
    """Reads both splits as its trainer for instance segmentation does."""
    for split, args in zip(SPLITS, split_args, strict=True):
        data = reader.InstanceSegmentationDataset(args, list(args.list_image_info()))
        data._transform, data.image_mode = unchanged, ImageMode.RGB
        items = [data[index] for index in range(len(data))]
        found = {Path(item["image_path"]).name: objects(item, names) for item in items}
        result.add(truth(root / "run", split), found)
    return result


def coco(root: Path, folder: str, result: Result) -> Result:
    """COCO in the layout of a run; images are looked for beside the annotations."""
    places = {
        split: {
            "annotations": str(root / folder / "annotations" / f"instances_{split}.json"),
            "images": f"../images/{split}",
        }
        for split in SPLITS
    }
    data = reader.COCOInstanceSegmentationDataArgs(**places)
    names = list(data.included_classes.values())
    return read(root, [data.get_train_args(), data.get_val_args()], names, result)


def yolo(root: Path) -> Result:
    """YOLO segmentation, from `data.yaml`."""
    content = yaml.safe_load((root / "run" / "data.yaml").read_text())
    names = content["names"] if isinstance(content["names"], dict) else dict(enumerate(content["names"]))
    data = reader.YOLOInstanceSegmentationDataArgs(
        path=root / "run", train=content["train"], val=content["val"], names=names
    )
    result = Result("yolo", tolerance_px=1.0, note="boxes within 1 px")
    return read(root, [data.get_train_args(), data.get_val_args()], list(names.values()), result)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    polygons = Result(
        "coco segmentation=polygons", note="polygons are drawn with their border, a pixel too far"
    )
    report([coco(root, "run", Result("coco")), coco(root, "coco_polygons", polygons), yolo(root)])
