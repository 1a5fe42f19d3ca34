"""Reads BOP with bop_toolkit_lib."""

# /// script
# dependencies = ["numpy<2", "pycocotools", "pypng", "pytz", "imageio", "scipy", "opencv-python-headless<5"]
# [tool.formats]
# no-deps = [
#     "bop-toolkit-lib @ git+https://github.com/thodan/bop_toolkit@cea62d651c7e395b2e1962b9749e4e89693c6ac4",
# ]
# ///

import json
import sys
from pathlib import Path

import numpy as np
from bop_toolkit_lib import inout, misc
from truth import Objects, Result, report, truth

SPLITS = ("train", "val")


def image(scene: Path, number: int, labels: list, infos: list, names: dict[str, str]) -> Objects:
    """The objects of an image; boxes and counts that bop_toolkit computes must be those of the files."""
    boxes, masks = [], []
    for index, info in enumerate(infos):
        mask = inout.load_im(str(scene / "mask_visib" / f"{number:06d}_{index:06d}.png")) > 0
        rows, columns = mask.nonzero()
        x, y, width, height = misc.calc_2d_bbox(columns, rows, mask.shape[::-1])
        assert [x, y, width, height] == info["bbox_visib"]
        assert np.count_nonzero(mask) == info["px_count_visib"]
        boxes.append([x, y, x + width + 1, y + height + 1])
        masks.append(mask)
    return Objects(boxes, [names[str(label["obj_id"])] for label in labels], masks)


def read(root: Path) -> Result:
    """All scenes; the images of a split are in the order of their names."""
    result = Result(
        "bop",
        note="boxes one wider and higher than `bbox_visib`, which is a difference of columns",
    )
    about = json.loads((root / "bop" / "dataset_info.json").read_text())
    names = {number: entry["category"] for number, entry in about["objects"].items()}
    for split in SPLITS:
        expected, found = truth(root, split), []
        for scene in sorted((root / "bop" / f"{split}_pbr").iterdir()):
            poses = inout.load_scene_gt(str(scene / "scene_gt.json"))
            infos = inout.load_json(str(scene / "scene_gt_info.json"), keys_to_int=True)
            found += [image(scene, number, poses[number], infos[number], names) for number in sorted(poses)]
        assert len(found) == len(expected)
        result.add(expected, dict(zip(sorted(expected), found, strict=True)))
    return result


if __name__ == "__main__":
    report([read(Path(sys.argv[1]) / "poses")])
