"""Reads COCO with DETR's image processor, and trains DETR as the page of trainers says."""

# /// script
# dependencies = ["torch==2.13.0", "transformers==5.24.0", "numpy", "pillow", "pycocotools", "scipy"]
# [tool.formats]
# no-deps = ["torchvision==0.28.0"]
# ///

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from trainers import program
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from transformers import DetrImageProcessor, DetrImageProcessorPil  # noqa: E402

SPLITS = ("train", "val")
OPTIONS = {
    "do_resize": False,
    "do_rescale": False,
    "do_normalize": False,
    "do_pad": False,
    "do_convert_annotations": False,
}


def objects(target: dict, names: dict[int, str]) -> Objects:
    """The objects in a target of DETR; the background of panoptic files is not one."""
    chosen = [
        index
        for index, number in enumerate(np.asarray(target["class_labels"]).tolist())
        if names[number] != "background"
    ]
    categories = [names[int(target["class_labels"][index])] for index in chosen]
    return Objects(
        np.asarray(target["boxes"])[chosen].tolist(), categories, list(np.asarray(target["masks"])[chosen])
    )


def detection(root: Path, folder: str, result: Result) -> Result:
    """COCO detection, with masks."""
    processor = DetrImageProcessor(format="coco_detection", **OPTIONS)
    for split in SPLITS:
        content = json.loads((root / folder / "annotations" / f"instances_{split}.json").read_text())
        names, found = {category["id"]: category["name"] for category in content["categories"]}, {}
        for image in content["images"]:
            labels = [label for label in content["annotations"] if label["image_id"] == image["id"]]
            picture = Image.open(root / "run" / "images" / split / image["file_name"])
            entry = {"image_id": image["id"], "annotations": labels}
            target = processor(picture, entry, return_segmentation_masks=True, return_tensors="pt")["labels"][
                0
            ]
            found[image["file_name"]] = objects(target, names)
        result.add(truth(root / "run", split), found)
    return result


def panoptic(root: Path) -> Result:
    """COCO panoptic, whose boxes DETR computes from the masks, up to the last pixel and not its edge.

    The other processor of DETR opens PNGs by torchvision, which without CUDA cannot.
    """
    result = Result(
        "panoptic", tolerance_px=1.0, note="boxes within 1 px, as they are computed from the masks"
    )
    processor = DetrImageProcessorPil(format="coco_panoptic", **OPTIONS)
    for split in SPLITS:
        folder = root / "run" / "panoptic" / f"panoptic_{split}"
        content = json.loads((folder.parent / f"panoptic_{split}.json").read_text())
        names, found = {category["id"]: category["name"] for category in content["categories"]}, {}
        images = {image["id"]: image["file_name"] for image in content["images"]}
        for entry in content["annotations"]:
            name = images[entry["image_id"]]
            picture = Image.open(root / "run" / "images" / split / name)
            words = {"masks_path": folder, "return_segmentation_masks": True, "return_tensors": "pt"}
            found[name] = objects(processor(picture, entry, **words)["labels"][0], names)
        result.add(truth(root / "run", split), found)
    return result


def train(root: Path) -> str:
    """Runs the program of the page; returns what to say of it."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        text = program("Hugging Face transformers", root / "run")
        exec(compile(text, "docs/trainers.md", "exec"), {})  # noqa: S102
    assert "epoch 0" in printed.getvalue()
    return "DETR trains an epoch"


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        detection(root, "coco_polygons", Result("coco segmentation=polygons")),
        panoptic(root),
    ]
    results[0].note = train(root)
    report(results)
