"""Processes that are forked from a fork server, as a context of `multiprocessing`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from multiprocessing import popen_forkserver, reduction, spawn, util
from multiprocessing.context import BaseContext, set_spawning_popen
from multiprocessing.forkserver import read_signed
from multiprocessing.process import BaseProcess
from typing import Any

from sim2coco.children import signals_blocked
from sim2coco.forkserver import ForkServer

MAIN = ("init_main_from_name", "init_main_from_path")
"""Keys in the preparation data of `multiprocessing` that make a child run the caller's script."""


@contextmanager
def forking(modules: Sequence[str], main: bool = False) -> Iterator[BaseContext]:
    """Starts a fork server, and stops it at the end of the `with` block.

    Args:
        modules: Modules that the server imports before it forks.
        main: Whether the processes need definitions of the caller's script.

    Yields:
        A `multiprocessing` context that forks processes from the server.
    """
    server = ForkServer(modules)
    try:
        with signals_blocked():
            server.start()
        yield ForkServerContext(server, main)
    finally:
        server.stop()


class ForkServerContext(BaseContext):
    """A `multiprocessing` context that forks processes from a `ForkServer`.

    Args:
        server: The fork server.
        main: Whether the processes need definitions of the caller's script. If so, each of them runs the
            script again when it starts, as in Python's own context `forkserver`.
    """

    _name = "forkserver"

    def __init__(self, server: ForkServer, main: bool) -> None:
        """Only stores the arguments; does not start a process."""
        self.server = server
        self.Process = partial(_Process, server, main)


class _Process(BaseProcess):
    _start_method = "forkserver"

    def __init__(self, server: ForkServer, main: bool, **options: Any) -> None:
        super().__init__(**options)
        self._Popen = partial(_Popen, server, main)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_Popen"}


class _Popen(popen_forkserver.Popen):
    _fds: list[int]
    """File descriptors to pass to the process; Python collects them while the process is pickled."""

    def __init__(self, server: ForkServer, main: bool, process: BaseProcess) -> None:
        self._server, self._main = server, main
        super().__init__(process)

    def _launch(self, process_obj: BaseProcess) -> None:
        """Forks the process from `ForkServer`.

        If `main` is False, the new process does not run the caller's script.
        """
        preparation = spawn.get_preparation_data(process_obj.name)
        kept = {key: value for key, value in preparation.items() if self._main or key not in MAIN}
        buffer = BytesIO()
        set_spawning_popen(self)
        try:
            reduction.dump(kept, buffer)
            reduction.dump(process_obj, buffer)
        finally:
            set_spawning_popen(None)
        self.sentinel, data = self._server.fork(self._fds)
        # When this pipe is closed, the child assumes that its parent has ended, so a copy is kept open.
        self.finalizer = util.Finalize(self, _close, (os.dup(data), self.sentinel))
        with os.fdopen(data, "wb") as file:
            file.write(buffer.getbuffer())
        self.pid = read_signed(self.sentinel)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
