"""Reads `imagefolder` and the tar files of `webdataset` with Hugging Face's datasets."""

# /// script
# dependencies = ["datasets==5.2.0", "pillow", "pycocotools"]
# ///

import sys
from pathlib import Path

import datasets
from pycocotools import mask as coco_mask
from truth import Objects, Result, report, truth

SPLITS = {"train": "train", "val": "validation"}


def objects(entries: list[dict]) -> Objects:
    """Objects from entries with COCO's names."""
    boxes = [[x, y, x + w, y + h] for x, y, w, h in (entry["bbox"] for entry in entries)]
    masks = [coco_mask.decode(entry["segmentation"]) for entry in entries]
    return Objects(boxes, [entry["category"] for entry in entries], masks)


def imagefolder(root: Path) -> Result:
    """The folder as a whole; its splits are found by the names of the folders."""
    result = Result("imagefolder")
    data = datasets.load_dataset(str(root / "run" / "imagefolder"))
    for split, there in SPLITS.items():
        found = {}
        for row in data[there]:
            columns = row["objects"]
            assert row["image"].size == (row["width"], row["height"])
            entries = [
                dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
            ]
            found[Path(row["image"].filename or row["file_name"]).name] = objects(entries)
        result.add(truth(root / "run", split), found)
    return result


def webdataset(root: Path) -> Result:
    """The tar files of each split."""
    result = Result("webdataset")
    files = {split: str(root / "run" / "webdataset" / f"{split}-*.tar") for split in SPLITS}
    data = datasets.load_dataset("webdataset", data_files=files)
    for split in SPLITS:
        rows = [row["json"] for row in data[split]]
        result.add(
            truth(root / "run", split), {row["file_name"]: objects(row["annotations"]) for row in rows}
        )
    return result


if __name__ == "__main__":
    report([imagefolder(Path(sys.argv[1])), webdataset(Path(sys.argv[1]))])
