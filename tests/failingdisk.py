"""A folder whose system calls are counted, fail, or are the last ones before the process is killed."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sim2coco import durable

NAMES = ("open", "write", "fsync", "replace", "link", "unlink", "mkdir", "rmdir", "syncfs")
GROW = ("open", "write", "replace", "link", "mkdir")
"""Calls that a full disk refuses; others make room."""
KILLED = 137


@dataclass(frozen=True, slots=True)
class Call:
    """A call that changes the folder, with the paths that it concerns, and what it writes."""

    name: str
    paths: tuple[str, ...]
    content: bytes = b""


Hook = Callable[[int, Call], None]


@dataclass
class Watched:
    """The calls that change a folder; `before` and `after` are called with the number of each from 0."""

    root: Path
    before: Hook = lambda number, call: None
    after: Hook = lambda number, call: None
    calls: list[Call] = field(default_factory=list, init=False)

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            seen = self._seen(name, arguments)
            if seen is None:
                return call(*arguments, **options)
            number = len(self.calls)
            self.calls.append(seen)
            self.before(number, seen)
            try:
                return call(*arguments, **options)
            finally:
                self.after(number, seen)

        return watched

    def _seen(self, name: str, arguments: tuple[Any, ...]) -> Call | None:
        """The call, if it concerns the folder and may change it."""
        count = 2 if name in ("replace", "link") else 1
        paths = tuple(_path(argument) for argument in arguments[:count])
        if not all(Path(path).is_relative_to(self.root) for path in paths):
            return None
        if name == "open" and not arguments[1] & os.O_CREAT:
            return None
        if name == "mkdir" and Path(paths[0]).exists():
            return None
        return Call(name, paths, bytes(arguments[1]) if name == "write" else b"")


def _path(argument: Any) -> str:
    place = Path(f"/proc/self/fd/{argument}").readlink() if isinstance(argument, int) else argument
    return os.fspath(place)


@contextmanager
def watched(root: Path, **hooks: Hook) -> Iterator[Watched]:
    """Watches the calls that change a folder."""
    watch = Watched(root, **hooks)
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            place: Any = durable if name == "syncfs" else os
            name_there = "sync_file_system" if name == "syncfs" else name
            patch.setattr(place, name_there, watch.wrap(name, getattr(place, name_there)))
        from sim2coco import store

        patch.setattr(store, "sync_file_system", durable.sync_file_system)
        yield watch


def fail_at(wanted: int, error: int) -> Hook:
    """Lets a call fail; a full disk stays full until the program has ended."""

    def hook(number: int, call: Call) -> None:
        full = error == errno.ENOSPC and number > wanted and call.name in GROW
        if number == wanted or full:
            if call.name == "write":
                with open(call.paths[0], "ab", buffering=0) as file:  # noqa: PTH123 # Path.open is watched
                    file.write(call.content[: len(call.content) // 2])
            raise OSError(error, os.strerror(error), call.paths[0])

    return hook


def kill_at(wanted: int) -> Hook:
    """Ends the process as SIGKILL does: without any clean-up."""

    def hook(number: int, call: Call) -> None:
        if number == wanted:
            os._exit(KILLED)

    return hook


def in_child(work: Callable[[], object]) -> int:
    """Does something in a fork of this process, and returns its exit code."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


@dataclass(eq=False)
class _File:
    content: bytes = b""
    on_disk: bytes = b""


class Disk:
    """What a power failure leaves of a folder: only that for which the program has waited is certain.

    `names_first` tells what of the rest was written before the failure: the names of files without their
    contents, or nothing.
    """

    def __init__(self, root: Path, names_first: bool) -> None:
        self.root, self.names_first = str(root), names_first
        self.names: dict[str, _File | None] = {self.root: None}
        self.on_disk: dict[str, _File | None] = {self.root: None}

    def tree(self) -> dict[str, bytes]:
        """The files after a failure."""
        names = self.names if self.names_first else self.on_disk
        found = {Path(path): file for path, file in names.items() if file is not None}
        whole = {
            path: file for path, file in found.items() if all(str(p) in names for p in self._parents(path))
        }
        return {path.relative_to(self.root).as_posix(): file.on_disk for path, file in whole.items()}

    def _parents(self, path: Path) -> list[Path]:
        return [parent for parent in path.parents if parent.is_relative_to(self.root)]

    def add(self, call: Call) -> None:
        """Adds the effect of a call that has succeeded."""
        path, last = call.paths[0], call.paths[-1]
        file = self.names.get(path)
        if call.name == "open":
            self.names.setdefault(path, _File())
        elif call.name == "mkdir":
            self.names[path] = None
        elif call.name == "write":
            assert file is not None
            file.content += call.content
        elif call.name == "replace":
            self.names[last] = self.names.pop(path)
        elif call.name == "link":
            self.names[last] = file
        elif call.name in ("unlink", "rmdir"):
            del self.names[path]
        elif call.name == "fsync" and file is not None:
            file.on_disk = file.content
        elif call.name == "fsync":
            self._sync_folder(path)
        elif call.name == "syncfs":
            for each in self.names.values():
                if each is not None:
                    each.on_disk = each.content
            self.on_disk = dict(self.names)

    def _sync_folder(self, folder: str) -> None:
        inside = [path for path in {**self.names, **self.on_disk} if str(Path(path).parent) == folder]
        for path in inside:
            if path in self.names:
                self.on_disk[path] = self.names[path]
            else:
                del self.on_disk[path]
