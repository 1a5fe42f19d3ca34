"""For each kind of scene: cost relative to `drop` with equally many objects, and fraction of accepted scenes.

python -m benchmarks.kinds --scenes 100 prints a table for docs/scenes.md. The kinds take turns, so that a
temporarily busy machine slows all of them.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.workload import recipe
from sim2coco.cli.config import choices, settings_of
from sim2coco.context import WorkerContext
from sim2coco.pipeline import draw_and_settle, make_scene

OBJECTS = 10


@dataclass
class Costs:
    """Measurements of one kind of scene."""

    seconds: list[float] = field(default_factory=list)
    first: int = 0
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def context_of(kind: str, folder: Path, scene: Mapping[str, object], views: int) -> WorkerContext:
    """A worker context for everyday objects in scenes of one kind."""
    folder.mkdir()
    tree = {**settings_of("scene", kind), "empty_share": 0.0, "num_distractors": 0, **scene}
    return WorkerContext(recipe(views=views, scene=tree), folder)


def measure(kinds: list[str], scenes: int, timed: int, views: int) -> dict[str, Costs]:
    """Measures each kind: CPU seconds with `OBJECTS` objects, and accepted scenes with default settings."""
    costs = {kind: Costs() for kind in kinds}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        equal, own = (
            {
                kind: stack.enter_context(closing(context_of(kind, home / f"{kind}-{name}", scene, views)))
                for kind in kinds
            }
            for name, scene in (("equal", {"num_objects": OBJECTS}), ("own", {}))
        )
        for index in range(timed + 1):
            for kind in kinds:
                begun = time.process_time()
                make_scene(equal[kind], index)
                if index:  # the first scene reads the meshes
                    costs[kind].seconds.append(time.process_time() - begun)
        for kind in kinds:
            for index in range(scenes):
                settled, unlucky = draw_and_settle(own[kind], index)
                costs[kind].first += not unlucky
                costs[kind].accepted += settled is not None
                costs[kind].reasons.update(unlucky)
    return costs


def table(costs: dict[str, Costs], scenes: int) -> str:
    """The measured values as a Markdown table."""
    drop_s = sum(costs["drop"].seconds)
    lines = [
        "| kind | CPU beside `drop` | scenes accepted | at the first draw | rejected draws |",
        "|---|---|---|---|---|",
    ]
    for kind, cost in costs.items():
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(cost.reasons.items())) or "none"
        shares = f"{cost.accepted / scenes:.0%} | {cost.first / scenes:.0%}"
        lines.append(f"| `{kind}` | {sum(cost.seconds) / drop_s:.2f} | {shares} | {reasons} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100, help="draws of each kind, as its settings are")
    parser.add_argument("--timed", type=int, default=12, help="timed scenes of each kind with equal objects")
    parser.add_argument("--views", type=int, default=3, help="images of each timed scene")
    parser.add_argument("--kinds", nargs="*", default=choices("scene"), help="kinds of scenes; drop is added")
    given = parser.parse_args()
    kinds = list(dict.fromkeys(["drop", *given.kinds]))
    sys.stdout.write(table(measure(kinds, given.scenes, given.timed, given.views), given.scenes) + "\n")


if __name__ == "__main__":
    main()
