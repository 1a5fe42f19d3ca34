"""One run of ours in a process of its own, for a clock that watches from outside.

python -m benchmarks.ours RECIPE.json OUT IMAGES WORKERS

Says after each scene how many images there are, and at the end the peak memory of this process in KiB.
"""

import json
import resource
import sys
from pathlib import Path

from benchmarks.clock import Run, watch
from sim2coco.engines.local import Local
from sim2coco.recipe import Recipe
from sim2coco.run import generate
from sim2coco.tally import Tally


def watched(recipe: Recipe, out: Path, images: int, workers: int = 1) -> Run:
    """A run that makes a data set, or what is missing of it, watched from outside; writes `out`.json too."""
    path = out.with_name(f"{out.name}.json")
    path.write_text(recipe.model_dump_json())
    program = [sys.executable, "-m", "benchmarks.ours", str(path), str(out), str(images), str(workers)]
    return watch(program, workers)


def main(recipe_file: str, out: str, images: str, workers: str) -> None:
    """Makes a data set with the engine that the command line uses."""
    recipe = Recipe.parse(json.loads(Path(recipe_file).read_text()))

    def say(tally: Tally) -> None:
        sys.stdout.write(f"{tally.accepted} images\n")
        sys.stdout.flush()

    generate(recipe, out, int(images), workers=int(workers), engine=Local(), progress=say)
    sys.stdout.write(f"done {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
