"""Processes that are forked from one that has imported everything: each starts in milliseconds.

That one, the server, has one thread and does nothing but import and fork. The command line's is a fork of its
process, which has imported most already; where the library is used, in a process that may have threads and
whatever else, the server is started anew. It is Python's own (`multiprocessing.forkserver`), but one for each
run: Python has one for the whole program, which would keep the environment of the first run and would be
shared with the caller's own processes.
"""

import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from io import BytesIO
from multiprocessing import forkserver, popen_forkserver, reduction, resource_tracker, spawn, util
from multiprocessing.context import BaseContext, set_spawning_popen
from multiprocessing.forkserver import read_signed
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sim2coco.process import may_be_forked

SERVE = (
    "import sys; sys.path[:] = {path!r}; "
    "from multiprocessing.forkserver import main; main({listener}, {alive}, {modules!r})"
)
MAIN = ("init_main_from_name", "init_main_from_path")


class ForkServer:
    """The process that others are forked from: started on first use, and again should it die.

    It ends when this process does: nobody else holds the pipe whose end it waits for. What is forked from it
    sees that by its parent's number.

    Args:
        modules: What it imports before it forks.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        """Starts nothing yet."""
        self._modules = list(modules)
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="sim2coco-")
        self._pid = 0
        self._alive = -1

    def start(self) -> None:
        """Makes sure that it runs."""
        with self._lock:
            if not self._pid or _has_ended(self._pid, os.WNOHANG):
                self._pid = 0
                self._end()
                self._begin()

    def stop(self) -> None:
        """Ends it; what was forked from it should have ended before."""
        with self._lock:
            self._end()
            self._folder.cleanup()

    def fork(self, fds: Sequence[int]) -> tuple[int, int]:
        """Has it fork.

        Args:
            fds: File descriptors that the new process gets.

        Returns:
            Where the new process's number is read from, then its exit code; and where to write what it does.
        """
        self.start()
        status, its_status = os.pipe()
        its_data, data = os.pipe()
        # In place of Python's pipe to the server: who holds that keeps the server alive.
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            with socket.socket(socket.AF_UNIX) as client, _short(self._folder.name) as folder:
                client.connect(f"{folder}/server")
                tracker = resource_tracker.getfd()
                assert tracker is not None
                reduction.sendfds(client, [its_data, its_status, nothing, tracker, *fds])
        except BaseException:
            os.close(status)
            os.close(data)
            raise
        finally:
            for descriptor in (its_data, its_status, nothing):
                os.close(descriptor)
        return status, data

    def _begin(self) -> None:
        resource_tracker.ensure_running()
        alive, self._alive = os.pipe()
        try:
            with socket.socket(socket.AF_UNIX) as listener, _short(self._folder.name) as folder:
                listener.bind(f"{folder}/server")
                listener.listen()
                launch = self._forked if may_be_forked() else self._started
                self._pid = launch(listener, alive)
        finally:
            os.close(alive)

    def _forked(self, listener: socket.socket, alive: int) -> int:
        for module in self._modules:
            import_module(module)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or what waits there is written twice
        if pid := os.fork():
            return pid
        try:
            os.close(self._alive)
            forkserver.main(listener.detach(), alive, [])
        finally:
            os._exit(0)

    def _started(self, listener: socket.socket, alive: int) -> int:
        path = [place or str(Path.cwd()) for place in sys.path]
        command = SERVE.format(path=path, listener=listener.fileno(), alive=alive, modules=self._modules)
        flags = util._args_from_interpreter_flags()  # type: ignore[attr-defined] # -O, -W, -X
        program = os.fsencode(spawn.get_executable())
        words = [program, *map(os.fsencode, [*flags, "-c", command])]
        return util.spawnv_passfds(program, words, [listener.fileno(), alive])

    def _end(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            _has_ended(self._pid, 0)
            self._pid = 0
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1
        (Path(self._folder.name) / "server").unlink(missing_ok=True)


class Forking(BaseContext):
    """Of `multiprocessing`, as pebble takes it: its processes are forked from a server.

    Args:
        server: That server.
        main: Whether a process needs what the caller's script defines; it then runs that anew, as processes
            of Python's own contexts always do.
    """

    _name = "forkserver"

    def __init__(self, server: ForkServer, main: bool) -> None:
        """Starts nothing yet."""
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
    """What the process gets, as Python collects it while the process is pickled."""

    def __init__(self, server: ForkServer, main: bool, process: BaseProcess) -> None:
        self._server, self._main = server, main
        super().__init__(process)

    def _launch(self, process_obj: BaseProcess) -> None:
        """As Python's, with another server; and the script is run anew only where it is needed."""
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
        # The other end of this is by what the process learns that its caller is gone.
        self.finalizer = util.Finalize(self, _close, (os.dup(data), self.sentinel))
        with os.fdopen(data, "wb") as file:
            file.write(buffer.getbuffer())
        self.pid = read_signed(self.sentinel)


def _has_ended(pid: int, options: int) -> bool:
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:  # somebody else has waited for it
        return True


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@contextmanager
def _short(folder: str) -> Iterator[str]:
    """A short name for a folder: the address of a socket holds 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
