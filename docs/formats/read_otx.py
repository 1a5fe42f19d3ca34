"""Reads COCO with OTX, the training extensions of OpenVINO."""

# /// script
# dependencies = [
#     "torch==2.13.0", "torchvision==0.28.0", "otx==2.6.0", "pycocotools", "opencv-python-headless<5",
# ]
# ///

import contextlib
import sys
from pathlib import Path

from truth import Objects, Result, report, truth
from without_cuda import complete_torchvision

complete_torchvision()

from otx.config.data import SubsetConfig  # noqa: E402
from otx.data.module import OTXDataModule  # noqa: E402
from otx.types.task import OTXTaskType  # noqa: E402
from torchvision.transforms.v2 import Identity  # noqa: E402

SPLITS = ("train", "val")


def opened(folder: Path, task: OTXTaskType) -> OTXDataModule:
    """The data module with which OTX trains, without changes of the images."""
    subsets = {
        f"{name}_subset": SubsetConfig(1, name, [Identity()], num_workers=0)
        for name in ("train", "val", "test")
    }
    with contextlib.redirect_stdout(sys.stderr):
        return OTXDataModule(task, "coco_instances", str(folder), **subsets, input_size=(240, 320))


def read(root: Path, folder: str, task: OTXTaskType, result: Result) -> Result:
    """Reads both splits."""
    module = opened(root / folder, task)
    names = module.label_info.label_names
    for split in SPLITS:
        data, found = module.subsets[split], {}
        for index in range(len(data)):
            item = data[index]
            masks = list(item.masks.numpy()) if task == OTXTaskType.INSTANCE_SEGMENTATION else None
            name = Path(data.dm_subset[index].media.path).name
            found[name] = Objects(item.bboxes.tolist(), [names[int(label)] for label in item.label], masks)
        result.add(truth(root / "run", split), found)
    return result


if __name__ == "__main__":
    root = Path(sys.argv[1])
    masks, boxes = OTXTaskType.INSTANCE_SEGMENTATION, OTXTaskType.DETECTION
    report(
        [
            read(root, "coco_polygons", masks, Result("coco segmentation=polygons")),
            read(root, "run", masks, Result("coco", note="each RLE mask becomes its bounding box")),
            read(root, "run", boxes, Result("coco, boxes alone")),
        ]
    )
