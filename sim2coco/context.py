"""What one process needs to make scenes: meshes, a PyBullet client, a renderer."""

import os
from functools import cached_property
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

from augment.pipeline import Augmenter
from scenes.assets.catalogue import Catalogue
from scenes.assets.images import Pictures
from scenes.assets.loading import load_catalogue
from scenes.heldout import HeldOut
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim2coco.memory import keep_freed
from sim2coco.recipe import Recipe


class WorkerContext:
    """The tools of one process; nothing in it changes a result.

    Args:
        recipe: What to make.
        folder: For the files that PyBullet reads; its owner removes it.
        catalogue: The meshes, if they are loaded already.
    """

    def __init__(self, recipe: Recipe, folder: Path, catalogue: Catalogue | None = None) -> None:
        """Loads the meshes and connects to PyBullet."""
        cv2.setNumThreads(1)
        threadpool_limits(1)  # NumPy may have been loaded before us: small products would wait for threads
        keep_freed()
        own = folder / str(os.getpid())
        own.mkdir(parents=True, exist_ok=True)
        self.recipe = recipe
        self.catalogue = catalogue or load_catalogue(recipe.assets, recipe.image_folders)
        self.client = Client()
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
        """Disconnects from PyBullet."""
        self.client.close()
