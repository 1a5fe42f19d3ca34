"""The workers of a Ray cluster: requests them, gives them scenes, and replaces lost ones."""

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sim2coco.engines.rayworker import Order, RayWorker
from sim2coco.records import Summary
from sim2coco.tally import GenerationError

if TYPE_CHECKING:
    from ray import ObjectRef, _Actor

LOST = 5
"""Number of successive workers lost during their start after which the run ends."""
PLACE_S = 600.0
"""Time in seconds after which a run ends if no machine has a core for a worker."""
WAIT_S = 0.2
"""Maximum time in seconds that `Actors.wait` takes."""


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
        """Waits a short time for results.

        Returns:
            The summaries of the scenes made since the last call, and a list with the batch of each worker
            that was lost while it made scenes.

        Raises:
            GenerationError: No worker can be started.
        """


@dataclass(frozen=True, slots=True)
class Call:
    """A pending call to an actor.

    Attributes:
        actor: The actor.
        step: `place` while the actor waits for a machine, `begin` while it gets ready there, `make` while it
            makes scenes.
        batch: The scenes that the actor makes.
    """

    actor: "_Actor"
    step: Literal["place", "begin", "make"]
    batch: Sequence[int] = ()


class Actors(Workers):
    """The actors of a run; each is free or has a pending call."""

    def __init__(self, number: int, order: Order) -> None:
        """Asks Ray for all actors."""
        self.number = number
        self._ray = imported_ray()
        self._kind = self._ray.remote(RayWorker).options(num_cpus=1, max_restarts=0, max_concurrency=1)
        self._order = self._ray.put(order)
        self._calls: dict[ObjectRef[Any], Call] = {}
        self._free: deque[_Actor] = deque()
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
        return sum(call.step == "make" for call in self._calls.values())

    def submit(self, batch: list[int]) -> None:
        """Gives scenes to a free worker."""
        actor = self._free.popleft()
        self._calls[actor.make.remote(batch)] = Call(actor, "make", batch)

    def wait(self) -> tuple[list[Summary], list[list[int]]]:
        """Waits a short time for results.

        Returns:
            The summaries of the scenes made since the last call, and a list with the batch of each worker
            that was lost while it made scenes.

        Raises:
            GenerationError: No worker can be started.
        """
        from ray.exceptions import RayActorError, RayTaskError

        made: list[Summary] = []
        lost: list[list[int]] = []
        for answered in self._ray.wait([*self._calls], timeout=WAIT_S)[0]:
            call = self._calls.pop(answered)
            try:
                made += self._go_on(call, self._ray.get(answered))
            except RayActorError as error:  # the machine is lost, or somebody has ended the process
                lost += self._count_lost(call, error)
            except RayTaskError as error:
                raise error.cause from None
        self._ask_for_missing()
        self._check_places()
        return made, lost

    def _go_on(self, call: Call, answer: Any) -> list[Summary]:
        """Handles an actor's answer, and starts the actor's next step or marks the actor as free.

        Returns summaries of the scenes that the actor has made; none unless the step was `make`.
        """
        if call.step == "place":
            self._calls[call.actor.begin.remote(self._order)] = Call(call.actor, "begin")
            return []
        self._lost = 0
        self._free.append(call.actor)
        return list(answer) if call.step == "make" else []

    def _count_lost(self, call: Call, error: Exception) -> list[list[int]]:
        """Handles the loss of an actor.

        Returns:
            A list with the batch of scenes that the actor was making; an empty list if the actor was lost
            while it started.

        Raises:
            GenerationError: Too many actors in succession were lost while they started.
        """
        if call.step == "make":
            return [[*call.batch]]
        self._lost += 1
        if self._lost >= LOST:
            told = " ".join(str(error).split())
            raise GenerationError(f"workers of the Ray cluster die while they start: {told}") from None
        return []

    def _check_places(self) -> None:
        """Raises an error if all actors have been waiting for a machine for `PLACE_S` seconds.

        Raises:
            GenerationError: No machine has had a free core in this time.
        """
        if self._free or any(call.step != "place" for call in self._calls.values()):
            self._deadline = time.monotonic() + PLACE_S
        elif time.monotonic() > self._deadline:
            raise GenerationError(f"no machine of the Ray cluster has had a free core for {PLACE_S:.0f} s")

    def _ask_for_missing(self) -> None:
        """Asks Ray for new actors in place of those that are lost."""
        for _ in range(self.number - len(self._calls) - len(self._free)):
            actor = self._kind.remote()
            self._calls[actor.place.remote()] = Call(actor, "place")

    def close(self) -> None:
        """Ends all workers."""
        ended = [actor.end.remote() for actor in self._free]
        if ended:
            self._ray.wait(ended, num_returns=len(ended), timeout=WAIT_S)
        for actor in (*self._free, *(call.actor for call in self._calls.values())):
            self._ray.kill(actor, no_restart=True)


def imported_ray() -> Any:
    """Imports the package Ray when it is needed, because importing it takes a second.

    Raises:
        GenerationError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray sends usage statistics by default
    try:
        import ray
    except ImportError as error:
        raise GenerationError("engine=ray needs Ray: pip install 'sim2coco[ray]'") from error
    return ray
