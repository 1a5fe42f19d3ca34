"""Compares the cost of a labelled image between this checkout and another one, which are measured in turn.

python -m benchmarks.beside ../other --images 40 --rounds 5

Both checkouts make the images of `benchmarks.end_to_end` with one worker.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.clock import machine

HERE = Path(__file__).parent.parent
AUGMENTS = ("none", "light")
KINDS = ("CPU ms an image", "wall ms an image", "CPU s of the whole run", "wall s of the whole run")
PROGRAM = """
import json, sys, tempfile
from pathlib import Path
from benchmarks.ours import watched
from benchmarks.workload import recipe
with tempfile.TemporaryDirectory() as folder:
    run = watched(recipe(augment=sys.argv[1]), Path(folder) / "out", int(sys.argv[2]))
print(json.dumps([run.cpu_ms, run.wall_ms, run.marks[-1].cpu_s, run.whole_s]))
"""
"""Program that is run in each checkout, with the checkout's own benchmarks."""

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures both checkouts and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__.split("\n")[0])
    parser.add_argument("other", type=Path, metavar="FOLDER", help="the other checkout")
    parser.add_argument("--images", type=int, default=40, help="images a run; the first fifth warms up (40)")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is run (5)")
    options = parser.parse_args(arguments)
    out.print(machine() + "\n")
    trees = [options.other.resolve(), HERE]
    costs: dict[tuple[str, Path], list[list[float]]] = {}
    for turn in range(options.rounds):
        for augment in AUGMENTS:
            for tree in trees if turn % 2 == 0 else reversed(trees):
                costs.setdefault((augment, tree), []).append(_run(tree, augment, options.images))
    out.print("| | other | this | this / other: median of the rounds |\n|---|---|---|---|", markup=False)
    for augment in AUGMENTS:
        out.print("\n".join(_lines(augment, *(costs[augment, tree] for tree in trees))), markup=False)


def _run(tree: Path, augment: str, images: int) -> list[float]:
    """The costs of a run, in the order of `KINDS`."""
    command = [sys.executable, "-c", PROGRAM, augment, str(images)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, env=environment, cwd=tree, stdout=subprocess.PIPE, text=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _lines(augment: str, other: Sequence[Sequence[float]], this: Sequence[Sequence[float]]) -> list[str]:
    lines = []
    for kind, theirs, ours in zip(KINDS, zip(*other, strict=True), zip(*this, strict=True), strict=True):
        ratio = statistics.median(one / two for one, two in zip(ours, theirs, strict=True))
        medians = f"{statistics.median(theirs):.1f} | {statistics.median(ours):.1f}"
        lines.append(f"| augment={augment}, {kind} | {medians} | {ratio:.2f} |")
    return lines


if __name__ == "__main__":
    main()
