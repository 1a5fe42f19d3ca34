"""The one PyBullet client of this process that draws with OpenGL, through PyBullet's EGL plug-in.

The plug-in keeps its state where it likes: each rule here is one that it breaks something without
(docs/decisions/0006-egl-gives-plain-colours.md).
"""

import atexit
import os
import threading
from functools import cache
from importlib.util import find_spec

from sim.bullet import pb, silence

CAPACITY = 48 << 20
"""Bytes of vertices of one scene. The plug-in has room for 128 MiB, and never gives a shape's back."""
MAX_SHAPES = 2000
"""Shapes that are loaded before the plug-in is started anew: it keeps a record of each."""
WARM_UP = 3
"""The first pictures of a plug-in take ten times as long; they are taken of nothing."""


class EglUnavailable(ValueError):
    """There is no OpenGL on this machine that PyBullet's plug-in could use."""


class EglClient:
    """A client with the plug-in, for the thread that made it; in a forked process the plug-in hangs.

    Raises:
        EglUnavailable: The plug-in does not load.
    """

    def __init__(self) -> None:
        """Starts the plug-in."""
        self.contents: object = None
        self._owner = os.getpid(), threading.get_ident()
        self._id = -1
        self._connect()

    @property
    def id(self) -> int:
        """PyBullet's number of the client: another one after some scenes."""
        if self._owner != (os.getpid(), threading.get_ident()):
            raise RuntimeError(
                "render=egl draws in the thread that it was started in, and in no forked process"
            )
        return self._id

    def fresh(self) -> None:
        """Removes everything; starts the plug-in anew where it could run out of room for a scene."""
        self.contents = None
        if self._used > CAPACITY or self._shapes > MAX_SHAPES:
            self.close()
            self._connect()
        for place in reversed(range(pb.getNumBodies(physicsClientId=self.id))):
            body = pb.getBodyUniqueId(place, physicsClientId=self._id)
            pb.removeBody(body, physicsClientId=self._id)

    def allocate(self, size_bytes: int) -> tuple[float, float, float]:
        """Room for the vertices of one shape.

        Returns:
            Where to put the shape in its body, next to nowhere. The plug-in takes shapes of one file for the
            same, of whatever scale they are, unless this differs; and added to a coordinate it is nothing.
        """
        self._used += size_bytes
        self._shapes += 1
        return self._shapes * 1e-300, 0.0, 0.0

    def close(self) -> None:
        """Disconnects; at the end of the process at the latest, or the plug-in says farewell aloud."""
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
                raise EglUnavailable("PyBullet's EGL plug-in does not load")
            for _ in range(WARM_UP):
                pb.getCameraImage(16, 16, renderer=pb.ER_BULLET_HARDWARE_OPENGL, physicsClientId=self._id)


@cache
def egl_client() -> EglClient:
    """The client of this process: a second one would draw into the first one's pictures.

    Raises:
        EglUnavailable: The plug-in does not load.
    """
    # Processes are what runs side by side here; unless told, the software OpenGL takes all cores for each.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    client = EglClient()
    atexit.register(client.close)
    return client
