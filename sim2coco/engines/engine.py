"""What an engine is: something that makes scenes, in any order, and says what became of each."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Annotated

from pydantic import Field

from scenes.assets.catalogue import Catalogue
from scenes.settings import Kind
from sim2coco.context import WorkerContext
from sim2coco.pipeline import commit, make_scene
from sim2coco.recipe import Recipe
from sim2coco.records import FORMAT, Record, Summary, from_bytes, record_name, summary, to_bytes
from sim2coco.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What to make, with what, and where to."""

    recipe: Recipe
    catalogue: Catalogue
    store: Store
    scratch: Path
    workers: int
    processes: BaseContext | None = None
    """What processes are started with, for engines that have them."""


class Engine(Kind):
    """A place where scenes are made; none changes a byte of them."""

    timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """Time after which a scene counts as stuck and its process is killed."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Further tries for a scene whose process died, before it is recorded as failed."""

    def prepared(self, recipe: Recipe) -> AbstractContextManager[BaseContext | None]:
        """Gets ready while the catalogue is read; gives the `processes` of the job, which last as long."""
        return nullcontext()

    @abstractmethod
    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes and commits scenes as the iterator gives them; yields what became of each, in any order.

        The iterator gives None while there is nothing to begin until a running scene is done; None is yielded
        now and then while none is done, so that whoever iterates can do something else, or stop.
        """


def make_and_commit(context: WorkerContext, store: Store, scene: int) -> Summary:
    """Makes one scene and writes it."""
    record, files = make_scene(context, scene)
    commit(store, record, files)
    return summary(record)


def record_failure(job: Job, scene: int, error: str) -> Summary:
    """Writes the record of a scene that could not be made."""
    record = Record(FORMAT, scene, job.recipe.split_of(scene), "failed", (), error, None, ())
    if not job.store.put_new(record_name(scene), to_bytes(record)):
        # Its process died after the commit: the scene is made all the same.
        record = from_bytes(job.store.get(record_name(scene)))
    return summary(record)
