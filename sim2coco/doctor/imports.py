"""Checks that imported packages load and work.

Each check is a script that runs in a child process, and a function that evaluates the outcome of the script.
"""

from collections.abc import Mapping

from sim2coco.doctor.distributions import reinstall_opencv
from sim2coco.doctor.finding import REINSTALL, Finding, finding_of
from sim2coco.doctor.outcome import Outcome

LIBRARIES = {
    "libGL.so.1": "apt-get install -y libgl1",
    "libgthread-2.0.so.0": "apt-get install -y libglib2.0-0",
    "libglib-2.0.so.0": "apt-get install -y libglib2.0-0",
}

PROBE_OPENCV = "import cv2, json; print('doctor: ' + json.dumps(cv2.__version__))"
PROBE_PROGRAM = "import sim2coco.cli.config, sim2coco.run; print('doctor: true')"
PROBE_PYBULLET = """
import json
from sim.bullet import Client, pb
client = Client()
client.fresh()
box = pb.createVisualShape(pb.GEOM_BOX, halfExtents=[0.5, 0.5, 0.5], physicsClientId=client.id)
body = pb.createMultiBody(baseVisualShapeIndex=box, physicsClientId=client.id)
view = pb.computeViewMatrix([0, -3, 0], [0, 0, 0], [0, 0, 1])
projection = pb.computeProjectionMatrixFOV(60, 1, 0.1, 10)
image = pb.getCameraImage(64, 64, view, projection, renderer=pb.ER_TINY_RENDERER, physicsClientId=client.id)
visible_px = sum(int(i) == body for row in image[4] for i in (row if hasattr(row, "__iter__") else [row]))
print('doctor: ' + json.dumps([pb.isNumpyEnabled(), visible_px]), flush=True)
"""
PROBE_EGL = """
import json
from sim.render.raster.egl.probe import egl_device
print('doctor: ' + json.dumps(egl_device()), flush=True)
"""
EGL_REPAIR = "apt-get install -y libegl1 libgl1 libgles2 libegl-mesa0 libgl1-mesa-dri"


def opencv(outcome: Outcome, found: Mapping[str, str]) -> Finding:
    """Checks that OpenCV loads.

    It may not load on a minimal server, because the wheel with GUI support needs additional system libraries.

    Args:
        outcome: The outcome of the script that imports OpenCV.
        found: The version of each installed package, by package name.
    """
    if outcome.answer is not None:
        return Finding("import cv2", True, f"loads, {outcome.answer}")
    for library, repair in LIBRARIES.items():
        if library in outcome.text:
            return Finding("import cv2", False, f"the system lacks {library}", repair)
    return Finding("import cv2", False, outcome.problem, reinstall_opencv(found))


def pybullet(outcome: Outcome) -> list[Finding]:
    """Checks that PyBullet loads, returns NumPy arrays, and renders with TinyRenderer."""
    answer = outcome.answer
    if not isinstance(answer, list):
        return [Finding("import pybullet", False, outcome.problem, f"{REINSTALL} pybullet")]
    numpy_enabled, visible_px = answer
    arrays = "loads, with numpy" if numpy_enabled else "was compiled without numpy: each image takes seconds"
    rebuild = f"{REINSTALL} --no-cache-dir pybullet"
    return [
        finding_of("import pybullet", bool(numpy_enabled), arrays, rebuild),
        finding_of("TinyRenderer", visible_px > 0, f"renders a test image, {visible_px} px", rebuild),
    ]


def egl(outcome: Outcome) -> Finding:
    """Reports whether PyBullet's EGL renderer works.

    `ok` is True even if the renderer does not work, because only the setting render=egl needs it.
    """
    if outcome.answer is not None:
        return Finding("EGL renderer", True, f"works, on {outcome.answer}")
    repair = f"{EGL_REPAIR}, or the GPU's driver; only render=egl needs it"
    return Finding("EGL renderer", True, "does not work here: render=egl is not available", repair)


def program(outcome: Outcome) -> Finding:
    """Checks that the program itself loads with everything it needs."""
    if outcome.answer is not None:
        return Finding("import sim2coco", True, "loads")
    repair = f"repair the findings above first; then {REINSTALL} sim2coco"
    return Finding("import sim2coco", False, outcome.problem, repair)
