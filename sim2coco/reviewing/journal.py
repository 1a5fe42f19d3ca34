"""Stores verdicts of reviewers in a file, one per line; `add` returns when a verdict is on disk."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.verdicts import Verdict, read_lines, to_line

MAX_REVIEWER = 100
"""Maximum length of a reviewer's name."""


class Journal:
    """A file of verdicts, to which one reviewer adds; other processes may add to it at the same time.

    Args:
        path: The file; created with the first verdict.
        reviewer: Name of the reviewer.

    Raises:
        DataSetError: The file cannot be read or written, or the name is not one line of text.
    """

    def __init__(self, path: Path, reviewer: str) -> None:
        """Reads the existing verdicts."""
        if not reviewer.strip() or not reviewer.isprintable() or len(reviewer) > MAX_REVIEWER:
            raise DataSetError(f"--reviewer: {reviewer!r} is not a name of 1 to {MAX_REVIEWER} characters")
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise DataSetError(
                f"{path}: verdicts cannot be written to it; choose another file with --verdicts"
            )
        self.path, self.reviewer = path, reviewer
        self._lock = Lock()
        self._size = -1
        self._last: dict[tuple[str, str], Verdict] = {}
        self._before: list[Verdict] = []
        self.refresh()

    def refresh(self) -> None:
        """Reads the file again if another process has changed it."""
        with self._lock:
            self._refresh()

    def _snapshot(self) -> list[Verdict]:
        with self._lock:
            return [*self._last.values()]

    def of_reviewer(self) -> dict[str, Verdict]:
        """Returns a dict from image to this reviewer's last verdict, including comments without a verdict."""
        return {said.image: said for said in self._snapshot() if said.reviewer == self.reviewer}

    def verdicts(self) -> list[Verdict]:
        """The last verdict of each reviewer on each image."""
        return [verdict for verdict in self._snapshot() if verdict.verdict is not None]

    def add(self, verdict: Verdict) -> Verdict:
        """Writes a verdict, and returns when it is on disk.

        Returns:
            The verdict with the name of the reviewer.

        Raises:
            OSError: The verdict cannot be written; the file is unchanged.
        """
        said = replace(verdict, reviewer=self.reviewer, undo=False)
        with self._writing() as file:
            self._write(file, said)
        return said

    def undo(self) -> Verdict | None:
        """Takes back the last verdict of this reviewer, even if it is from an earlier review.

        Returns:
            The reviewer's previous verdict on the same image, which is now valid again. If there was none,
            a `Verdict` with `verdict` None. If there is nothing to take back, None.
        """
        with self._writing() as file:
            if not self._before:
                return None
            restored = replace(self._before[-1], undo=True)
            self._write(file, restored)
            return restored

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """Locks the file against other threads and processes, and reads the verdicts that they have added."""
        with self._lock, _appending(self.path) as file:
            _mend(file)
            self._refresh()
            yield file

    def _refresh(self) -> None:
        size = self.path.stat().st_size if self.path.exists() else 0
        if size == self._size:
            return
        lines = read_lines(self.path) if size else []
        # Nothing is discarded before the whole file has been read.
        self._last, self._before, self._size = {}, [], size
        for verdict in lines:
            self._note(verdict)

    def _note(self, verdict: Verdict) -> None:
        """Stores a verdict as its reviewer's latest on the image; keeps the previous verdict, for `undo`."""
        key = verdict.image, verdict.reviewer
        if verdict.reviewer == self.reviewer:
            if not verdict.undo:
                self._before.append(self._last.get(key) or Verdict(verdict.image, None, verdict.reviewer))
            elif self._before:
                self._before.pop()
        self._last[key] = verdict

    def _write(self, file: int, verdict: Verdict) -> None:
        line = to_line(verdict)
        try:
            if os.write(file, line) < len(line):
                raise OSError("the disk is full")
            os.fsync(file)
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._note(verdict)
        self._size += len(line)


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    """Opens a file to append to it, and locks it."""
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        if new:
            _sync_folder(path.resolve().parent)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _mend(file: int) -> None:
    """Removes a last line that a crash has truncated; if only its newline is missing, adds the newline."""
    size = os.fstat(file).st_size
    if not size or os.pread(file, 1, size - 1) == b"\n":
        return
    content = os.pread(file, size, 0)
    end = content.rfind(b"\n") + 1
    try:
        json.loads(content[end:])
    except ValueError:
        os.ftruncate(file, end)
    else:
        os.write(file, b"\n")
