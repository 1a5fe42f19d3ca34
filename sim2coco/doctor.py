"""Is this installation right? What is wrong with it, and the repair.

It works where the packages do not: nothing heavy is imported here, what may die or hang is tried in a child.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

PYTHON = (3, 11)
OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
HOUSE = ("conf", "scenes", "sim", "augment", "sim2coco")
MIN_FREE_GB = 1.0
PATIENCE_S = 60.0
OWN_ENVIRONMENT = "install sim2coco in an environment of its own (python3.11 -m venv, pipx, uv tool)"
ANSWER = "doctor: "

LIBRARIES = {
    "libGL.so.1": "apt-get install -y libgl1",
    "libgthread-2.0.so.0": "apt-get install -y libglib2.0-0",
    "libglib-2.0.so.0": "apt-get install -y libglib2.0-0",
}

SEE_OPENCV = "import cv2, json; print('doctor: ' + json.dumps(cv2.__version__))"
SEE_PROGRAM = "import sim2coco.config, sim2coco.run; print('doctor: true')"
SEE_PYBULLET = """
import json
from sim.bullet import Client, pb
client = Client()
client.fresh()
box = pb.createVisualShape(pb.GEOM_BOX, halfExtents=[0.5, 0.5, 0.5], physicsClientId=client.id)
body = pb.createMultiBody(baseVisualShapeIndex=box, physicsClientId=client.id)
view = pb.computeViewMatrix([0, -3, 0], [0, 0, 0], [0, 0, 1])
projection = pb.computeProjectionMatrixFOV(60, 1, 0.1, 10)
picture = pb.getCameraImage(64, 64, view, projection, renderer=pb.ER_TINY_RENDERER, physicsClientId=client.id)
seen = sum(int(i) == body for row in picture[4] for i in (row if hasattr(row, "__iter__") else [row]))
print('doctor: ' + json.dumps([pb.isNumpyEnabled(), seen]), flush=True)
"""
SEE_EGL = """
import json, os
from importlib.util import find_spec
from sim.bullet import pb
plugin = find_spec("eglRenderer")
client = pb.connect(pb.DIRECT)
loaded = plugin and pb.loadPlugin(plugin.origin, "_eglRendererPlugin", physicsClientId=client)
print('\\ndoctor: ' + json.dumps(loaded), flush=True)
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `repair` is a command or a sentence where it is not right."""

    name: str
    ok: bool
    detail: str
    repair: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended: its exit status (None = it hung, negative = a signal), and all that it printed."""

    code: int | None
    text: str

    @property
    def answer(self) -> object:
        """What it answered; None when it did not come to that."""
        lines = [line for line in self.text.splitlines() if line.startswith(ANSWER)]
        return json.loads(lines[-1].removeprefix(ANSWER)) if lines and self.code == 0 else None

    @property
    def trouble(self) -> str:
        """What went wrong, in one line."""
        if self.code is None:
            return f"gave no answer in {PATIENCE_S:.0f} s"
        if self.code < 0:
            return f"died of {signal.Signals(-self.code).name}"
        return next((line.strip() for line in reversed(self.text.splitlines()) if line.strip()), "no message")


def report(console: Console, findings: Sequence[Finding] | None = None) -> int:
    """Prints an aligned table of findings (by default of this installation), then the repairs.

    Returns:
        0 when all is right, 1 otherwise.
    """
    findings = diagnose() if findings is None else findings
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "ok" if finding.ok else "WRONG"
        line = f"{mark:5}  {finding.name:{width}}  {finding.detail}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        if finding.repair:
            line = f"repair {finding.name}: {finding.repair}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def diagnose() -> list[Finding]:
    """Everything about this installation that matters, in the order in which to repair it."""
    found = installed()
    home = Path(__file__).resolve().parent.parent
    return [
        python(sys.version_info[:2]),
        *packages(_needed(), found),
        opencv(found),
        albumentations(found),
        opencv_import(child(SEE_OPENCV), found),
        *pybullet(child(SEE_PYBULLET)),
        egl(child(SEE_EGL)),
        program(child(SEE_PROGRAM)),
        names(packages_distributions(), {name: _place(name) for name in HOUSE}, home),
        configuration(_place("conf")),
        disk(Path.cwd),
        temporary(tempfile.gettempdir),
        cores(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
        gpu(found, _gpus()),
    ]


def installed() -> dict[str, str]:
    """Versions of all installed distributions, by normalised name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:  # none where an uninstall was cut off
            found.setdefault(_normal(name), distribution.version or "of no version")
    return found


def child(script: str) -> Outcome:
    """Runs a script in a child of its own."""
    environment = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, "")
    return Outcome(done.returncode, done.stdout.decode(errors="replace"))


def python(version: Sequence[int]) -> Finding:
    """The Python that runs this; pybullet has wheels for one only."""
    wanted = ".".join(map(str, PYTHON))
    detail = f"{version[0]}.{version[1]} ({wanted} is needed: pybullet has wheels for it)"
    ok = tuple(version[:2]) == PYTHON
    return Finding("Python", ok, detail, None if ok else f"python{wanted} -m venv .venv, and install there")


def packages(needed: Iterable[str] | None, found: Mapping[str, str]) -> list[Finding]:
    """Each needed package, and whether its version is one that will do.

    Args:
        needed: Requirements as sim2coco's metadata has them; None where it is not installed.
        found: Installed versions by normalised name.
    """
    if needed is None:
        return [
            Finding("sim2coco", False, "not installed", "pip install sim2coco, or make setup in a checkout")
        ]
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [Finding("packaging", False, "not installed", "pip install packaging")]
    findings = [Finding("sim2coco", True, found.get("sim2coco", "from source"))]
    for requirement in map(Requirement, needed):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = found.get(_normal(requirement.name))
        ok = version is not None and requirement.specifier.contains(version, prereleases=True)
        detail = f"{version or 'not installed'} ({requirement.specifier or 'any'})"
        # albumentations asks for a second OpenCV, which would destroy the first.
        alone = "--no-deps " if _normal(requirement.name) in ("albumentations", "opencv-python") else ""
        repair = f"pip install {alone}'{requirement.name}{requirement.specifier}'"
        findings.append(Finding(requirement.name, ok, detail, None if ok else repair))
    return findings


def opencv(found: Mapping[str, str]) -> Finding:
    """Exactly one distribution may own the folder `cv2/`."""
    there = [name for name in OPENCVS if name in found]
    detail = " and ".join(f"{name} {found[name]}" for name in there) or "none installed"
    if there == ["opencv-python"]:
        return Finding("one OpenCV", True, detail)
    others = " ".join(name for name in there if name != "opencv-python")
    remove = f"pip uninstall -y {others} && " if others else ""
    what = "; each overwrites the other's cv2/" if len(there) > 1 else ""
    return Finding("one OpenCV", False, detail + what, remove + _reinstall_opencv(found))


def albumentations(found: Mapping[str, str]) -> Finding:
    """Nothing but albumentations may own its import name; the successor is AGPL."""
    if "albumentationsx" not in found:
        return Finding("one albumentations", True, "no albumentationsx beside it")
    detail = f"albumentationsx {found['albumentationsx']} (AGPL) has the same import name"
    repair = (
        "pip uninstall -y albumentationsx && pip install --force-reinstall --no-deps albumentations==2.0.8"
    )
    return Finding("one albumentations", False, detail, repair)


def opencv_import(outcome: Outcome, found: Mapping[str, str]) -> Finding:
    """Whether OpenCV loads; the wheel with windows needs libraries that bare servers lack."""
    if outcome.answer is not None:
        return Finding("import cv2", True, f"loads, {outcome.answer}")
    for library, repair in LIBRARIES.items():
        if library in outcome.text:
            return Finding("import cv2", False, f"the system lacks {library}", repair)
    return Finding("import cv2", False, outcome.trouble, _reinstall_opencv(found))


def pybullet(outcome: Outcome) -> list[Finding]:
    """Whether PyBullet loads, gives arrays, and draws with TinyRenderer."""
    answer = outcome.answer
    if not isinstance(answer, list):
        repair = "pip install --force-reinstall --no-deps pybullet"
        return [Finding("import pybullet", False, outcome.trouble, repair)]
    numpy_enabled, seen_px = answer
    rebuild = "pip install --force-reinstall --no-deps --no-cache-dir pybullet"
    arrays = "loads, with numpy" if numpy_enabled else "was compiled without numpy: pictures take seconds"
    return [
        Finding("import pybullet", bool(numpy_enabled), arrays, None if numpy_enabled else rebuild),
        Finding(
            "TinyRenderer", seen_px > 0, f"draws a test picture, {seen_px} px", None if seen_px else rebuild
        ),
    ]


def egl(outcome: Outcome) -> Finding:
    """Whether PyBullet's EGL renderer loads; nothing needs it."""
    if isinstance(outcome.answer, int) and outcome.answer >= 0:
        device = re.search(r"^GL_RENDERER=(.*)$", outcome.text, re.MULTILINE)
        return Finding("EGL renderer", True, f"loads, on {device[1] if device else 'an unnamed device'}")
    trouble = "its plugin does not load" if outcome.code == 0 else outcome.trouble
    return Finding("EGL renderer", True, f"not usable here ({trouble}); nothing needs it")


def program(outcome: Outcome) -> Finding:
    """Whether the program itself loads with all that it needs."""
    if outcome.answer is not None:
        return Finding("import sim2coco", True, "loads")
    repair = "repair what is above first; then pip install --force-reinstall --no-deps sim2coco"
    return Finding("import sim2coco", False, outcome.trouble, repair)


def names(owners: Mapping[str, Sequence[str]], places: Mapping[str, Path | None], home: Path) -> Finding:
    """Each of our plain top-level names (`conf`, `sim`, ...) belongs to us alone and is found beside us.

    Args:
        owners: Distributions by the top-level names that they install.
        places: The folder that each of our names is imported from.
        home: The folder that holds all of them.
    """
    for name, place in places.items():
        strangers = sorted({_normal(owner) for owner in owners.get(name) or ()} - {"sim2coco"})
        if strangers:
            repair = f"pip uninstall -y {' '.join(strangers)}, or {OWN_ENVIRONMENT}"
            return Finding("package names", False, f"{name} also belongs to {', '.join(strangers)}", repair)
        if place is None or place.resolve() != home / name:
            detail = f"{name} comes from {place or 'nowhere'}, not from {home}"
            return Finding("package names", False, detail, OWN_ENVIRONMENT)
    return Finding("package names", True, f"{', '.join(places)}: one owner each, in {home}")


def configuration(place: Path | None) -> Finding:
    """Whether the configuration files came along."""
    if place is not None and (place / "config.yaml").is_file():
        return Finding("configuration", True, f"{len(list(place.glob('*/*.yaml')))} choices in {place}")
    repair = "pip install --force-reinstall --no-deps sim2coco"
    return Finding("configuration", False, f"no conf/config.yaml ({place or 'no package conf'})", repair)


def disk(folder: Callable[[], Path]) -> Finding:
    """Room for pictures where we are."""
    try:
        place = folder()
        free_gb = shutil.disk_usage(place).free / 1e9
    except OSError as error:
        return Finding("disk", False, f"this folder cannot be read: {error.strerror}", "go to another folder")
    ok = free_gb >= MIN_FREE_GB
    repair = "make room, or name another disk with out="
    return Finding("disk", ok, f"{free_gb:.1f} GB free in {place}", None if ok else repair)


def temporary(folder: Callable[[], str]) -> Finding:
    """Whether temporary files can be written."""
    repair = "set TMPDIR to a folder that can be written"
    try:
        place = folder()
        with tempfile.NamedTemporaryFile(dir=place) as file:
            file.write(bytes(1 << 16))
            file.flush()
    except OSError as error:
        return Finding("temporary files", False, f"cannot be written: {error.strerror}", repair)
    return Finding("temporary files", True, f"can be written in {place}")


def cores(number: int) -> Finding:
    """How many workers may run at once."""
    return Finding("processor", True, f"{number} cores for this process: workers={number}")


def gpu(found: Mapping[str, str], gpus: Sequence[str]) -> Finding:
    """What there is for those who train here; nothing needs it."""
    torch = f"torch {found['torch']}" if "torch" in found else "no torch"
    return Finding("GPU", True, f"{', '.join(gpus) or 'none'}, {torch}; nothing here needs them")


def _needed() -> list[str] | None:
    try:
        return requires("sim2coco") or []
    except PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _reinstall_opencv(found: Mapping[str, str]) -> str:
    version = found.get("opencv-python", "")
    wanted = f"opencv-python=={version}" if version.startswith("4.") else "'opencv-python>=4.9,<5'"
    return f"pip install --force-reinstall --no-deps {wanted}"


def _place(name: str) -> Path | None:
    """The folder that a package would be imported from, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _gpus() -> list[str]:
    program_file = shutil.which("nvidia-smi")
    if program_file is None:
        return []
    try:
        listed = subprocess.run([program_file, "-L"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return re.findall(r"^GPU \d+: (.*?)(?: \(UUID.*)?$", listed.stdout.decode(errors="replace"), re.MULTILINE)
