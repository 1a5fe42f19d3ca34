"""Cost of starting: the help, a preview, the library, and workers before their first scene.

python -m benchmarks.startup --rounds 5
python -m benchmarks.startup --rounds 5 --beside ../other    another checkout too, in turn

CPU time covers all processes; on a busy machine, wall time means little. A first round, which does not count,
compiles and caches bytecode.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.clock import machine

HERE = Path(__file__).parent.parent
PROGRAM = (sys.executable, "-m", "sim2coco.cli")

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time of one start."""

    cpu_s: float
    wall_s: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all starts and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each is started (5); medians are told"
    )
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="another checkout to measure in turn")
    options = parser.parse_args(arguments)
    trees = [HERE, *([options.beside.resolve()] if options.beside else [])]
    out.print(machine() + "\n")
    costs: dict[Path, dict[str, list[Cost]]] = {tree: {} for tree in trees}
    for turn in range(1 + options.rounds):
        for tree in trees:
            for name, cost in starts(tree).items():
                if turn:
                    costs[tree].setdefault(name, []).append(cost)
    out.print(table(list(costs.values())), markup=False)


def starts(tree: Path) -> dict[str, Cost]:
    """The cost of each start with the code of a checkout."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        preview = [*PROGRAM, "preview", f"out={folder}/preview.png"]
        found = {
            "`sim2coco generate --help`": _started([*PROGRAM, "generate", "--help"], tree),
            "`sim2coco preview`": _started(preview, tree),
            "`from sim2coco import Recipe, generate`": _started(
                [sys.executable, "-c", "from sim2coco import Recipe, generate"], tree
            ),
        }
        for place in ("commandline", "library"):
            for workers in (1, 2):
                found |= _workers(workers, place, tree)
    return found


def _started(command: Sequence[str], tree: Path) -> Cost:
    """Runs a program; returns the cost from its start to its end, including all its child processes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run(command, tree)
    after, wall_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall_s)


def _workers(workers: int, place: str, tree: Path) -> dict[str, Cost]:
    """Cost of each worker before its first scene, including its equal part of the fork server's CPU time."""
    script = str(HERE / "benchmarks" / "begun.py")
    told = json.loads(_run([sys.executable, script, "-", str(workers), place], tree))
    cpu_s, wall_s = zip(*told["workers"], strict=True)
    name = f"{place}: " + ("one worker before its first scene" if workers == 1 else f"each of {workers}")
    return {name: Cost((sum(cpu_s) + told["server_cpu_s"]) / len(cpu_s), max(wall_s))}


def _run(command: Sequence[str], tree: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, env=environment, cwd=tree, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def table(costs: Sequence[dict[str, list[Cost]]]) -> str:
    """A Markdown table of medians; the columns of another checkout come first, a CPU ratio last."""
    mine, *others = costs
    heads = [head for other in others for head in ("CPU s, other", "wall s, other")]
    heads += ["CPU s", "wall s", *(["CPU / other"] if others else [])]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, found in mine.items():
        columns = [*(other[name] for other in others), found]
        cells = [f"{_median(kind, column):.2f}" for column in columns for kind in ("cpu_s", "wall_s")]
        ratios = [f"{_median('cpu_s', found) / _median('cpu_s', other[name]):.2f}" for other in others]
        lines.append(f"| {name} | {' | '.join([*cells, *ratios])} |")
    return "\n".join(lines) + "\n"


def _median(kind: str, costs: Sequence[Cost]) -> float:
    return float(statistics.median(getattr(cost, kind) for cost in costs))


if __name__ == "__main__":
    main()
