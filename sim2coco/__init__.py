"""Simulation-based training images for object detection and instance segmentation.

`Recipe` holds all settings that determine the images, and `generate` creates a data set from it. Both are
loaded on first use.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

# NumPy and OpenCV read these variables when they are imported. One thread is enough for each process, as
# scenes are made in parallel by several processes.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

if TYPE_CHECKING:
    from sim2coco.recipe import Recipe
    from sim2coco.run import generate
    from sim2coco.tally import GenerationError

__all__ = ["GenerationError", "Recipe", "generate"]
MODULES = {"GenerationError": "sim2coco.tally", "Recipe": "sim2coco.recipe", "generate": "sim2coco.run"}


def __getattr__(name: str) -> Any:
    """Imports a public object of the package on first use.

    Raises:
        ImportError: A user module has the same name as a package of sim2coco (`augment`, `conf`, `scenes` or
            `sim`), and is imported instead of the package.
    """
    if name not in __all__:
        raise AttributeError(f"module 'sim2coco' has no attribute {name!r}")
    try:
        return getattr(import_module(MODULES[name]), name)
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("augment", "conf", "scenes", "sim") and (hiding := find_spec(package)):
            text = f"{hiding.origin} hides sim2coco's own package {package!r}; give your file another name"
            raise ImportError(text, name=package) from None
        raise
