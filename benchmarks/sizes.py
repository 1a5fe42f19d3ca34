"""Images per second by number of workers and image size.

python -m benchmarks.sizes --images 20 --workers 1 2 4 --sizes 320x240 640x480 1280x960 --rounds 2

All cells are measured in turn, so that disturbances affect all of them.
"""

import argparse
import os
import re
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.clock import Run, machine
from benchmarks.ours import watched
from benchmarks.workload import recipe

WORKERS = (1, 2, 4)
SIZES = ((320, 240), (640, 480), (1280, 960))

out = Console(highlight=False, soft_wrap=True)

Cells = dict[tuple[tuple[int, int], int], list[Run]]
"""The runs of each image size (width, height) and number of workers."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all cells and prints a table."""
    options = _options(arguments)
    out.print(f"{machine()}\n")
    out.print(f"{options.objects} objects, {options.views} views a scene, render={options.render}\n")
    cells: Cells = {(size, workers): [] for size in options.sizes for workers in options.workers}
    for _ in range(options.rounds):
        for (width, height), workers in cells:
            image = {"width": width, "height": height}
            settings = recipe(options.objects, options.views, image=image, render={"kind": options.render})
            with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
                run = watched(settings, Path(folder) / "data", options.images * workers, workers)
            cells[(width, height), workers].append(run)
    out.print(table(cells), markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes", description=__doc__.split("\n")[0])
    cores = len(os.sched_getaffinity(0))
    busy = [workers for workers in WORKERS if workers <= cores]
    for name, default, meaning in (
        ("images", 20, "pictures a worker; the first fifth of them warms up"),
        ("views", 5, "pictures of each scene"),
        ("objects", 10, "labelled objects in each scene"),
        ("rounds", 2, "how often everything is run; medians are printed"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{meaning} ({default})")
    parser.add_argument("--workers", type=int, nargs="+", default=busy, help=f"processes ({busy})")
    parser.add_argument("--sizes", type=_size, nargs="+", default=SIZES, help="as 640x480")
    parser.add_argument("--render", default="relit", help="the renderer (relit)")
    return parser.parse_args(arguments)


def _size(word: str) -> tuple[int, int]:
    """Parses an image size such as `640x480`: width and height in pixels."""
    found = re.fullmatch(r"(\d+)[x×](\d+)", word)
    if not found:
        raise argparse.ArgumentTypeError(f"{word!r} is no size like 640x480")
    return int(found[1]), int(found[2])


def table(cells: Cells) -> str:
    """A Markdown table of images per second and, in brackets, CPU ms per image; medians over rounds."""
    sizes, workers = dict.fromkeys(size for size, _ in cells), dict.fromkeys(number for _, number in cells)
    heads = [f"{number} worker{'s'[: number > 1]}" for number in workers]
    lines = [f"| images/s (CPU ms an image) | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for width, height in sizes:
        row = [_cell(cells[(width, height), number]) for number in workers]
        lines.append(f"| {width}×{height} | {' | '.join(row)} |")
    return "\n".join(lines)


def _cell(runs: Sequence[Run]) -> str:
    wall_ms = statistics.median(run.wall_ms for run in runs)
    return f"{1000 / wall_ms:.1f} ({statistics.median(run.cpu_ms for run in runs):.0f})"


if __name__ == "__main__":
    main()
