"""What each kind of scene costs beside `drop`, and how many of its draws physics accepts.

python -m benchmarks.scene_kinds --images 60
"""

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from benchmarks.stages import measured
from benchmarks.workload import recipe
from sim2coco.cli.config import choices, settings_of
from sim2coco.context import WorkerContext
from sim2coco.pipeline import draw_and_settle
from sim2coco.recipe import Recipe

OBJECTS, VIEWS = 10, 3
FIRST = "drop"


class Cost(NamedTuple):
    """CPU time in ms of a scene until it is at rest and of an image, and the share of accepted draws."""

    scene_ms: float
    image_ms: float
    accepted: float


def recipe_of(kind: str) -> Recipe:
    """Scenes of one kind at its defaults, with as many everyday objects as the others."""
    scene = settings_of("scene", kind) | {"num_objects": OBJECTS, "num_distractors": 0, "empty_share": 0.0}
    return recipe(OBJECTS, VIEWS, scene=scene)


def cost_of(made: Recipe, images: int) -> Cost:
    """Measures a recipe with so many images, and counts the accepted draws of as many scenes."""
    spent = measured(made, images)
    scene_ms = 1000 * VIEWS * sum(spent[stage].cpu_s for stage in ("draw", "settle") if stage in spent)
    return Cost(scene_ms, 1000 * sum(stage.cpu_s for stage in spent.values()), accepted(made, images))


def accepted(made: Recipe, scenes: int) -> float:
    """The share of draws that are accepted."""
    with tempfile.TemporaryDirectory() as folder, closing(WorkerContext(made, Path(folder))) as context:
        draws = [draw_and_settle(context, scene) for scene in range(scenes)]
    good = sum(settled is not None for settled, _ in draws)
    return good / (good + sum(len(unlucky) for _, unlucky in draws))


def table(costs: dict[str, Cost]) -> str:
    """The costs as Markdown, beside those of `drop`."""
    lines = ["| scene | at rest, ms | an image, ms | × drop | draws accepted |", "|---|---|---|---|---|"]
    for kind, cost in costs.items():
        share = cost.image_ms / costs[FIRST].image_ms
        lines.append(
            f"| `{kind}` | {cost.scene_ms:.0f} | {cost.image_ms:.0f} | {share:.2f} | {cost.accepted:.0%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=60, help="images of each kind")
    options = parser.parse_args()
    kinds = [FIRST, *(kind for kind in choices("scene") if kind != FIRST)]
    sys.stdout.write(table({kind: cost_of(recipe_of(kind), options.images) for kind in kinds}))
