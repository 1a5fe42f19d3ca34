"""Tests whether PyBullet's EGL plug-in works on this machine, in a child process because it may crash."""

import re
import subprocess
import sys
from functools import cache

from sim.render.raster.egl.client import EglUnavailable

TIMEOUT_S = 60.0
PACKAGES = "libegl1 libgl1 libgles2 libegl-mesa0 libgl1-mesa-dri"
INSTALL_COMMAND = f"apt-get install -y {PACKAGES}"
"""Command that installs software OpenGL; the OpenGL of a GPU is installed with the GPU's driver."""
PROBE = """
import os
from importlib.util import find_spec
import pybullet as pb
client = pb.connect(pb.DIRECT)
assert pb.loadPlugin(find_spec("eglRenderer").origin, "_eglRendererPlugin") >= 0
box = pb.createVisualShape(pb.GEOM_BOX, halfExtents=[0.5, 0.5, 0.5])
body = pb.createMultiBody(baseVisualShapeIndex=box)
view = pb.computeViewMatrix([0, -3, 0], [0, 0, 0], [0, 0, 1])
matrix = pb.computeProjectionMatrixFOV(60, 1, 0.1, 10)
ids = pb.getCameraImage(64, 64, view, matrix, renderer=pb.ER_BULLET_HARDWARE_OPENGL)[4]
print("\\negl draws", int((ids == body).sum()), "px", flush=True)
pb.disconnect()
"""


@cache
def egl_device() -> str:
    """Returns the name of the OpenGL device and the OpenGL version string of its driver.

    Raises:
        EglUnavailable: The plug-in does not render on this machine.
    """
    output = _probe_output()
    if not re.search(r"^egl draws [1-9]", output, re.MULTILINE):
        raise EglUnavailable(
            f"render=egl: PyBullet's EGL renderer does not work on this machine; {INSTALL_COMMAND}, "
            "or install the GPU driver, or use render=relit"
        )
    found = [re.search(rf"^{name}=(.*)$", output, re.MULTILINE) for name in ("GL_RENDERER", "GL_VERSION")]
    return ", OpenGL ".join(word[1].strip() for word in found if word)


def _probe_output() -> str:
    """Output of a child process that renders one image; empty if it takes longer than `TIMEOUT_S`."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode(errors="replace")
