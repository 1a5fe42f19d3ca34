"""Cost of a distorting lens: CPU seconds per image, for the same scenes with and without a lens.

Run as `python benchmarks/lenses.py [SCENES]`; prints a row for each lens.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from sim2coco.context import WorkerContext
from sim2coco.pipeline import make_scene
from sim2coco.recipe import Recipe

SHAPES = ("box", "cylinder", "nut", "sphere")
LENSES: dict[str, dict[str, Any]] = {
    "none": {"fov_deg": 70},
    "brown": {"fov_deg": 70, "distortion": {"kind": "brown", "k1": -0.28, "k2": 0.08}},
    "fisheye, 90 degrees": {"fov_deg": 90, "distortion": {"kind": "fisheye"}},
    "fisheye, 110 degrees": {"fov_deg": 110, "distortion": {"kind": "fisheye"}},
}


def main() -> None:
    """Prints the table."""
    scenes = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for name, lens in LENSES.items():
        recipe = Recipe.parse(
            {
                "assets": {"categories": {shape: {"shape": shape, "size_m": 0.08} for shape in SHAPES}},
                "scene": {"kind": "drop", "num_objects": 10, "empty_share": 0.0},
                "camera": {"kind": "shell", **lens},
                "quality": {"checks": {}},
                "augment": {"splits": []},
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            context = WorkerContext(recipe, Path(folder))
            make_scene(context, 0)  # fills the caches
            start = time.process_time()
            images = sum(len(make_scene(context, scene)[1]) for scene in range(1, scenes + 1))
            Console().print(
                f"{name}: {(time.process_time() - start) / images:.3f} s of CPU for an image, {images} images"
            )
            context.close()


if __name__ == "__main__":
    main()
