"""Pictures of rejected views: the first of each reason, the same after any history, in the report."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.reading import open_dataset
from sim2coco.engines.inline import Inline
from sim2coco.rejected import folder_of
from tests.commandline import tree

RECIPE = Recipe.parse(
    {
        "seed": 5,
        "views": 3,
        "image": {"width": 96, "height": 72},
        "assets": {
            "categories": {"nut": {"shape": "nut", "size_m": 0.06}, "box": {"shape": "box", "size_m": 0.06}}
        },
        "scene": {"kind": "floating", "num_objects": [1, 4]},
        "light": {"exposure_ev": [-4, 1]},
        "quality": {
            "checks": {"../dark?": {"kind": "too_dark", "min_grey": 110.0}},
            "target": {"categories": {"nut": 1, "box": 1}},
        },
    }
)
KEPT = 2


def made(out: Path, images: int = 8, rejected: int = KEPT) -> dict[str, bytes]:
    generate(RECIPE, out, images, engine=Inline(), card=False, rejected=rejected)
    return tree(out)


def test_pictures_of_rejected_views(tmp_path: Path) -> None:
    found = made(tmp_path / "data")
    pictures = {name: content for name, content in found.items() if name.startswith("rejected/")}
    for reason in ("../dark?", "target"):
        own = [name for name in pictures if name.startswith(f"{folder_of(reason)}/")]
        assert len(own) == KEPT
    assert len(pictures) == 2 * KEPT
    for name, content in pictures.items():
        grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        assert grey.shape == (72, 96)
        assert (np.quantile(grey, 0.95) < 115) == ("dark" in name)
    page = found["report.html"].decode()
    assert page.count("rejected: ../dark?") == page.count("rejected: target") == KEPT
    assert check(tmp_path / "data").faults == ()

    made(tmp_path / "again", 3, rejected=5)
    shutil.rmtree(tmp_path / "again/rejected")
    made(tmp_path / "again", 5, rejected=1)
    assert made(tmp_path / "again") == found
    assert sum(1 for _ in open_dataset(tmp_path / "data").images()) == 8
