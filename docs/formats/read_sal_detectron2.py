"""Reads COCO with Detectron2, and trains Mask R-CNN as the page of trainers says.

PyPI has no release of Detectron2 itself. `sal-detectron2` has its Python files of April 2024 (a59f056), but
for a line in `data/common.py`. Its compiled operators are for Python 3.10; none of them is needed here.
"""

# /// script
# dependencies = [
#     "torch==2.13.0", "numpy<2", "pillow", "matplotlib", "pycocotools", "termcolor", "yacs", "tabulate",
#     "cloudpickle", "tqdm", "tensorboard", "omegaconf<2.4", "hydra-core", "packaging", "fvcore", "iopath",
#     "opencv-python-headless<4.12", "setuptools<81",
# ]
# [tool.formats]
# no-deps = ["torchvision==0.28.0"]
# python-3-10 = ["sal-detectron2==0.7.2"]
# ///

import contextlib
import copy
import io
import os
import sys
import tempfile
from pathlib import Path

from trainers import program
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from detectron2.data import MetadataCatalog  # noqa: E402
from detectron2.data.datasets import load_coco_json  # noqa: E402
from detectron2.data.detection_utils import annotations_to_instances, transform_instance_annotations  # noqa: E402
from detectron2.data.transforms import TransformList  # noqa: E402

SPLITS = ("train", "val")


def read(root: Path, folder: str, kind: str, result: Result) -> Result:
    """Reads both splits as its mapper of data sets does; `kind` is the setting INPUT.MASK_FORMAT."""
    for split in SPLITS:
        name, found = f"{folder}_{split}", {}
        labels = root / folder / "annotations" / f"instances_{split}.json"
        for entry in load_coco_json(str(labels), str(root / folder / "images" / split), name):
            size = entry["height"], entry["width"]
            marks = [
                transform_instance_annotations(copy.deepcopy(mark), TransformList([]), size)
                for mark in entry["annotations"]
            ]
            there = annotations_to_instances(marks, size, mask_format=kind)
            names = [MetadataCatalog.get(name).thing_classes[int(number)] for number in there.gt_classes]
            masks = bitmaps(there, kind, size) if names else []
            found[Path(entry["file_name"]).name] = Objects(there.gt_boxes.tensor.tolist(), names, masks)
        result.add(truth(root / "run", split), found)
    return result


def bitmaps(there, kind: str, size: tuple[int, int]) -> list:
    """The masks (h, w) of an image; polygons are drawn by Detectron2."""
    from detectron2.structures.masks import polygons_to_bitmask

    if kind == "bitmask":
        return list(there.gt_masks.tensor.numpy())
    return [polygons_to_bitmask(polygons, *size) for polygons in there.gt_masks.polygons]


def train(root: Path) -> str:
    """Runs the program of the page; returns what to say of it."""
    text = program("Detectron2", root / "run")
    small = (
        "config.MODEL.DEVICE, config.MODEL.WEIGHTS, config.SOLVER.MAX_ITER = 'cpu', '', 4\n"
        "config.INPUT.MIN_SIZE_TRAIN, config.INPUT.MAX_SIZE_TRAIN = (120,), 160\n"
        # Frozen normalisation is for weights that are downloaded; random ones diverge with it.
        "config.MODEL.RESNETS.NORM, config.MODEL.BACKBONE.FREEZE_AT, config.SOLVER.BASE_LR = 'BN', 0, 1e-4\n"
        "config.DATALOADER.NUM_WORKERS, config.TEST.EVAL_PERIOD = 0, 0\n"
        "config.MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE = 16\n"
        "heads = config.MODEL.ROI_BOX_HEAD, config.MODEL.ROI_MASK_HEAD\n"
        "for head in heads: head.POOLER_SAMPLING_RATIO = 2\n"
    )
    text = text.replace("DefaultTrainer(config).train()", f"{small}DefaultTrainer(config).train()")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        exec(compile(text, "docs/trainers.md", "exec"), {})  # noqa: S102
        assert list(Path(folder).rglob("model_final.pth"))
    return "Mask R-CNN trains 4 steps"


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        read(root, "run", "bitmask", Result("coco")),
        read(root, "coco_polygons", "polygon", Result("coco segmentation=polygons")),
    ]
    results[0].note = "with `bitmask`; " + train(root)
    report(results)
