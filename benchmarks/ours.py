"""One run of sim2coco in a separate process, measured from outside by `benchmarks.clock`.

python -m benchmarks.ours RECIPE.json OUT IMAGES WORKERS [ENGINE]

Prints the number of images after each scene, and at the end the peak memory of this process in KiB.
"""

import json
import resource
import sys
from pathlib import Path

from benchmarks.clock import Run, watch
from sim2coco.engines.local import Local
from sim2coco.engines.ray import Ray
from sim2coco.recipe import Recipe
from sim2coco.run import generate
from sim2coco.tally import Tally


def watched(recipe: Recipe, out: Path, images: int, workers: int = 1, engine: str = "local") -> Run:
    """Measures a run that makes a data set, or its missing images, from outside; also writes `out`.json."""
    path = out.with_name(f"{out.name}.json")
    path.write_text(recipe.model_dump_json())
    words = [str(path), str(out), str(images), str(workers), engine]
    return watch([sys.executable, "-m", "benchmarks.ours", *words], workers)


def main(recipe_file: str, out: str, images: str, workers: str, engine: str = "local") -> None:
    """Makes a data set, by default with the engine that the command line uses."""
    recipe = Recipe.parse(json.loads(Path(recipe_file).read_text()))

    def say(tally: Tally) -> None:
        sys.stdout.write(f"{tally.accepted} images\n")
        sys.stdout.flush()

    chosen = Ray() if engine == "ray" else Local()
    generate(recipe, out, int(images), workers=int(workers), engine=chosen, progress=say)
    sys.stdout.write(f"done {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
