"""Reads COCO with MMDetection, and trains Mask R-CNN as the page of trainers says.

Its operators are those of torchvision, because PyPI has `mmcv` as sources alone, which must be compiled.
"""

# /// script
# dependencies = [
#     "torch==2.13.0", "mmengine==0.10.7", "mmcv-lite==2.1.0", "numpy", "scipy", "shapely", "six",
#     "terminaltables", "tqdm", "pycocotools", "opencv-python-headless<5", "setuptools<81",
# ]
# [tool.formats]
# no-deps = ["mmdet==3.3.0", "torchvision==0.28.0"]
# ///

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from trainers import program
from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from without_operators import complete_mmcv  # noqa: E402

complete_mmcv()

from mmdet.datasets import CocoDataset  # noqa: E402
from mmdet.datasets.transforms import LoadAnnotations  # noqa: E402

SPLITS = ("train", "val")


def opened(folder: Path, split: str, **settings: object) -> CocoDataset:
    """The data set of a split."""
    labels = f"annotations/instances_{split}.json"
    places = {"data_root": str(folder), "ann_file": labels, "data_prefix": {"img": f"images/{split}"}}
    with contextlib.redirect_stdout(io.StringIO()):
        return CocoDataset(**places, **settings, test_mode=True, pipeline=[])


def classes(folder: Path, split: str) -> tuple[str, ...]:
    """The names of the categories, in their order."""
    with contextlib.redirect_stdout(io.StringIO()):
        content = COCO(str(folder / "annotations" / f"instances_{split}.json"))
    return tuple(category["name"] for category in content.cats.values())


def read(root: Path, folder: str, result: Result) -> Result:
    """COCO with the names of the categories in `metainfo`."""
    load = LoadAnnotations(with_bbox=True, with_mask=True)
    for split in SPLITS:
        names, found = classes(root / folder, split), {}
        data = opened(root / folder, split, metainfo={"classes": names})
        for index in range(len(data)):
            entry = data.get_data_info(index)
            size = (entry["height"], entry["width"])
            item = load.transform({**entry, "img_shape": size, "ori_shape": size})
            categories = [names[number] for number in item["gt_bboxes_labels"]]
            boxes = np.asarray(item["gt_bboxes"].tensor).tolist()
            found[Path(entry["img_path"]).name] = Objects(boxes, categories, list(item["gt_masks"].masks))
        result.add(truth(root / "run", split), found)
    return result


def train(root: Path) -> str:
    """Trains an epoch from the configuration of the page, with small images; returns what to say of it."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    names = classes(root / "run", "train")
    text = program("MMDetection", root / "run", "_base_ =")
    text = text.replace('("nut", "bolt")', repr(names)).replace("num_classes=2", f"num_classes={len(names)}")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        file = Path(folder) / "parts.py"
        file.write_text(text + SMALL)
        config = Config.fromfile(file)
        config.work_dir = folder
        for step in config.train_dataloader.dataset.pipeline:
            if step.type == "Resize":
                step.scale = (160, 120)
        Runner.from_cfg(config).train()
        assert (Path(folder) / "epoch_1.pth").exists()
    return "Mask R-CNN trains an epoch with torchvision's operators"


SMALL = """
model.update(backbone=dict(init_cfg=None), train_cfg=dict(rcnn=dict(sampler=dict(num=16))))
train_dataloader.update(num_workers=0, persistent_workers=False)
train_cfg = dict(max_epochs=1)
val_cfg = val_dataloader = val_evaluator = test_cfg = test_dataloader = test_evaluator = None
"""

if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        read(root, "run", Result("coco")),
        read(root, "coco_polygons", Result("coco segmentation=polygons")),
    ]
    bare = opened(root / "run", "train")
    objects = sum(len(bare.get_data_info(index)["instances"]) for index in range(len(bare)))
    results[0].note = f"with `metainfo`; without it, {objects} objects. " + train(root)
    report(results)
