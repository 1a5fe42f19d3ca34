"""Reads COCO with the data set of MMDetection, whose models are not needed for that."""

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
import types
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from truth import Objects, Result, report, truth

# `mmcv-lite` has no compiled operators; MMDetection imports these, and its data sets call none.
for name, operators in (("mmcv.ops", ["batched_nms"]), ("mmcv.ops.roi_align", ["roi_align"])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(dict.fromkeys(operators))

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


if __name__ == "__main__":
    root = Path(sys.argv[1])
    results = [
        read(root, "run", Result("coco")),
        read(root, "coco_polygons", Result("coco segmentation=polygons")),
    ]
    bare = opened(root / "run", "train")
    objects = sum(len(bare.get_data_info(index)["instances"]) for index in range(len(bare)))
    results[
        0
    ].note = f"with `metainfo`; without it, {objects} objects. Its data set only: its models were not run"
    report(results)
