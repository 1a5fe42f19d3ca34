"""Tests whether `validate` can be trusted, with an easy data set, shuffled labels, and a repeated seed.

python -m benchmarks.judging --out data/judging

The easy data set shows three objects of fixed colours. A detector must find them in held-out images (AP at
least 0.9), must find nothing if each training image has the labels of another image (AP at most 0.02), and
must score exactly the same when it is trained again with the same seed.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.made import made
from sim2coco.datasets.reading import open_dataset
from sim2coco.validate.comparing import compare
from sim2coco.validate.results import Forecast, Plan, Result, table
from sim2coco.validate.training import use_threads

EASY = {
    "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.10},
    "soccer_ball": {"path": "pybullet_data:soccerball.obj", "size_m": 0.11, "density_kg_m3": 100.0},
    "lego": {"path": "pybullet_data:lego/lego.obj", "size_m": 0.06, "color": [0.8, 0.1, 0.1]},
}
SETTINGS = ("scene.num_objects=[2,4]", "augment=none", "split={train: 0.75, val: 0.25}")

out = Console(highlight=False, soft_wrap=True)


class Told:
    """Prints the progress of the trainings."""

    def read(self, name: str, done: int, total: int) -> None:
        """Called when images of a data set have been read; prints nothing."""

    def planned(self, forecast: Forecast) -> None:
        """Called when the time per step is known."""
        out.print(f"{forecast.trainings} x {forecast.steps} steps at {forecast.seconds_per_step:.2f} s")

    def stepped(self, done: int, total: int) -> None:
        """Called after each step; `done` and `total` count the steps of all trainings."""
        if done % 100 == 0:
            out.print(f"{done}/{total}")

    def scored(self, result: Result) -> None:
        """Called when the detector of one more training has been tested."""
        out.print(f"{result.name}: AP {result.scores[-1].ap}, AP50 {result.scores[-1].ap50}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the data sets, trains, and prints the table and the results of three checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the data sets")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    use_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    easy, _ = made(options.out, _settings(options), options.images, options.threads)
    sets = {"easy": open_dataset(easy), "easy, again": open_dataset(easy)}
    sets["shuffled labels"] = open_dataset(shuffled(easy, easy.with_name(f"{easy.name}-shuffled")))
    plan = Plan(seeds=1, steps=options.steps, long_px=options.size)
    report = compare(sets, sets["easy"], plan, (), Told()).report
    for line in table(report):
        out.print(line, markup=False)
    first, again, wrong = (result.scores[0] for result in report.results)
    out.print(f"AP of the easy set at least 0.9: {(first.ap or 0) >= 0.9}")
    out.print(f"AP with shuffled labels at most 0.02: {(wrong.ap or 0) <= 0.02}")
    out.print(f"the same seed gives the same scores: {first == again}")


def _settings(options: argparse.Namespace) -> list[str]:
    size = [f"image.width={options.size}", f"image.height={options.size * 3 // 4}"]
    others = ["~assets.categories.teddy", "~assets.categories.mug", "~assets.categories.domino"]
    changes = [f"assets.categories.{name}={json.dumps(own)}".replace('"', "") for name, own in EASY.items()]
    return [*SETTINGS, *size, *others, "~assets.distractors.clutter", *changes[2:]]


def shuffled(root: Path, target: Path) -> Path:
    """A copy of the split `train` in which each image has the labels of another image."""
    tree = json.loads((root / "annotations/instances_train.json").read_text())
    ids = [image["id"] for image in tree["images"]]
    other = dict(zip(ids, [*ids[len(ids) // 2 :], *ids[: len(ids) // 2]], strict=True))
    for entry in tree["annotations"]:
        entry["image_id"] = other[entry["image_id"]]
    for image in tree["images"]:
        image.pop("ignored", None)
    (target / "annotations").mkdir(parents=True, exist_ok=True)
    (target / "annotations/instances_train.json").write_text(json.dumps(tree))
    images = target / "images"
    images.mkdir(exist_ok=True)
    if not (images / "train").exists():
        (images / "train").symlink_to((root / "images/train").resolve())
    return target


if __name__ == "__main__":
    main()
