"""The workers of `Ray`: each is an actor that supervises its own process, which makes scenes."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from scenes.assets.catalogue import Catalogue, CatalogueError
from sim.temporary import temporary_folder
from sim2coco.engines.engine import Job
from sim2coco.engines.local import Local, prepared_meshes
from sim2coco.engines.shipping import Contents, unpacked
from sim2coco.identity import describe, difference
from sim2coco.plugins import Plugin, PluginError, load_plugin
from sim2coco.recipe import Recipe
from sim2coco.records import Summary, from_bytes, record_name, summary
from sim2coco.storage import Storage, StoreError
from sim2coco.supervisor import Supervisor
from sim2coco.tally import GenerationError


@dataclass(frozen=True, slots=True)
class Order:
    """The data that a worker needs to make scenes.

    Attributes:
        store: The data set, which all machines share.
        token: Name of a temporary file in the data set. A machine that does not find this file does not share
            the folder of the data set.
        identity: Everything that determines the content of the data set (see `identity.describe`).
        plugins: The plug-ins that the recipe may use.
        recipe: The recipe, pickled; it can be read once the plug-ins are loaded.
        catalogue: The pickled catalogue; its files are in `contents`. None if the worker loads the catalogue
            from files on its own machine.
        contents: The files of `catalogue`; empty if `catalogue` is None.
        local: The engine with which the worker makes scenes on its machine.
    """

    store: Storage
    token: str
    identity: dict[str, Any]
    plugins: tuple[Plugin, ...]
    recipe: bytes
    catalogue: bytes | None
    contents: Contents
    local: Local


class RayWorker:
    """Makes scenes in a supervised process, so that a crash or a hang affects one scene only."""

    def __init__(self) -> None:
        """Does nothing that may fail, because Ray would not report the reason."""
        self._open = ExitStack()
        self._job: Job | None = None

    def place(self) -> None:
        """Does nothing; the call returns as soon as Ray has found a machine for this worker."""

    def begin(self, order: Order) -> None:
        """Checks that this machine makes the same images as all others, and starts the supervised process.

        Raises:
            GenerationError: The machine does not see the data set, or differs in meshes or versions.
        """
        machine = socket.gethostname()
        try:
            self._begin(order)
        except CatalogueError as error:
            ship = (
                "" if order.catalogue else "; engine.ship_assets=true sends meshes and images to all machines"
            )
            raise GenerationError(f"{machine}: {error}{ship}") from error
        except (GenerationError, PluginError, StoreError, OSError) as error:
            raise GenerationError(f"{machine}: {error}") from error

    def _begin(self, order: Order) -> None:
        store = order.store
        if not store.exists(order.token):
            raise GenerationError(f"out: {store} is a different folder here; all machines must share it")
        for plugin in order.plugins:
            load_plugin(plugin.path, plugin.sha256)
        recipe: Recipe = ForkingPickler.loads(order.recipe)
        processes = self._open.enter_context(order.local.prepared(recipe))
        scratch = Path(self._open.enter_context(temporary_folder()))
        catalogue = self._catalogue(order, recipe, scratch)
        if told := difference(order.identity, describe(recipe, catalogue)):
            raise GenerationError(f"differs from {store}/run.json ({told})")
        self._job = Job(recipe, catalogue, store, scratch, 1, processes)
        self._local = order.local
        self._workers: Supervisor[int | str] = self._open.enter_context(order.local.workers(self._job))
        for _ in prepared_meshes(self._workers, catalogue):
            pass

    def _catalogue(self, order: Order, recipe: Recipe, scratch: Path) -> Catalogue:
        if order.catalogue is None:
            return recipe.load_catalogue()
        catalogue: Catalogue = ForkingPickler.loads(order.catalogue)
        return unpacked(catalogue, order.contents, scratch / "sent")

    def make(self, scenes: Sequence[int]) -> list[Summary]:
        """Makes scenes and writes them to the data set; scenes that have a record are not made again.

        Raises:
            OSError: An error affects every scene, such as a full disk.
        """
        assert self._job
        store = self._job.store
        there = [scene for scene in scenes if store.exists(record_name(scene))]  # made by a lost worker
        missing = iter([scene for scene in scenes if scene not in there])
        made = [scene for scene in self._local.made(self._workers, self._job, missing) if scene is not None]
        return [*(summary(from_bytes(store.get(record_name(scene)))) for scene in there), *made]

    def end(self) -> None:
        """Ends the process, copies its log into the data set, and removes temporary files."""
        if self._job is not None:
            with suppress(StoreError, OSError):
                self._job.keep_log(f"run-{socket.gethostname()}-{os.getpid()}.log")
        self._open.close()
