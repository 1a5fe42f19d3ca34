"""The resources that a process needs to make scenes: meshes, a PyBullet client, a renderer."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.pipeline import Augmenter
from scenes.assets.catalogue import Catalogue
from scenes.assets.images import Pictures, Texture
from scenes.heldout import HeldOut
from scenes.spec import SceneSpec
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim2coco.recipe import Recipe
from sim2coco.threads import one_thread


class WorkerContext:
    """Meshes, PyBullet client, renderer and augmenter of one process.

    A context keeps no state that affects results: a scene does not depend on the scenes made before it.

    Until the context is closed, OpenCV and BLAS use one thread in the whole process. Scenes are made in
    parallel in several processes, and more threads would slow down small operations.

    Args:
        recipe: Settings that determine the images.
        folder: Folder for the files that PyBullet reads; the caller removes it.
        catalogue: The assets, if they are loaded already; None loads them.

    Attributes:
        drawn: Called with each sampled scene before it is passed to native code, which may crash.
        rejected: Called with the image (H, W, 3) of each view that the quality checks reject.
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
        self.files = MeshFiles(self.catalogue, own, folder)
        self._pictures = pictures = Pictures(self.catalogue.images)
        self.renderer = recipe.render.renderer(self.client, self.files, pictures)
        self.composer = recipe.render.composer(self.files, pictures)
        self.augmenter = Augmenter(recipe.augment)
        self.drawn: Callable[[SceneSpec], None] = lambda spec: None
        self.rejected: Callable[[NDArray[np.uint8]], None] = lambda image: None

    @cached_property
    def held_out(self) -> HeldOut:
        """The assets and images that each split may use.

        They are assigned to the splits when this property is first read. Rendering a recorded scene does not
        need it.

        Raises:
            CatalogueError: A category or surface has fewer meshes or images than there are splits.
        """
        return self.recipe.hold_out(self.catalogue)

    def corners(self, key: str) -> NDArray[np.float64]:
        """Triangle corners (n, 3, 3) of an asset in its mesh frame, in metres."""
        mesh = self.files.mesh(key, 0)
        return mesh.vertices_m[mesh.faces] + self.catalogue.assets[key].center_of_mass_m

    def sides(self, picture: Texture) -> tuple[int, int]:
        """Width and height of an image file in pixels."""
        height, width = self._pictures.cutout(picture).shape[:2]
        return width, height

    def close(self) -> None:
        """Disconnects from PyBullet, and restores the thread counts of OpenCV and BLAS."""
        self._open.close()
