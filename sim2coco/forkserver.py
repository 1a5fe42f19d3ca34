"""A fork server: workers are forked from a process that has imported all modules, and start in milliseconds.

The server has one thread and does nothing but import modules and fork. If sim2coco is run from the command
line, the server is a fork of that process, which has imported most modules already. If sim2coco is used as a
library in another program, which may have threads and open resources, the server is started as a new process.

The server uses the code of Python's own fork server (`multiprocessing.forkserver`), but each run starts its
own. Python has a single fork server for the whole program: it would keep the environment of the first run,
and would also be used for processes that the calling program starts.
"""

import os
import signal
import socket
import sys
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

from sim.temporary import temporary_folder
from sim2coco.children import signals_blocked
from sim2coco.process import can_be_forked

SERVE = (
    "import sys; sys.path[:] = {path!r}; "
    "from multiprocessing.forkserver import main; main({listener}, {alive}, {modules!r})"
)
MAIN = ("init_main_from_name", "init_main_from_path")
"""Keys in the preparation data of `multiprocessing` that make a child run the caller's script."""


@contextmanager
def forking(modules: Sequence[str], main: bool = False) -> Iterator[BaseContext]:
    """Starts a fork server, and stops it at the end.

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


class ForkServer:
    """The process that workers are forked from; it is started on first use, and again if it dies.

    The server ends when this process ends: only this process holds the write end of a pipe open, and the
    server exits when that end is closed. A worker detects that the server has ended when the ID of its parent
    process changes.

    Args:
        modules: Modules that the server imports before it forks.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        """Creates a temporary folder for the socket; does not start the server yet."""
        self._modules = list(modules)
        self._lock = threading.Lock()
        self._folder = temporary_folder()
        self._pid = 0
        self._alive = -1

    def start(self) -> None:
        """Starts the server if it is not running."""
        with self._lock:
            if not self._pid or _has_ended(self._pid, os.WNOHANG):
                self._pid = 0
                self._kill_server()
                self._launch_server()

    def stop(self) -> None:
        """Kills the server; processes forked from it should have ended before."""
        with self._lock:
            self._kill_server()
            self._folder.cleanup()

    def fork(self, fds: Sequence[int]) -> tuple[int, int]:
        """Forks a new process from the server.

        Args:
            fds: File descriptors that are passed to the new process.

        Returns:
            A file descriptor from which the ID and later the exit code of the new process can be read, and a
            file descriptor to which the caller must write the pickled process.
        """
        self.start()
        status, its_status = os.pipe()
        its_data, data = os.pipe()
        # Python's own code passes the write end of its pipe here. The child would hold it open, and so keep
        # the server alive.
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            with socket.socket(socket.AF_UNIX) as client, _short_path(self._folder.name) as folder:
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

    def _launch_server(self) -> None:
        resource_tracker.ensure_running()
        alive, self._alive = os.pipe()
        try:
            with socket.socket(socket.AF_UNIX) as listener, _short_path(self._folder.name) as folder:
                listener.bind(f"{folder}/server")
                listener.listen()
                self._pid = self._launch(listener, alive)
        finally:
            os.close(alive)

    def _launch(self, listener: socket.socket, alive: int) -> int:
        if can_be_forked():
            for module in self._modules:
                import_module(module)
        # Checked a second time, because a module may start a thread when it is imported.
        return (self._fork_self if can_be_forked() else self._start_new)(listener, alive)

    def _fork_self(self, listener: socket.socket, alive: int) -> int:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # buffered text would be written by both processes
        if pid := os.fork():
            return pid
        try:
            os.close(self._alive)
            forkserver.main(listener.detach(), alive, [])
        finally:
            os._exit(0)

    def _start_new(self, listener: socket.socket, alive: int) -> int:
        path = [place or str(Path.cwd()) for place in sys.path]
        command = SERVE.format(path=path, listener=listener.fileno(), alive=alive, modules=self._modules)
        flags = util._args_from_interpreter_flags()  # type: ignore[attr-defined] # -O, -W, -X
        program = os.fsencode(spawn.get_executable())
        words = [program, *map(os.fsencode, [*flags, "-c", command])]
        return util.spawnv_passfds(program, words, [listener.fileno(), alive])

    def _kill_server(self) -> None:
        if self._pid and not _has_ended(self._pid, os.WNOHANG):
            os.kill(self._pid, signal.SIGKILL)
            _has_ended(self._pid, 0)
        self._pid = 0
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1
        (Path(self._folder.name) / "server").unlink(missing_ok=True)


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
        """Like the base class, but forks from `ForkServer`, and runs the caller's script only if needed."""
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


def _has_ended(pid: int, options: int) -> bool:
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:  # another part of the program has waited for it already
        return True


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@contextmanager
def _short_path(folder: str) -> Iterator[str]:
    """Yields a short path of a folder, because the address of a Unix socket is limited to 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
