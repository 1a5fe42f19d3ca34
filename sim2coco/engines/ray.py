"""The engine that makes scenes on the machines of a Ray cluster, which share the folder of the data set."""

import logging
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import uuid4

from pydantic import Field

from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.local import Local
from sim2coco.engines.rayworker import Order, RayWorker
from sim2coco.engines.shipping import contents_of
from sim2coco.identity import describe
from sim2coco.plugins import loaded_plugins
from sim2coco.recipe import Recipe
from sim2coco.records import Summary
from sim2coco.store import TEMPORARY
from sim2coco.tally import GenerationError

if TYPE_CHECKING:
    from ray import ObjectRef, _Actor

NEVER = 10**9
LOST = 5
"""Number of workers in succession that may be lost while they start."""
START_S = 600.0
"""Time in seconds after which a run without any worker ends."""
WAIT_S = 0.2
"""Longest time in seconds between two looks of the caller at the run."""


class Ray(Engine):
    """Makes scenes in `workers` workers of a Ray cluster, on machines that share the data set's folder.

    Each worker is an actor that supervises a process of its own, as `Local` does. If a machine is lost, the
    scenes that its workers were making are given to others; what they had committed stays. Scenes that are
    made twice are the same to the byte, and the first record that is written counts.
    """

    kind: Literal["ray"] = "ray"
    address: str | None = None
    """Address of the Ray cluster, such as auto for the one of this machine; null starts Ray here."""
    batch: Annotated[int, Field(ge=1, le=1000)] = 8
    """Largest number of scenes that a worker is given at a time; what a lost machine costs."""
    ship_assets: bool = False
    """Whether meshes and images are sent to the machines, which otherwise read them at the same paths."""

    @contextmanager
    def prepared(self, recipe: Recipe) -> Iterator[None]:
        """Connects to the cluster, or starts Ray on this machine, and disconnects at the end.

        Raises:
            GenerationError: Ray is not installed, or there is no cluster at the address.
        """
        ray = _ray()
        if ray.is_initialized():  # by the program that uses this library
            yield
            return
        logging.getLogger("ray").setLevel(logging.ERROR)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            ray.init(
                self.address,
                include_dashboard=None if self.address else False,
                configure_logging=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            told = " ".join(str(error).split())
            raise GenerationError(f"engine.address: no Ray cluster at {self.address!r}: {told}") from error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        try:
            yield
        finally:
            ray.shutdown()

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes scenes in the workers, which write them to the data set; yields summaries in any order.

        Raises:
            OSError: An error affects every scene, such as a full disk.
            GenerationError: A machine would make other images, no worker can be started, or too many scenes
                fail.
        """
        token = f"{TEMPORARY}{uuid4().hex}"
        job.store.put(token, b"")
        try:
            with closing(_Workers(job.workers, self._order(job, token))) as workers:
                yield from self._made(workers, scenes)
        finally:
            job.store.delete(token)

    def _order(self, job: Job, token: str) -> Order:
        limits = self.model_dump(include={"timeout_s", "retries", "max_memory_gib"})
        return Order(
            job.store.path(".").resolve(),
            token,
            describe(job.recipe, job.catalogue),
            loaded_plugins(),
            bytes(ForkingPickler.dumps(job.recipe)),
            bytes(ForkingPickler.dumps(job.catalogue)) if self.ship_assets else None,
            contents_of(job.catalogue) if self.ship_assets else {},
            Local(**limits, max_failures=NEVER),  # failures are counted here
        )

    def _made(self, workers: "_Workers", scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        finished: Counter[str] = Counter()
        while True:
            # Small batches first, so that a short run does not make many more scenes than it needs.
            size = max(1, min(self.batch, finished.total() // (4 * workers.number)))
            while workers.free and (batch := workers.again() or _next(scenes, size)):
                workers.submit(batch)
            if workers.free and not workers.running:
                return
            yield None
            for made in workers.wait():
                finished[made.status] += 1
                yield made
                self.check_failures(finished, made.error or "")


def _next(scenes: Iterator[int | None], size: int) -> list[int]:
    """The next scenes, at most `size`; fewer if the caller wants to wait for those that are running."""
    batch: list[int] = []
    for scene in islice(scenes, size):
        if scene is None:
            break
        batch.append(scene)
    return batch


class _Workers:
    """The actors of a run: those that are being started, those that wait, and those that make scenes."""

    def __init__(self, number: int, order: Order) -> None:
        self.number = number
        self._ray = _ray()
        self._kind = self._ray.remote(RayWorker).options(num_cpus=1, max_restarts=0, max_concurrency=1)
        self._order = self._ray.put(order)
        self._starting: dict[ObjectRef[Any], _Actor] = {}
        self._waiting: deque[_Actor] = deque()
        self._running: dict[ObjectRef[Any], tuple[_Actor, list[int]]] = {}
        self._again: deque[list[int]] = deque()
        self._lost = 0
        self._deadline = time.monotonic() + START_S
        self._start_missing()

    @property
    def free(self) -> int:
        """Number of workers that can be given scenes."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Number of workers that make scenes."""
        return len(self._running)

    def again(self) -> list[int] | None:
        """Scenes of a worker that was lost, which are to be made again."""
        return self._again.popleft() if self._again else None

    def submit(self, batch: list[int]) -> None:
        """Gives scenes to a free worker."""
        actor = self._waiting.popleft()
        self._running[actor.make.remote(batch)] = actor, batch

    def wait(self) -> Iterator[Summary]:
        """Waits a short time; yields the scenes that were made, and replaces workers that were lost."""
        done, _ = self._ray.wait([*self._starting, *self._running], timeout=WAIT_S)
        for found in done:
            nothing: list[int] = []
            started = found in self._starting
            actor, batch = (self._starting.pop(found), nothing) if started else self._running.pop(found)
            yield from self._heard(found, actor, batch)
        self._start_missing()
        if not (self._waiting or self._running) and time.monotonic() > self._deadline:
            raise GenerationError(f"no machine of the Ray cluster has started a worker in {START_S:.0f} s")

    def _heard(self, found: "ObjectRef[Any]", actor: "_Actor", batch: list[int]) -> Iterator[Summary]:
        from ray.exceptions import RayActorError, RayTaskError

        try:
            made = self._ray.get(found)
        except RayActorError as error:  # the machine is lost, or somebody has ended the process
            self._count_lost(batch, error)
            return
        except RayTaskError as error:
            raise error.cause from None
        self._lost = 0
        self._deadline = time.monotonic() + START_S
        self._waiting.append(actor)
        if batch:
            yield from made

    def _count_lost(self, batch: list[int], error: Exception) -> None:
        if batch:
            self._again.append(batch)
            return
        self._lost += 1
        if self._lost >= LOST:
            told = " ".join(str(error).split())
            raise GenerationError(f"workers of the Ray cluster are lost while they start: {told}")

    def _start_missing(self) -> None:
        missing = self.number - len(self._starting) - len(self._waiting) - len(self._running)
        for _ in range(missing):
            actor = self._kind.remote()
            self._starting[actor.begin.remote(self._order)] = actor

    def close(self) -> None:
        """Ends all workers."""
        actors = [*self._starting.values(), *self._waiting, *(actor for actor, _ in self._running.values())]
        ended = [actor.end.remote() for actor in self._waiting]
        if ended:
            self._ray.wait(ended, num_returns=len(ended), timeout=WAIT_S)
        for actor in actors:
            self._ray.kill(actor, no_restart=True)


def _ray() -> Any:
    """The package Ray, imported when it is needed: that takes a second.

    Raises:
        GenerationError: It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would send them out
    try:
        import ray
    except ImportError as error:
        raise GenerationError("engine=ray needs Ray: pip install 'sim2coco[ray]'") from error
    return ray
