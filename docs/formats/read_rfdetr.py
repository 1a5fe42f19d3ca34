"""Reads COCO and its layout with the annotations beside the images with RF-DETR, and trains an epoch."""

# /// script
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "rfdetr[train]==1.11.2", "pycocotools"]
# ///

import contextlib
import io
import sys
import tempfile
from pathlib import Path

from trainers import program
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from rfdetr.datasets.coco import CocoDetection  # noqa: E402

SPLITS = {"train": "train", "val": "valid"}


def objects(images: Path, labels: Path) -> dict[str, Objects]:
    """The images of a split, as RF-DETR opens them for training, without augmentation."""
    with contextlib.redirect_stdout(io.StringIO()):
        data = CocoDetection(images, labels, transforms=None, include_masks=True, remap_category_ids=True)
    found = {}
    for _, target in data:
        image = data.coco.imgs[int(target["image_id"])]
        names = [data.coco.cats[data.label2cat[int(label)]]["name"] for label in target["labels"]]
        found[Path(image["file_name"]).name] = Objects(
            target["boxes"].tolist(), names, list(target["masks"].numpy())
        )
    return found


def roboflow(root: Path) -> Result:
    """The layout that RF-DETR trains from."""
    result = Result("roboflow")
    for split, there in SPLITS.items():
        folder = root / "run" / "roboflow" / there
        result.add(truth(root / "run", split), objects(folder, folder / "_annotations.coco.json"))
    return result


def coco(root: Path) -> Result:
    """Run lengths, in the layout of a run."""
    result = Result("coco")
    for split in SPLITS:
        labels = root / "run" / "annotations" / f"instances_{split}.json"
        result.add(truth(root / "run", split), objects(root / "run" / "images" / split, labels))
    return result


def train(root: Path) -> str:
    """Runs the program of the page with small images and random weights; returns what to say of it."""
    text = program("RF-DETR", root / "run", "import RFDETRNano")
    here = (
        "batch_size=4, grad_accum_steps=1, num_workers=0, multi_scale=False, tensorboard=False, device='cpu'"
    )
    small = "RFDETRNano(pretrain_weights=None, device='cpu', resolution=128)"
    text = text.replace("batch_size=4", here).replace("epochs=10", "epochs=1").replace("RFDETRNano()", small)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        text = text.replace("data/rfdetr/training", folder)
        text = text.replace("data/rfdetr", str(root / "run"))
        exec(compile(text, "docs/trainers.md", "exec"), {})  # noqa: S102
        assert list(Path(folder).glob("*.pth")) + list(Path(folder).glob("*.ckpt"))
    return "`RFDETRNano` trains an epoch"


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [roboflow(root), coco(root)]
    results[0].note = train(root)
    report(results)
