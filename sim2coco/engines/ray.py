"""Makes scenes on the machines of a Ray cluster. All machines share the folder of the data set."""

import logging
import re
import signal
import socket
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing.reduction import ForkingPickler
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import Field

from sim2coco.engines.engine import Engine, Job, record_failure
from sim2coco.engines.local import Local
from sim2coco.engines.rayactors import Actors, Workers, imported_ray
from sim2coco.engines.rayworker import Order
from sim2coco.engines.shipping import contents_of
from sim2coco.identity import describe
from sim2coco.plugins import loaded_plugins
from sim2coco.process import STOPPING
from sim2coco.recipe import Recipe
from sim2coco.records import Summary
from sim2coco.storage import TEMPORARY
from sim2coco.tally import GenerationError

NEVER = 10**9
CONNECT_S = 5.0
"""Timeout in seconds for connecting to a cluster."""


class Ray(Engine):
    """Makes scenes in `workers` workers of a Ray cluster, on machines that share the data set's folder.

    Each worker is an actor that supervises its own process, as `Local` does. If a machine is lost, the scenes
    that its workers were making are given to other workers; committed scenes stay. Scenes that are made twice
    are bit-identical, and the first record that is written counts.
    """

    kind: Literal["ray"] = "ray"
    address: str | None = None
    """Address of the Ray cluster; auto is the cluster of this machine; null starts Ray on this machine."""
    batch: Annotated[int, Field(ge=1, le=1000)] = 8
    """Maximum number of scenes assigned to a worker at a time; if its machine is lost, they are repeated."""
    ship_assets: bool = False
    """Whether to send meshes and images to the machines; otherwise, each reads them from the same paths."""

    @contextmanager
    def prepared(self, recipe: Recipe) -> Iterator[None]:
        """Connects to the cluster, or starts Ray on this machine, and disconnects at the end.

        Raises:
            GenerationError: Ray is not installed, or there is no cluster at the address.
        """
        ray = imported_ray()
        if ray.is_initialized():  # by the program that uses this library
            yield
            return
        logging.getLogger("ray").setLevel(logging.ERROR)
        handlers = {number: signal.getsignal(number) for number in STOPPING}
        try:
            if self.address:
                _connect(self.address)
            ray.init(
                self.address,
                include_dashboard=None if self.address else False,
                configure_logging=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
        except Exception as error:  # Ray has no class for what can go wrong here
            raise GenerationError(_not_started(self.address, " ".join(str(error).split()))) from error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        try:
            yield
        finally:
            ray.shutdown()

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes scenes in the workers, which write them to the data set; yields summaries as scenes finish.

        Raises:
            OSError: An error affects every scene, such as a full disk.
            GenerationError: A machine would make different images, no worker can be started, or too many
                scenes fail.
        """
        token = f"{TEMPORARY}{uuid4().hex}"
        job.store.put(token, b"")
        try:
            with closing(Actors(job.workers, self._order(job, token))) as workers:
                yield from self._made(job, workers, scenes)
        finally:
            job.store.delete(token)

    def _order(self, job: Job, token: str) -> Order:
        limits = self.model_dump(include={"timeout_s", "retries", "max_memory_gib"})
        return Order(
            job.store.for_others(),
            token,
            describe(job.recipe, job.catalogue),
            loaded_plugins(),
            bytes(ForkingPickler.dumps(job.recipe)),
            bytes(ForkingPickler.dumps(job.catalogue)) if self.ship_assets else None,
            contents_of(job.catalogue) if self.ship_assets else {},
            Local(**limits, max_failures=NEVER),  # failures are counted here
        )

    def batch_size(self, finished: int, workers: int) -> int:
        """Number of scenes in a worker's next batch, after `finished` scenes.

        Batches are small at first, so that a short run does not make many more scenes than it needs.
        """
        return max(1, min(self.batch, finished // (4 * workers)))

    def _made(self, job: Job, workers: Workers, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        finished: Counter[str] = Counter()
        again: deque[list[int]] = deque()
        losses: Counter[int] = Counter()
        while True:
            size = self.batch_size(finished.total(), workers.number)
            while workers.free and (batch := again.popleft() if again else _next(scenes, size)):
                workers.submit(batch)
            if workers.free and not workers.running:
                return
            yield None
            made, lost = workers.wait()
            # A scene that kills its worker loses its whole batch, so each scene of a lost batch is made
            # alone.
            again += [[scene] for batch in lost for scene in batch]
            losses.update(batch[0] for batch in lost if len(batch) == 1)
            for batch in [batch for batch in again if losses[batch[0]] > self.retries]:
                again.remove(batch)
                made.append(record_failure(job, batch[0], "its worker on the cluster died"))
            for scene in made:
                finished[scene.status] += 1
                yield scene
                self.check_failures(finished, scene.error or "")


def _not_started(address: str | None, told: str) -> str:
    """The error message if there is no cluster at an address, or Ray cannot be started here."""
    if address:
        return f"engine.address: no Ray cluster at {address!r}: {told}"
    advice = "try again when the machine is less busy, or use engine=local, which needs no Ray"
    return f"engine: Ray does not start on this machine: {told}; {advice}"


def _connect(address: str) -> None:
    """Checks that a server answers at an address such as HOST:PORT; Ray itself would try for minutes.

    Raises:
        OSError: No server answers.
    """
    if found := re.fullmatch(r"(?:ray://)?\[?([^/\]]+)\]?:(\d{1,5})", address):
        socket.create_connection((found[1], int(found[2])), CONNECT_S).close()


def _next(scenes: Iterator[int | None], size: int) -> list[int]:
    """Takes up to `size` scenes; stops at None, which means that running scenes must finish first."""
    batch: list[int] = []
    for scene in islice(scenes, size):
        if scene is None:
            break
        batch.append(scene)
    return batch
