"""Locks in object stores: a lock is an object that its owner rewrites every few seconds.

The lease never compares clocks of two machines: ages are differences between times of the server's clock.
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
"""Renewal interval, lifetime of a lock without renewal, and polling interval, in seconds."""


class Objects(Protocol):
    """The object store operations that a lease needs."""

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes an object if it does not exist yet; returns whether this call wrote it."""

    def replace(self, name: str, content: bytes) -> None:
        """Writes an object without checking whether this process still holds the lock."""

    def get(self, name: str) -> bytes:
        """Returns the content of an object; raises `FileNotFoundError` if it does not exist."""

    def delete(self, name: str) -> None:
        """Removes an object if it exists."""

    def age_s(self, name: str) -> float:
        """Returns the seconds since an object was written, by the server's clock."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that wrote a lock.

    Attributes:
        process: Process id.
        host: Host name.
        machine: Identifier shared by all processes in the same process id namespace.
    """

    process: int
    host: str
    machine: str

    def __str__(self) -> str:
        """Describes the process for messages, by its id and its host."""
        return f"another run (process {self.process} on {self.host})"

    @property
    def runs(self) -> bool | None:
        """Whether the process is still running; None if it is on another machine."""
        return runs(self.process) if self.machine == machine() else None


def owner_in(content: bytes) -> Owner | None:
    """Parses the owner from a lock's content; None if the content is invalid."""
    try:
        stated = json.loads(content)
        return Owner(int(stated["process"]), str(stated["host"]), str(stated["machine"]))
    except (ValueError, KeyError, TypeError):
        return None


class Lease:
    """A lock that this process wrote and renews in a thread.

    Attributes:
        lost: The run that took over the lock after it was not renewed in time; "" while the lock is held.
    """

    def __init__(self, objects: Objects, name: str) -> None:
        """Writes nothing yet."""
        self._objects, self._name, self._key = objects, name, uuid4().hex
        self._turn = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self.lost = ""

    def content(self) -> bytes:
        """Returns new content for the lock object, which differs at each renewal."""
        self._turn += 1
        own = {"process": os.getpid(), "host": socket.gethostname(), "machine": machine()}
        return json.dumps({**own, "key": self._key, "turn": self._turn}).encode()

    def start(self) -> None:
        """Starts the renewal thread."""
        self._thread.start()

    def end(self) -> None:
        """Stops renewing and removes the lock, unless another process has taken it over."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(StoreError):  # the lock expires by itself
            if self.holds(_content(self._objects, self._name)):
                self._objects.delete(self._name)

    def _renew(self) -> None:
        while not self._end.wait(RENEW_S):
            with suppress(StoreError):  # the server may be reachable again later
                content = _content(self._objects, self._name)
                if not self.holds(content):
                    self.lost = str(owner_in(content or b"") or "another run")
                    return
                self._objects.replace(self._name, self.content())

    def holds(self, content: bytes | None) -> bool:
        """Returns whether this lease wrote the given content."""
        return content is not None and self._key.encode() in content


@contextmanager
def leased(objects: Objects, name: str, rivals: Callable[[], list[str]]) -> Iterator[Lease]:
    """Holds a lock in a `with` block.

    The lock is written before rival locks are searched. Therefore, if two processes write mutually exclusive
    locks, at least one of them sees the other's lock.

    Args:
        objects: The object store.
        name: Name of the lock.
        rivals: Finds the existing locks that exclude this lock.

    Raises:
        StoreError: Another process holds this lock or a rival lock, or the server does not support
            conditional writes.
    """
    lease = Lease(objects, name)
    while not objects.put_new(name, lease.content()):
        if lease.holds(_content(objects, name)):  # the response to the first attempt was lost
            break
        refuse_if_held(objects, name)
    try:
        if objects.put_new(name, lease.content()):
            why = "it ignores If-None-Match and replaces existing objects"
            raise StoreError(f"out: {objects} cannot be used: {why}, so two runs could mix their images")
        lease.start()
        for rival in rivals():
            refuse_if_held(objects, rival)
        yield lease
    finally:
        lease.end()


def refuse_if_held(objects: Objects, name: str) -> None:
    """Waits until it is known whether a lock is held; removes the lock of a killed process.

    Raises:
        StoreError: The lock is held.
    """
    first, since = _content(objects, name), time.monotonic()
    if first is None:
        return
    owner = owner_in(first)
    age_s = objects.age_s(name)
    while (content := _content(objects, name)) is not None:
        if (owner and owner.runs) or content != first:
            who = owner_in(content) or "another run"
            raise StoreError(f"out: {who} is writing to {objects}; wait for it, or name another folder")
        if (owner and owner.runs is False) or age_s + time.monotonic() - since > LEASE_S:
            objects.delete(name)
            return
        time.sleep(LOOK_S)


def _content(objects: Objects, name: str) -> bytes | None:
    try:
        return objects.get(name)
    except FileNotFoundError:
        return None
