"""Reads COCO and Pascal VOC with torchvision, and trains Mask R-CNN as the page of trainers says."""

# /// script
# dependencies = ["torch==2.13.0", "numpy", "pillow", "pycocotools"]
# [tool.formats]
# no-deps = ["torchvision==0.28.0"]
# ///

import contextlib
import io
import sys
from pathlib import Path

from trainers import program
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from torchvision import datasets, tv_tensors  # noqa: E402

SPLITS = ("train", "val")


def opened(images: Path, labels: Path) -> datasets.CocoDetection:
    """A COCO data set, without what pycocotools prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return datasets.CocoDetection(images, labels)


def wrapped(data: datasets.CocoDetection) -> dict[str, Objects]:
    """The images of a data set as `wrap_dataset_for_transforms_v2` gives them."""
    keys = {"image_id", "boxes", "labels", "masks"}
    found = {}
    for _, target in datasets.wrap_dataset_for_transforms_v2(data, target_keys=keys):
        image = data.coco.imgs[target["image_id"]]
        names = [data.coco.cats[int(number)]["name"] for number in target.get("labels", [])]
        if names:
            assert target["boxes"].format == tv_tensors.BoundingBoxFormat.XYXY
            boxes, masks = target["boxes"].tolist(), list(target["masks"].numpy())
            found[Path(image["file_name"]).name] = Objects(boxes, names, masks)
        else:
            found[Path(image["file_name"]).name] = Objects([], [])
    return found


def coco(root: Path, folder: str, result: Result) -> Result:
    """COCO in the layout of a run."""
    for split in SPLITS:
        labels = root / folder / "annotations" / f"instances_{split}.json"
        images = root / folder / "images" / split
        result.add(truth(root / "run", split), wrapped(opened(images, labels)))
    return result


def roboflow(root: Path) -> Result:
    """COCO with the annotations beside the images."""
    result = Result("roboflow")
    for split, there in {"train": "train", "val": "valid"}.items():
        folder = root / "run" / "roboflow" / there
        result.add(truth(root / "run", split), wrapped(opened(folder, folder / "_annotations.coco.json")))
    return result


def voc(root: Path) -> Result:
    """Pascal VOC, whose boxes torchvision gives as they are in the files."""
    result = Result("voc first_pixel=0")
    for split in SPLITS:
        data = datasets.VOCDetection(root / "voc_edges" / "voc", image_set=split)
        found = {}
        for _, target in data:
            entries = target["annotation"].get("object", [])
            corners = [
                [float(entry["bndbox"][key]) for key in ("xmin", "ymin", "xmax", "ymax")] for entry in entries
            ]
            found[target["annotation"]["filename"]] = Objects(corners, [entry["name"] for entry in entries])
        result.add(truth(root / "run", split), found)
    return result


def train(root: Path) -> str:
    """Runs the program of the page; returns what to say of it."""
    # few boxes, because the operators that are written in Python need much memory
    text = program("torchvision", root / "run").replace("max_size=", "box_batch_size_per_image=16, max_size=")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(text, "docs/trainers.md", "exec"), {})  # noqa: S102
    assert "epoch 0" in printed.getvalue()
    return "Mask R-CNN trains an epoch"


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        coco(root, "run", Result("coco")),
        coco(root, "coco_polygons", Result("coco segmentation=polygons")),
        roboflow(root),
        voc(root),
    ]
    results[0].note = train(root)
    report(results)
