"""Loads the catalogue of a run where that takes the least time."""

from contextlib import suppress
from multiprocessing.context import BaseContext

from scenes.assets.catalogue import Catalogue
from sim2coco.children import call
from sim2coco.forking import ForkServerContext
from sim2coco.recipe import Recipe


def load_catalogue(recipe: Recipe, processes: BaseContext | None) -> Catalogue:
    """Loads all meshes and images that the scenes use, as `Recipe.load_catalogue` does.

    If a fork server was started early, a child of it does so, because it has imported SciPy, which meshes
    need and this process does not.

    Args:
        recipe: The settings.
        processes: What the engine starts its processes with.

    Raises:
        CatalogueError: A mesh cannot be used.
        ImageError: An image cannot be read.
    """
    if isinstance(processes, ForkServerContext) and processes.is_early:
        with suppress(EOFError, OSError):  # if the process dies, or cannot be started
            found: Catalogue = call(processes, recipe.load_catalogue)
            return found
    return recipe.load_catalogue()
