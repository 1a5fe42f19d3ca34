"""What one process needs to make scenes: meshes, a PyBullet client, a renderer."""

import os
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from augment.pipeline import Augmenter
from scenes.assets.catalogue import Catalogue
from scenes.assets.images import Pictures
from scenes.heldout import HeldOut
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim2coco.recipe import Recipe
from sim2coco.threads import one_thread


class WorkerContext:
    """The tools of one process; nothing in it changes a result.

    As long as it is open, OpenCV and BLAS compute on one thread in the whole process: scenes are made side by
    side in several processes, and small products would wait for threads.

    Args:
        recipe: What to make.
        folder: For the files that PyBullet reads; its owner removes it.
        catalogue: The meshes, if they are loaded already.
    """

    def __init__(self, recipe: Recipe, folder: Path, catalogue: Catalogue | None = None) -> None:
        """Loads the meshes and connects to PyBullet."""
        self._open = ExitStack()
        self._open.enter_context(one_thread())
        own = folder / str(os.getpid())
        own.mkdir(parents=True, exist_ok=True)
        self.recipe = recipe
        self.catalogue = catalogue or recipe.load_catalogue()
        self.client = Client()
        self._open.callback(self.client.close)
        self.files = MeshFiles(self.catalogue, own)
        pictures = Pictures(self.catalogue.images)
        self.renderer = recipe.render.renderer(self.client, self.files, pictures)
        self.composer = recipe.render.composer(self.files, pictures)
        self.augmenter = Augmenter(recipe.augment)

    @cached_property
    def held_out(self) -> HeldOut:
        """What the scenes of each split are drawn from; what was drawn before needs none of it.

        Raises:
            CatalogueError: There is too little of something for each split to have its own.
        """
        return self.recipe.hold_out(self.catalogue)

    def close(self) -> None:
        """Disconnects from PyBullet, and lets the process have its threads again."""
        self._open.close()
