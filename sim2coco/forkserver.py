"""A fork server: workers are forked from a process that has imported all modules, and start in milliseconds.

The server has one thread and does nothing but import modules and fork. If sim2coco is run from the command
line, the server is a fork of the command's process, which has imported most modules already. The command goes
on while the server imports the other modules. If sim2coco is used as a library in another program, which may
have threads and open resources, the server is started as a new process.

The server uses the code of Python's own fork server (`multiprocessing.forkserver`), but each run starts its
own. Python has a single fork server for the whole program: it would keep the environment of the first run,
and would also be used for processes that the calling program starts.
"""

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import forkserver, reduction, resource_tracker, spawn, util
from pathlib import Path

from sim.temporary import temporary_folder
from sim2coco.children import die_with
from sim2coco.forked import flush_output
from sim2coco.process import can_be_forked, stop_signals_masked

SERVE = (
    "import sys; sys.path[:] = {path!r}; "
    "from multiprocessing.forkserver import main; main({listener}, {alive}, {modules!r})"
)


class ForkServer:
    """The process that workers are forked from; it is started on first use, and restarted if it dies.

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
        self._ready = -1

    def start(self) -> None:
        """Starts the server if it is not running, without waiting for its imports."""
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
            Two file descriptors. From the first, the caller can read the ID of the new process, and later its
            exit code. To the second, the caller must write the pickled process.
        """
        self.start()
        self._wait_for_imports()
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

    def _wait_for_imports(self) -> None:
        """Waits for the imports of a server that was forked from this process.

        If this server cannot fork, replaces it by a server in a new process.
        """
        with self._lock:
            if self._ready < 0:
                return
            with stop_signals_masked(signal.SIG_UNBLOCK):  # imports may take long
                can_fork = os.read(self._ready, 1)
            os.close(self._ready)
            self._ready = -1
            if not can_fork:
                self._kill_server()
                self._launch_server(forks=False)

    def _launch_server(self, forks: bool = True) -> None:
        resource_tracker.ensure_running()
        alive, self._alive = os.pipe()
        try:
            with socket.socket(socket.AF_UNIX) as listener, _short_path(self._folder.name) as folder:
                listener.bind(f"{folder}/server")
                listener.listen()
                launch = self._fork_self if forks and can_be_forked() else self._start_new
                self._pid = launch(listener, alive)
        finally:
            os.close(alive)

    def _fork_self(self, listener: socket.socket, alive: int) -> int:
        flush_output()  # buffered text would be written by both processes
        parent = os.getpid()
        self._ready, imported = os.pipe()
        if pid := os.fork():
            os.close(imported)
            return pid
        try:
            os.close(self._alive)
            os.close(self._ready)
            self._import(parent, imported)
            forkserver.main(listener.detach(), alive, [])
        finally:
            os._exit(0)

    def _import(self, parent: int, imported: int) -> None:
        """Imports the modules in the server process, then writes a byte to the file descriptor `imported`.

        The process exits instead if an imported module makes forking unsafe.
        """
        die_with(parent)
        gc.disable()  # imports make many objects and no garbage
        for module in self._modules:
            import_module(module)
        gc.freeze()  # workers leave these objects out too
        gc.enable()
        if not can_be_forked():  # a module has started a thread
            os._exit(1)
        os.write(imported, b"1")
        os.close(imported)

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
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1
        (Path(self._folder.name) / "server").unlink(missing_ok=True)


def _has_ended(pid: int, options: int) -> bool:
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:  # another part of the program has waited for it already
        return True


@contextmanager
def _short_path(folder: str) -> Iterator[str]:
    """Yields a short path of a folder, because the address of a Unix socket is limited to 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
