"""Simulation-based training images for object detection and instance segmentation.

`Recipe` says what pictures depend on, `generate` makes them. Both are loaded when first used.
"""

import os
from typing import TYPE_CHECKING, Any

# Read when numpy and OpenCV are loaded. Parallelism is over scenes; one thread gives the same bytes.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

if TYPE_CHECKING:
    from sim2coco.recipe import Recipe
    from sim2coco.run import GenerationError, generate

__all__ = ["GenerationError", "Recipe", "generate"]


def __getattr__(name: str) -> Any:
    """Loads what the package offers."""
    if name == "Recipe":
        from sim2coco.recipe import Recipe

        return Recipe
    if name in ("GenerationError", "generate"):
        from sim2coco import run

        return getattr(run, name)
    raise AttributeError(f"module 'sim2coco' has no attribute {name!r}")
