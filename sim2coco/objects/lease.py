"""Locks in object stores: an object that its owner writes anew every few seconds.

No clock of this machine is compared with that of another: ages are differences of times of the server.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from sim.temporary import machine, runs
from sim2coco.storage import StoreError

RENEW_S, LEASE_S, LOOK_S = 10.0, 60.0, 1.0
"""Seconds between two renewals; after which a lock that was not renewed is void; between two looks at it."""


class Objects(Protocol):
    """What a lease needs of an object store."""

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes an object if it does not exist yet; returns whether this call wrote it."""

    def replace(self, name: str, content: bytes) -> None:
        """Writes an object, whether this process still owns the data set or not."""

    def get(self, name: str) -> bytes:
        """The content of an object."""

    def delete(self, name: str) -> None:
        """Removes an object, if it exists."""

    def age_s(self, name: str) -> float:
        """Seconds since an object was written, by the clock of the server."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that has written a lock.

    Attributes:
        process: Its number.
        host: The name of its machine.
        machine: The same for processes that see each other's numbers.
    """

    process: int
    host: str
    machine: str

    def __str__(self) -> str:
        """As it is named in messages."""
        return f"another run (process {self.process} on {self.host})"

    @property
    def runs(self) -> bool | None:
        """Whether it still runs; None for a process of another machine."""
        return runs(self.process) if self.machine == machine() else None


def owner_in(content: bytes) -> Owner | None:
    """The owner of a lock; None if it has another content."""
    try:
        stated = json.loads(content)
        return Owner(int(stated["process"]), str(stated["host"]), str(stated["machine"]))
    except (ValueError, KeyError, TypeError):
        return None


class Lease:
    """A lock that this process has written, and renews in a thread.

    Attributes:
        lost: Who has taken it over, because it was not renewed for too long; "" while it is held.
    """

    def __init__(self, objects: Objects, name: str) -> None:
        """Writes nothing yet."""
        self._objects, self._name, self._key = objects, name, uuid4().hex
        self._turn = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self.lost = ""

    def content(self) -> bytes:
        """What the object holds; it differs after each renewal."""
        self._turn += 1
        own = {"process": os.getpid(), "host": socket.gethostname(), "machine": machine()}
        return json.dumps({**own, "key": self._key, "turn": self._turn}).encode()

    def start(self) -> None:
        """Begins to renew it."""
        self._thread.start()

    def end(self) -> None:
        """Removes it, unless another process has taken it over."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(StoreError):  # it ends by itself
            if self.holds(_content(self._objects, self._name)):
                self._objects.delete(self._name)

    def _renew(self) -> None:
        while not self._end.wait(RENEW_S):
            with suppress(StoreError):  # the server may answer again
                content = _content(self._objects, self._name)
                if not self.holds(content):
                    self.lost = str(owner_in(content or b"") or "another run")
                    return
                self._objects.replace(self._name, self.content())

    def holds(self, content: bytes | None) -> bool:
        """Whether this is the content of an object that this lease has written."""
        return content is not None and self._key.encode() in content


@contextmanager
def leased(objects: Objects, name: str, rivals: Callable[[], list[str]]) -> Iterator[Lease]:
    """Holds a lock in a `with` block.

    The lock is written first, and then others are looked for: of two processes whose locks exclude each
    other, at least one sees that of the other.

    Args:
        objects: The object store.
        name: Name of the lock.
        rivals: Finds the locks that exclude this one.

    Raises:
        StoreError: Another process holds it or a rival, or the server replaces what must not be replaced.
    """
    lease = Lease(objects, name)
    while not objects.put_new(name, lease.content()):
        if lease.holds(_content(objects, name)):  # the answer to the first try was lost
            break
        refuse_if_held(objects, name)
    try:
        if objects.put_new(name, lease.content()):
            why = "it replaces objects that are to be written only if there are none (If-None-Match)"
            raise StoreError(f"out: {objects} cannot be used: {why}, so two runs could mix their images")
        lease.start()
        for rival in rivals():
            refuse_if_held(objects, rival)
        yield lease
    finally:
        lease.end()


def refuse_if_held(objects: Objects, name: str) -> None:
    """Waits until it is known whether a lock is held, and removes one that a killed process has left.

    Raises:
        StoreError: It is held.
    """
    first, since = _content(objects, name), time.monotonic()
    if first is None:
        return
    owner = owner_in(first)
    age_s = objects.age_s(name)
    while (content := _content(objects, name)) is not None:
        if (owner and owner.runs) or content != first:
            who = owner_in(content) or "another run"
            raise StoreError(f"out: {who} is writing to {objects}; wait for it, or name another")
        if (owner and owner.runs is False) or age_s + time.monotonic() - since > LEASE_S:
            objects.delete(name)
            return
        time.sleep(LOOK_S)


def _content(objects: Objects, name: str) -> bytes | None:
    try:
        return objects.get(name)
    except FileNotFoundError:
        return None
