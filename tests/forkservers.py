"""Fork servers that outlive a command, for tests to which new processes are not the subject."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing.context import BaseContext
from types import ModuleType

import pytest

from sim2coco.forking import ForkServerContext
from sim2coco.forkserver import ForkServer


class NewProcess(ForkServer):
    """A fork server that is never a fork of this process, whose standard error may be pytest's."""

    def _fork_self(self, listener: socket.socket, alive: int) -> int:
        return self._start_new(listener, alive)


@contextmanager
def one_fork_server(module: ModuleType, modules: Sequence[str]) -> Iterator[None]:
    """Lets a module take all its processes from one server, which imports what they need once.

    The server is started when the first process is wanted.
    """
    server = NewProcess(modules)

    def forking(_: Sequence[str], main: bool = False) -> AbstractContextManager[BaseContext]:
        return nullcontext(ForkServerContext(server, main))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "forking", forking)
        try:
            yield
        finally:
            server.stop()
