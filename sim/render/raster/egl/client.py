"""The PyBullet client of this process that renders with OpenGL, through PyBullet's EGL plug-in.

The plug-in has global state, and each restriction in this module avoids one of its defects
(docs/decisions/0006-egl-gives-plain-colours.md).
"""

import atexit
import os
import threading
from functools import cache
from importlib.util import find_spec

from sim.bullet import pb, silence

CAPACITY = 48 << 20
"""Maximum size in bytes of the vertices of one scene. The plug-in's vertex buffer has 128 MiB, and the space
of a removed shape is never freed."""
MAX_SHAPES = 2000
"""Number of loaded shapes after which the plug-in is restarted, because it keeps a record of each."""
WARM_UP = 3
"""Number of empty images rendered at the start, because the plug-in's first images take ten times as long."""


class EglUnavailable(ValueError):
    """PyBullet's EGL plug-in cannot be loaded or does not render on this machine."""


class EglClient:
    """A PyBullet client with the EGL plug-in, usable only in the thread that created it.

    It must not be used in a forked process, where the plug-in would hang.

    Raises:
        EglUnavailable: The plug-in cannot be loaded.
    """

    def __init__(self) -> None:
        """Starts the plug-in."""
        self.contents: object = None
        self._owner = os.getpid(), threading.get_ident()
        self._id = -1
        self._connect()

    @property
    def id(self) -> int:
        """PyBullet's id of the client; it changes when the plug-in is restarted."""
        if self._owner != (os.getpid(), threading.get_ident()):
            raise RuntimeError(
                "render=egl works only in the thread that started it, and not in a forked process"
            )
        return self._id

    def fresh(self) -> None:
        """Removes all bodies, and restarts the plug-in if its memory might not suffice for the next scene."""
        self.contents = None
        if self._used > CAPACITY or self._shapes > MAX_SHAPES:
            self.close()
            self._connect()
        for place in reversed(range(pb.getNumBodies(physicsClientId=self.id))):
            body = pb.getBodyUniqueId(place, physicsClientId=self._id)
            pb.removeBody(body, physicsClientId=self._id)

    def allocate(self, size_bytes: int) -> tuple[float, float, float]:
        """Counts a new shape towards the plug-in's memory, and returns the position at which to load it.

        Args:
            size_bytes: Size of the shape's vertices in bytes.

        Returns:
            Position of the shape in its body: a different tiny offset for each shape. The plug-in treats two
            shapes from one file as the same, whatever their scales, unless their positions differ. The offset
            is too small to change any coordinate.
        """
        self._used += size_bytes
        self._shapes += 1
        return self._shapes * 1e-300, 0.0, 0.0

    def close(self) -> None:
        """Disconnects the client, and discards the output that the plug-in prints when it is unloaded."""
        if self._id >= 0 and self._owner[0] == os.getpid():
            with silence():
                pb.disconnect(self._id)
        self._id = -1

    def _connect(self) -> None:
        self._used = self._shapes = 0
        plugin = find_spec("eglRenderer")
        with silence():
            self._id = pb.connect(pb.DIRECT)
            path = plugin.origin if plugin else None
            if not path or pb.loadPlugin(path, "_eglRendererPlugin", physicsClientId=self._id) < 0:
                raise EglUnavailable("PyBullet's EGL plug-in cannot be loaded")
            for _ in range(WARM_UP):
                pb.getCameraImage(16, 16, renderer=pb.ER_BULLET_HARDWARE_OPENGL, physicsClientId=self._id)


@cache
def egl_client() -> EglClient:
    """Returns the EGL client of this process, which is created on the first call.

    There is only one, because a second client would render into the images of the first.

    Raises:
        EglUnavailable: The plug-in cannot be loaded.
    """
    # Images are rendered in parallel by several processes, so the threads of software OpenGL are switched
    # off; by default it starts one per core.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    client = EglClient()
    atexit.register(client.close)
    return client
