"""Time for a labelled image, in total and by stage, compared with hand-written scripts.

python -m benchmarks.end_to_end --images 40 --views 5 --objects 10 --workers 2 --rounds 3

All programs make the same scenes in turn in one run, so that disturbances affect all of them. Programs that
need OpenGL are left out if it is unavailable.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.clock import Run, machine, watch
from benchmarks.stages import OTHER, STAGES, Spent, measured
from benchmarks.workload import HAND_WRITTEN, HAND_WRITTEN_EGL, plain_scenes, recipe
from sim.render.raster.egl.client import EglUnavailable
from sim.render.raster.egl.probe import egl_device
from sim2coco.recipe import Recipe

AUGMENTS = ("none", "light")
RENDERS = ("tiny", "egl")
HAND, HAND_EGL = "hand-written, TinyRenderer", "hand-written, EGL"
GROUND, BODIES = "PyBullet alone, with ground and shadow", "PyBullet alone, bodies only"
"""Names of the programs that only settle and render scenes, in one process."""

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all programs and prints the tables."""
    options = _options(arguments)
    recipes = {name: recipe(options.objects, options.views, name) for name in AUGMENTS}
    try:
        device = egl_device()
    except EglUnavailable:
        device = "none"
    out.print(f"{machine()}\nOpenGL: {device}\n")
    out.print(f"{options.objects} objects, {options.views} views a scene, 640×480\n")
    runs: dict[tuple[str, int], list[Run]] = {}
    stages: dict[str, list[dict[str, Spent]]] = {name: [] for name in AUGMENTS}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        commands = _commands(Path(folder), recipes, options, egl=device != "none")
        for turn in range(options.rounds):
            for place, ((name, workers), command) in enumerate(commands.items()):
                filled = [
                    str(Path(folder) / f"{turn}-{place}") if part == "OUT" else part for part in command
                ]
                runs.setdefault((name, workers), []).append(watch(filled, workers))
            for name in AUGMENTS:
                stages[name].append(measured(recipes[name], options.images))
    out.print(run_table(runs, options.workers), markup=False)
    out.print(_stage_table(stages), markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.end_to_end", description=__doc__.split("\n")[0]
    )
    for name, default, meaning in (
        ("images", 40, "pictures a run; the first fifth of them warms up"),
        ("views", 5, "pictures of each scene"),
        ("objects", 10, "labelled objects in each scene"),
        ("workers", 2, "processes, compared with one"),
        ("rounds", 3, "how often everything is run; medians are printed"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{meaning} ({default})")
    return parser.parse_args(arguments)


def _commands(
    folder: Path, recipes: dict[str, Recipe], options: argparse.Namespace, *, egl: bool
) -> dict[tuple[str, int], list[str]]:
    """The command line of each program by name and number of processes; OUT stands for a new folder."""
    scenes = folder / "scenes.json"
    scenes.write_text(json.dumps(plain_scenes(recipes["none"], -(-options.images // options.views))))
    ours = {f"sim2coco, augment={name}": settings for name, settings in recipes.items()}
    for render in RENDERS if egl else RENDERS[:1]:
        settings = recipe(options.objects, options.views, render={"kind": render})
        ours[f"sim2coco, render={render}"] = settings
    scripts = {HAND: HAND_WRITTEN, HAND_EGL: HAND_WRITTEN_EGL} if egl else {HAND: HAND_WRITTEN}
    commands: dict[tuple[str, int], list[str]] = {}
    for workers in dict.fromkeys((1, options.workers)):
        for place, (name, settings) in enumerate(ours.items()):
            path = folder / f"{place}.json"
            path.write_text(settings.model_dump_json())
            program = [sys.executable, "-m", "benchmarks.ours", str(path), "OUT"]
            commands[name, workers] = [*program, str(options.images), str(workers)]
        for name, script in scripts.items():
            commands[name, workers] = [sys.executable, str(script), str(scenes), "OUT", str(workers)]
    for name, drawn in ((GROUND, "ground"), (BODIES, "bodies")):
        commands[name, 1] = [sys.executable, "-m", "benchmarks.bare", str(scenes), drawn]
    return commands


def run_table(runs: dict[tuple[str, int], list[Run]], workers: int) -> str:
    """Images per second and milliseconds per image of all programs, as Markdown."""
    lines = [
        "| | processes | images/s | with start-up | ms an image | CPU ms "
        "| wall / hand-written | CPU / hand-written | CPU / bodies only |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, processes), done in runs.items():
        wall_ms, cpu_ms = _wall_ms(done), _cpu_ms(done)
        whole = statistics.median(run.images / run.whole_s for run in done)
        theirs = runs[HAND, processes]
        ratios = (
            _ratio(wall_ms, _wall_ms(theirs)),
            _ratio(cpu_ms, _cpu_ms(theirs)),
            _ratio(cpu_ms, _cpu_ms(runs[BODIES, 1])),
        )
        wall, cpu = statistics.median(wall_ms), statistics.median(cpu_ms)
        lines.append(
            f"| {name} | {processes} | {1000 / wall:.1f} | {whole:.1f} | {wall:.0f} | {cpu:.0f} "
            f"| {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |"
        )
    for name, processes in runs:
        if processes == workers > 1:
            gain = _ratio(_wall_ms(runs[name, 1]), _wall_ms(runs[name, workers]))
            lines.append(f"\n{name}: {workers} processes are {gain:.2f} × as fast as one")
    return "\n".join(lines) + "\n"


def _wall_ms(runs: Sequence[Run]) -> list[float]:
    return [run.wall_ms for run in runs]


def _cpu_ms(runs: Sequence[Run]) -> list[float]:
    return [run.cpu_ms for run in runs]


def _ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """Median over all rounds of first / second, two times from the same round."""
    return statistics.median(one / other for one, other in zip(first, second, strict=True))


def _stage_table(stages: dict[str, list[dict[str, Spent]]]) -> str:
    """Milliseconds per image in each stage, as Markdown: medians over rounds."""
    heads = [f"{name}: {kind}" for name in stages for kind in ("wall", "CPU", "in PyBullet")]
    lines = [f"| ms an image, one process | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for stage in (*STAGES, OTHER):
        cells = [
            cell
            for rounds in stages.values()
            for cell in _cells([done.get(stage, Spent()) for done in rounds])
        ]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    totals = [cell for rounds in stages.values() for cell in _cells([_total(done) for done in rounds])]
    return "\n".join([*lines, f"| total | {' | '.join(totals)} |"])


def _cells(rounds: Sequence[Spent]) -> list[str]:
    kinds = ("wall_s", "cpu_s", "native_s")
    return [f"{1000 * statistics.median(getattr(spent, kind) for spent in rounds):.1f}" for kind in kinds]


def _total(done: dict[str, Spent]) -> Spent:
    spent = done.values()
    return Spent(
        sum(stage.wall_s for stage in spent),
        sum(stage.cpu_s for stage in spent),
        sum(stage.native_s for stage in spent),
    )


if __name__ == "__main__":
    main()
