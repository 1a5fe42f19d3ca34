"""Interface of engines, which make scenes in any order and report the result of each."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, field_validator

from scenes.assets.catalogue import Catalogue
from scenes.settings import Kind
from sim2coco.recipe import Recipe
from sim2coco.records import FORMAT, Record, Summary, from_bytes, record_name, summary, to_bytes
from sim2coco.shard import Shard
from sim2coco.storage import LOG, Storage
from sim2coco.tally import GenerationError

HOPELESS = 0.1
"""Fraction of failed scenes above which a run stops, once more than `max_failures` have failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run: its recipe, its assets, and where its results are stored.

    Attributes:
        recipe: Settings that determine the images.
        catalogue: The loaded assets.
        store: Where records and images are written.
        scratch: Folder for temporary files.
        workers: Number of worker processes.
        processes: `multiprocessing` context that starts the workers, for engines that use processes.
    """

    recipe: Recipe
    catalogue: Catalogue
    store: Storage
    scratch: Path
    workers: int
    processes: BaseContext | None = None

    @property
    def log(self) -> Path:
        """The log file for the output of native code."""
        return self.store.log() or self.scratch / LOG

    def keep_log(self, name: str = LOG) -> None:
        """Copies the log into the data set, if it was written to the scratch folder."""
        if self.store.log() is None and self.log.exists() and (content := self.log.read_bytes()):
            self.store.put(name, content)


class Preparing(NamedTuple):
    """Progress report before the first scenes: `done` of `total` meshes have been prepared."""

    done: int
    total: int


class Engine(Kind):
    """Runs the code that makes scenes; the images do not depend on the engine."""

    timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """Time limit for a scene in seconds, after which its worker is killed; not used by inline."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Number of retries of a scene whose worker dies, before it counts as failed; not used by inline."""
    max_failures: Annotated[int, Field(ge=0)] = 100
    """A run stops if more than this many scenes, and more than a tenth of them, have failed; not used by
    inline."""
    max_memory_gib: Annotated[float, Field(gt=0)] | None = None
    """Memory in GiB above which a worker is killed; null is half of the machine's memory; not used by
    inline."""
    shard: str | None = None
    """Part of the scenes to make: 0/8 to 7/8 on eight machines; null makes all scenes and the annotations."""

    @field_validator("shard")
    @classmethod
    def _a_part(cls, text: str | None) -> str | None:
        if text is not None:
            Shard.parsed(text)
        return text

    def check_failures(self, finished: Counter[str], last_error: str) -> None:
        """Stops a run in which too many scenes fail.

        Args:
            finished: Number of finished scenes, keyed by status.
            last_error: The error message of the scene that failed last.

        Raises:
            GenerationError: Too many scenes have failed.
        """
        failed, whole = finished["failed"], finished.total()
        if failed > self.max_failures and failed > HOPELESS * whole:
            allowed = f"more than engine.max_failures={self.max_failures}"
            raise GenerationError(
                f"{failed} of {whole} scenes failed, {allowed}; the last: {last_error}; see run.log"
            )

    @property
    def part(self) -> Shard | None:
        """The shard of the scenes that this run makes, parsed from `shard`; None if it makes all scenes."""
        return None if self.shard is None else Shard.parsed(self.shard)

    def prepared(self, recipe: Recipe) -> AbstractContextManager[BaseContext | None]:
        """Returns a context manager that prepares the engine, and that yields the value for `Job.processes`.

        A run enters it before it reads the catalogue.

        Args:
            recipe: Settings that determine the images.
        """
        return nullcontext()

    @abstractmethod
    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | Preparing | None]:
        """Makes scenes and writes them to the store, in any order.

        Args:
            job: The run.
            scenes: Indices of the scenes to make. None means that no scene may start until a running one is
                finished.

        Yields:
            First the progress of preparations, then the summary of each scene. While no scene finishes, None
            is yielded from time to time, so that the caller can update its progress display, or stop.
        """


def record_failure(job: Job, scene: int, error: str, drawn: tuple[str, ...] = ()) -> Summary:
    """Writes the record of a failed scene, and returns the summary of the record.

    If the scene has a record already, that record is kept, and its summary is returned.

    Args:
        job: The run.
        scene: Index of the scene.
        error: The error message.
        drawn: Keys of the assets in the scene, as far as they are known.
    """
    split = job.recipe.split_of(scene)
    record = Record(FORMAT, scene, split, "failed", (), error, None, (), drawn=drawn)
    if not job.store.put_new(record_name(scene), to_bytes(record)):
        # The worker died after it had committed the scene, so the scene has not failed.
        record = from_bytes(job.store.get(record_name(scene)))
    return summary(record)
