"""A network of its own for a test, in which there is nothing but this machine."""

import ctypes
import fcntl
import os
import socket
import struct
import traceback
from collections.abc import Callable

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41


def in_own_network(work: Callable[[], None]) -> None:
    """Does something in a fork of this process, in a network namespace of its own where that is allowed.

    Raises:
        AssertionError: It has raised an error, whose traceback is printed.
    """
    if pid := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "see the traceback that is printed"
        return
    try:
        if not ctypes.CDLL(None).unshare(CLONE_NEWNET):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
