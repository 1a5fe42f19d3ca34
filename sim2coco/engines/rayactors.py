"""The workers of a Ray cluster: they are asked for, are given scenes, and may be lost."""

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from sim2coco.engines.rayworker import Order, RayWorker
from sim2coco.records import Summary
from sim2coco.tally import GenerationError

if TYPE_CHECKING:
    from ray import ObjectRef, _Actor

LOST = 5
"""Number of workers in succession that may be lost while they start."""
PLACE_S = 600.0
"""Time in seconds after which a run ends if no machine has a core for a worker."""
WAIT_S = 0.2
"""Longest time in seconds between two looks of the caller at the run."""


class Workers(Protocol):
    """Workers on other machines."""

    number: int

    @property
    def free(self) -> int:
        """Number of workers that can be given scenes."""

    @property
    def running(self) -> int:
        """Number of workers that make scenes."""

    def submit(self, batch: list[int]) -> None:
        """Gives scenes to a free worker."""

    def wait(self) -> tuple[list[Summary], list[list[int]]]:
        """Waits a short time; returns the scenes that were made, and the batches of workers that were lost.

        Raises:
            GenerationError: No worker can be started.
        """


class Actors(Workers):
    """The actors of a run: those that wait for a machine, that are being started, that are free, that run."""

    def __init__(self, number: int, order: Order) -> None:
        """Asks Ray for all actors."""
        self.number = number
        self._ray = imported_ray()
        self._kind = self._ray.remote(RayWorker).options(num_cpus=1, max_restarts=0, max_concurrency=1)
        self._order = self._ray.put(order)
        self._placing: dict[ObjectRef[Any], _Actor] = {}
        self._starting: dict[ObjectRef[Any], _Actor] = {}
        self._free: deque[_Actor] = deque()
        self._running: dict[ObjectRef[Any], tuple[_Actor, list[int]]] = {}
        self._lost = 0
        self._deadline = time.monotonic() + PLACE_S
        self._ask_for_missing()

    @property
    def free(self) -> int:
        """Number of workers that can be given scenes."""
        return len(self._free)

    @property
    def running(self) -> int:
        """Number of workers that make scenes."""
        return len(self._running)

    def submit(self, batch: list[int]) -> None:
        """Gives scenes to a free worker."""
        actor = self._free.popleft()
        self._running[actor.make.remote(batch)] = actor, batch

    def wait(self) -> tuple[list[Summary], list[list[int]]]:
        """Waits a short time; returns the scenes that were made, and the batches of workers that were lost.

        Raises:
            GenerationError: No worker can be started.
        """
        made: list[Summary] = []
        lost: list[list[int]] = []
        for found in self._ray.wait([*self._placing, *self._starting, *self._running], timeout=WAIT_S)[0]:
            batch = self._running[found][1] if found in self._running else []
            heard = self._heard(found)
            made += heard or []
            lost += [batch] if heard is None and batch else []
        self._ask_for_missing()
        if self._starting or self._free or self._running:
            self._deadline = time.monotonic() + PLACE_S
        elif time.monotonic() > self._deadline:
            raise GenerationError(f"no machine of the Ray cluster has had a free core for {PLACE_S:.0f} s")
        return made, lost

    def _heard(self, found: "ObjectRef[Any]") -> list[Summary] | None:
        """What an actor has answered: the scenes that it has made; None if it is lost."""
        from ray.exceptions import RayActorError, RayTaskError

        placed, begun = self._placing.pop(found, None), self._starting.pop(found, None)
        runs = self._running.pop(found, None)
        try:
            answer = self._ray.get(found)
        except RayActorError as error:  # the machine is lost, or somebody has ended the process
            self._lost += not runs
            if self._lost >= LOST:
                told = " ".join(str(error).split())
                raise GenerationError(
                    f"workers of the Ray cluster are lost while they start: {told}"
                ) from None
            return None
        except RayTaskError as error:
            raise error.cause from None
        if placed:
            self._starting[placed.begin.remote(self._order)] = placed
            return []
        self._lost = 0
        actor = begun or (runs and runs[0])
        assert actor
        self._free.append(actor)
        made: list[Summary] = answer if runs else []
        return made

    def _ask_for_missing(self) -> None:
        have = len(self._placing) + len(self._starting) + len(self._free) + len(self._running)
        for _ in range(self.number - have):
            actor = self._kind.remote()
            self._placing[actor.place.remote()] = actor

    def close(self) -> None:
        """Ends all workers."""
        running = [actor for actor, _ in self._running.values()]
        ended = [actor.end.remote() for actor in self._free]
        if ended:
            self._ray.wait(ended, num_returns=len(ended), timeout=WAIT_S)
        for actor in (*self._placing.values(), *self._starting.values(), *self._free, *running):
            self._ray.kill(actor, no_restart=True)


def imported_ray() -> Any:
    """The package Ray, imported when it is needed, which takes a second.

    Raises:
        GenerationError: It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would send them out
    try:
        import ray
    except ImportError as error:
        raise GenerationError("engine=ray needs Ray: pip install 'sim2coco[ray]'") from error
    return ray
