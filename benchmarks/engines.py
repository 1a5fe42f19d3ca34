"""Compares the speed of a Ray cluster on one machine with local workers that make the same scenes in turn.

python -m benchmarks.engines --images 400 --workers 2 --rounds 3

Rates and CPU times exclude the start of the processes. CPU times cover all processes, including Ray's.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.clock import Run, machine
from benchmarks.ours import watched
from benchmarks.workload import recipe

ENGINES = ("local", "ray")

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures both engines and prints a table."""
    options = _options(arguments)
    out.print(f"{machine()}\n")
    size = {"width": options.width, "height": 3 * options.width // 4}
    made = recipe(options.objects, options.views, image=size)
    runs: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for turn in range(options.rounds):
            for engine in ENGINES[:: (-1) ** turn]:
                place = Path(folder) / f"{engine}-{turn}"
                runs[engine].append(watched(made, place, options.images, options.workers, engine))
    cpu_ms = {engine: [run.cpu_ms for run in of] for engine, of in runs.items()}
    rates = {engine: [1000 / run.wall_ms for run in of] for engine, of in runs.items()}
    for engine in ENGINES:
        rate, cpu = statistics.median(rates[engine]), statistics.median(cpu_ms[engine])
        out.print(f"{engine}: {rate:.2f} images/s, {cpu:.0f} ms of CPU time an image", markup=False)
    for what, of in (("images/s", rates), ("CPU time", cpu_ms)):
        ratios = [ray / local for local, ray in zip(of["local"], of["ray"], strict=True)]
        told = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        out.print(f"{what} of ray in that of local, round by round: {told}", markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("images", 400),
        ("views", 2),
        ("objects", 10),
        ("workers", 2),
        ("rounds", 3),
        ("width", 640),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
