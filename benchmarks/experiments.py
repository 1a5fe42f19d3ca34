"""Measures data set quality: the AP of a small detector, trained on data sets that differ in one setting.

python -m benchmarks.experiments --reference data/blender --out data/experiments [--only views lightings]

The reference shows the objects of `assets=everyday` in images of another renderer
(`docs/reference_blender.py`). Each training writes its own file, so a stopped program can continue; the table
contains all finished trainings. `--photos DIR` gives photographs for floors and negatives; without this
option, the experiments that need photographs are left out.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.judging import Told
from benchmarks.made import derived, made
from sim2coco.datasets.reading import open_dataset
from sim2coco.store import LocalStore
from sim2coco.validate.comparing import compare
from sim2coco.validate.data import photographs
from sim2coco.validate.results import Plan, spread
from sim2coco.validate.training import use_threads

IMAGES, MANY, STEPS, SEEDS = 300, 1200, 500, 3
VIEW = "views=1"
out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Cell:
    """A data set to train on.

    Attributes:
        settings: Arguments of `sim2coco generate`; PHOTOS stands for the folder of photographs, SEED for a
            seed that differs between trainings.
        images: Number of images.
        negatives: Whether to train also on photographs without objects.
        needs_photos: Whether this data set is left out if no photographs are given.
        then: A command, with its options, that derives the training set from the generated data set.
    """

    settings: tuple[str, ...] = (VIEW,)
    images: int = IMAGES
    negatives: bool = False
    needs_photos: bool = False
    then: tuple[str, ...] = ()


def _both(*settings: str, negatives: bool = False, needs_photos: bool = False) -> Cell:
    return Cell((VIEW, *settings), negatives=negatives, needs_photos=needs_photos)


BASE = Cell()

QUESTIONS: dict[str, dict[str, Cell]] = {
    "selection": {
        "all": Cell(images=MANY),
        "best quarter": Cell(images=MANY, then=("select", "--keep", "25%")),
        "random quarter": _both("seed=SEED"),
    },
    "images": {"100": Cell(images=100), str(IMAGES): BASE, str(MANY): Cell(images=MANY)},
    "augmentation": {name: _both(f"augment={name}") for name in ("none", "strong")} | {"light": BASE},
    "render": {"tiny": _both("render=tiny"), "relit": BASE},
    "floors": {"procedural": BASE, "photographs": _both("scene.floor.images=PHOTOS", needs_photos=True)},
    "negatives": {"none": BASE, "photographs": _both(negatives=True, needs_photos=True)},
    "spread": {"[1,3]": BASE} | {name: _both(f"scene.spread={name}") for name in ("[1,2]", "[2,4]", "[4,6]")},
    "views of a scene": {"1": BASE, "3": Cell(("views=3",)), "9": Cell(("views=9",))},
    "lightings of a view": {"1": BASE, "3": _both("lightings=3")},
    "assets": {"with distractors": BASE, "without distractors": _both("~assets.distractors.clutter")},
    "checks": {"none": _both("quality=none"), "default": BASE},
    "lights": {"day": BASE}
    | {name: _both(f"light={name}") for name in ("dusk", "outdoors", "room", "studio")},
}
"""For each question, the data sets that are compared, by name; they differ in one setting."""


@dataclass(frozen=True, slots=True)
class Row:
    """The results for a cell: AP and AP50 of each seed, and the CPU seconds for making the data set."""

    question: str
    name: str
    images: int
    cpu_s: float
    ap: tuple[float, ...]
    ap50: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the missing trainings and prints the table."""
    options = _options(arguments)
    use_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        for question, name, cell in _chosen(options):
            _train(options, question, name, cell, seed)
    for line in table(rows(options.out)):
        out.print(line, markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=Path, help="a folder of photographs without the objects")
    parser.add_argument("--only", nargs="+", choices=[*QUESTIONS], default=[*QUESTIONS], help="questions")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--most", type=int, default=10**9, help="trainings of this call")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> Iterator[tuple[str, str, Cell]]:
    """The selected cells; without photographs, only those that need none."""
    for question in options.only:
        for name, cell in QUESTIONS[question].items():
            if options.photos or not cell.needs_photos:
                yield question, name, cell


def _train(options: argparse.Namespace, question: str, name: str, cell: Cell, seed: int) -> None:
    """Trains with one seed, unless the result exists; reuses a result of the same data set and seed."""
    settings = [
        part.replace("PHOTOS", str(options.photos)).replace("SEED", str(seed + 1)) for part in cell.settings
    ]
    mark = json.dumps([settings, cell.images, cell.negatives, cell.then, options.steps, seed])
    file = f"{question}--{name}--{seed}.json".replace(" ", "_")
    store = LocalStore(options.out)
    if (options.out / file).exists() or not options.most:
        return
    known = next((text for text in _texts(options.out) if json.loads(text)["mark"] == mark), None)
    if known is None:
        options.most -= 1
        known = json.dumps(_trained(options, settings, cell, seed) | {"mark": mark})
    content = json.loads(known) | {"question": question, "name": name, "seed": seed}
    store.put(file, json.dumps(content).encode())
    out.print(f"{question}, {name}, seed {seed}: AP {content['ap']:.3f}, AP50 {content['ap50']:.3f}")


def _trained(
    options: argparse.Namespace, settings: Sequence[str], cell: Cell, seed: int
) -> dict[str, object]:
    root, cpu_s = made(options.out / "sets", settings, cell.images, options.threads)
    root = derived(root, cell.then) if cell.then else root
    negatives = photographs(options.photos) if cell.negatives else []
    plan = Plan(1, options.steps, first_seed=seed)
    done = compare({"made": open_dataset(root)}, open_dataset(options.reference), plan, negatives, Told())
    scores = done.report.results[0].scores[0]
    return {"ap": scores.ap or 0.0, "ap50": scores.ap50 or 0.0, "images": cell.images, "cpu_s": cpu_s}


def _texts(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.glob("*--*--*.json"))]


def rows(folder: Path) -> list[Row]:
    """The results in a folder, in the order of the questions."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for text in _texts(folder):
        own = json.loads(text)
        found.setdefault((own["question"], own["name"]), []).append(own)
    return [
        Row(
            question,
            name,
            int(own[0]["images"]),
            own[0]["cpu_s"],
            tuple(one["ap"] for one in own),
            tuple(one["ap50"] for one in own),
        )
        for question, cells in QUESTIONS.items()
        for name in cells
        if (own := found.get((question, name)))
    ]


def table(found: Sequence[Row]) -> list[str]:
    """The results as a Markdown table."""
    head = ["| question | data set | images | CPU s | seeds | AP | AP50 |", "|---|---|---|---|---|---|---|"]
    return head + [
        f"| {row.question} | {row.name} | {row.images} | {row.cpu_s:.0f} | {len(row.ap)} "
        f"| {spread(row.ap)} | {spread(row.ap50)} |"
        for row in found
    ]


if __name__ == "__main__":
    main()
