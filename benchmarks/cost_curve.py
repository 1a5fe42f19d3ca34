"""Cost of an image, and memory, as a data set grows from 100 to 10,000 images.

python -m benchmarks.cost_curve          64×64, one floating box: some minutes
python -m benchmarks.cost_curve --full   640×480, ten everyday objects, default settings: most of an hour

For each size, a data set is made in one run and then extended: existing images are checked, some images are
made, and the COCO file is written again. --plot FILE plots the results.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.clock import Mark, Run, machine
from benchmarks.ours import watched
from benchmarks.plots import Line, Panel, plot_file, save
from benchmarks.workload import cheap, recipe
from sim2coco.recipe import Recipe

SIZES = (100, 300, 1000, 3000, 10_000)
MORE = 100
VIEWS = 5
WINDOWS, SPAN = 20, 100
"""The longest run is split into `WINDOWS` parts of geometrically growing length, from 1/`SPAN` of it on."""

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU time, in s or ms."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        digits = 2 if self.wall < 10 else 1
        return f"{self.wall:.{digits}f} ({self.cpu:.{digits}f})"


@dataclass(frozen=True, slots=True)
class Grown:
    """A run that makes a data set, and a run that extends it."""

    made: Run
    extended: Run

    @property
    def size(self) -> int:
        """Number of images before the extension."""
        return self.made.images

    @property
    def ending_s(self) -> Cost:
        """Cost from the last image to the end of the first run: writing COCO, and stopping the workers."""
        return _between(*self.made.marks[-2:])

    @property
    def checking_s(self) -> Cost:
        """Cost from the start of the second run until the existing images are checked."""
        known = self.extended.marks[0]
        return Cost(known.wall_s, known.cpu_s)

    @property
    def extending_s(self) -> Cost:
        """Cost of the whole second run."""
        ended = self.extended.marks[-1]
        return Cost(ended.wall_s, ended.cpu_s)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all sizes and prints a table."""
    options = _options(arguments)
    settings = recipe(views=VIEWS) if options.full else cheap(VIEWS)
    out.print(f"{machine()}\n")
    out.print(
        f"{settings.image.width}×{settings.image.height}, {options.workers} worker(s): wall (CPU) time\n"
    )
    done = [_grown(settings, size, options.more, options.workers) for size in sorted(options.sizes)]
    out.print(table(done), markup=False)
    windows = marginal(done[-1].made)
    out.print(f"\none run of {done[-1].size} images: {growth(windows)}", markup=False)
    if options.plot:
        save(panels(done), options.plot)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cost_curve", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--full", action="store_true", help="pictures of 640×480 at the default settings")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help=f"images of the runs {SIZES}")
    parser.add_argument("--more", type=int, default=MORE, help=f"images that extend each by ({MORE})")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--plot", type=plot_file, metavar="FILE", help="draw it, as .svg or .png")
    return parser.parse_args(arguments)


def _grown(settings: Recipe, size: int, more: int, workers: int) -> Grown:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data = Path(folder) / "data"
        return Grown(
            watched(settings, data, size, workers),
            watched(settings, data, size + more, workers),
        )


def marginal(run: Run) -> list[tuple[int, Cost]]:
    """For each part of a run, the number of images at its end, and the cost of one more image in ms."""
    marks = run.marks[:-1]
    edges = np.geomspace(max(marks[0].images, run.images // SPAN), run.images, WINDOWS + 1).round()
    reached = dict.fromkeys(next(mark for mark in marks if mark.images >= edge) for edge in edges)
    return [
        (last.images, _each_ms(_between(first, last), last.images - first.images))
        for first, last in pairwise(reached)
    ]


def growth(windows: Sequence[tuple[int, Cost]]) -> str:
    """Compares the cost of an image in the last part of a run with the cost in the middle part, as text."""
    (early, before), (_, after) = windows[len(windows) // 2], windows[-1]
    return (
        f"an image of the last part takes {after} ms, one of the part up to {early} {before} ms: "
        f"{after.wall / before.wall:.2f} ({after.cpu / before.cpu:.2f}) times that"
    )


def table(done: Sequence[Grown]) -> str:
    """A Markdown table with a row for each size; `adds` is the cost per additional image, from row to row."""
    lines = [
        "| images | whole run, ms an image | one more, ms | end, s | adds, ms | check, s | adds, ms "
        "| extended, s | main, MiB | worker, MiB |",
        "|---" * 10 + "|",
    ]
    for before, grown in zip([None, *done], done, strict=False):
        ended = grown.made.marks[-1]
        whole = Cost(ended.wall_s, ended.cpu_s)
        cells = [
            _each_ms(whole, grown.size),
            Cost(grown.made.wall_ms, grown.made.cpu_ms),
            grown.ending_s,
            _added_ms(before.ending_s, grown.ending_s, grown.size - before.size) if before else "–",
            grown.checking_s,
            _added_ms(before.checking_s, grown.checking_s, grown.size - before.size) if before else "–",
            grown.extending_s,
            f"{max(mark.main_kib for mark in grown.made.marks) / 1024:.0f}",
            f"{max(mark.child_kib for mark in grown.made.marks) / 1024:.0f}",
        ]
        lines.append(f"| {grown.size:,} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def panels(done: Sequence[Grown]) -> list[Panel]:
    """Plots: cost of an image along the longest run; cost of ending and extending, by size; memory."""
    marks = done[-1].made.marks[:-1]
    main = [(mark.images, mark.main_kib / 1024) for mark in marks]
    worker = [(mark.images, mark.child_kib / 1024) for mark in marks]
    memory = [Line("worker", worker, "C0-"), Line("main process", main, "C1-")]
    return [
        Panel("An image along one run", "images made", "ms an image", _along(done), log_x=True),
        Panel("What is done once, by size", "images in the data set", "s", _once(done)),
        Panel("Memory along one run", "images made", "MiB", memory),
    ]


def _along(done: Sequence[Grown]) -> list[Line]:
    run, windows = done[-1].made, marginal(done[-1].made)
    so_far = [(mark.images, 1000 * mark.wall_s / mark.images) for mark in run.marks[:-1]]
    return [
        Line("all so far", [point for point in so_far if point[0] >= windows[0][0]], "C2-"),
        Line("whole runs", [(grown.size, 1000 * grown.made.whole_s / grown.size) for grown in done], "C2o"),
        Line("one more", [(images, cost.wall) for images, cost in windows], "C0o-"),
        Line("one more, CPU", [(images, cost.cpu) for images, cost in windows], "C1o-"),
    ]


def _once(done: Sequence[Grown]) -> list[Line]:
    return [
        Line("extending, in all", [(grown.size, grown.extending_s.wall) for grown in done], "C2o-"),
        Line("check of what is there", [(grown.size, grown.checking_s.wall) for grown in done], "C0o-"),
        Line("end of a run: COCO", [(grown.size, grown.ending_s.wall) for grown in done], "C1o-"),
    ]


def _between(first: Mark, last: Mark) -> Cost:
    return Cost(last.wall_s - first.wall_s, last.cpu_s - first.cpu_s)


def _each_ms(cost_s: Cost, images: int) -> Cost:
    return Cost(1000 * cost_s.wall / images, 1000 * cost_s.cpu / images)


def _added_ms(few_s: Cost, many_s: Cost, images: int) -> Cost:
    return _each_ms(Cost(many_s.wall - few_s.wall, many_s.cpu - few_s.cpu), images)


if __name__ == "__main__":
    main()
