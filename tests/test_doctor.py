"""The doctor: it finds nothing wrong here, and the right repair for simulated faults."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sim.render.raster.egl.probe import INSTALL_COMMAND
from sim2coco.doctor import Finding, diagnose, distributions, imports, machine, report
from sim2coco.doctor.outcome import Outcome, run_child

LIBGL = """Traceback (most recent call last):
  File "<string>", line 1, in <module>
ImportError: libGL.so.1: cannot open shared object file: No such file or directory
"""
RIGHT = {"opencv-python": "4.14.0.94", "albumentations": "2.0.8", "numpy": "2.4.6"}
NEEDED = ["numpy<3,>=2", "albumentations==2.0.8", "opencv-python<5,>=4.9", 'ray>2; extra == "ray"']


def test_this_installation_is_right() -> None:
    assert [finding for finding in diagnose() if not finding.ok] == []


def test_the_report_is_aligned_and_returns_0_or_1() -> None:
    findings = [
        Finding("disk", True, "[red]much[/red] free"),
        Finding("one OpenCV", False, "two", "pip x==1 && y"),
    ]
    console = Console(file=StringIO(), width=20)
    assert report(console, findings) == 1
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue().splitlines() == [
        "ok     disk        [red]much[/red] free",
        "WRONG  one OpenCV  two",
        "repair one OpenCV: pip x==1 && y",
    ]
    assert report(Console(file=StringIO()), findings[:1]) == 0


def test_all_faults_of_a_broken_installation_are_reported(tmp_path: Path) -> None:
    """OpenCV without libGL, a PyBullet that crashes, and a second albumentations, in one real run."""
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    (tmp_path / "pybullet.py").write_text("import os\nos.abort()")
    (tmp_path / "albumentationsx-2.1.0.dist-info").mkdir()
    (tmp_path / "albumentationsx-2.1.0.dist-info/METADATA").write_text(
        "Name: albumentationsx\nVersion: 2.1.0\n"
    )
    script = "from rich.console import Console; from sim2coco.doctor import report; exit(report(Console()))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert [line[7:25].strip() for line in wrong] == [
        "one albumentations",
        "import cv2",
        "import pybullet",
        "import sim2coco",
    ]
    assert "the system lacks libGL.so.1" in wrong[1]
    assert "was killed by SIGABRT" in wrong[2]
    assert "repair import cv2: apt-get install -y libgl1\n" in done.stdout


def test_it_loads_without_the_dependencies() -> None:
    """All heavy packages are made impossible to import."""
    heavy = (
        "cv2",
        "pybullet",
        "numpy",
        "albumentations",
        "PIL",
        "hydra",
        "omegaconf",
        "pydantic",
        "trimesh",
        "scipy",
    )
    block = f"import sys; sys.modules.update(dict.fromkeys({heavy})); import sim2coco.doctor"
    subprocess.run([sys.executable, "-c", block], check=True)


@pytest.mark.parametrize(("version", "ok"), [((3, 11), True), ((3, 12), False), ((3, 10), False)])
def test_python(version: tuple[int, int], ok: bool) -> None:
    assert distributions.python(version).ok == ok


def test_packages() -> None:
    found = {"sim2coco": "0.1.0", "numpy": "1.26.4", "opencv-python": "4.14.0.94"}
    rows = distributions.packages(NEEDED, found)
    assert [(row.name, row.ok, row.repair) for row in rows] == [
        ("sim2coco", True, None),
        ("numpy", False, "pip install 'numpy<3,>=2'"),
        ("albumentations", False, "pip install --no-deps 'albumentations==2.0.8'"),
        ("opencv-python", True, None),
    ]
    assert "1.26.4" in rows[1].detail
    assert "not installed" in rows[2].detail


def test_sim2coco_itself_not_installed() -> None:
    (row,) = distributions.packages(None, {})
    assert not row.ok
    assert row.repair


FORCE = "pip install --force-reinstall --no-deps "
OPENCV = {
    "right": (RIGHT, None),
    "double": (
        {**RIGHT, "opencv-python-headless": "5.0.0.93"},
        f"pip uninstall -y opencv-python-headless && {FORCE}opencv-python==4.14.0.94",
    ),
    "contrib too": (
        {**RIGHT, "opencv-contrib-python": "4.9.0.80"},
        f"pip uninstall -y opencv-contrib-python && {FORCE}opencv-python==4.14.0.94",
    ),
    "headless only": (
        {"opencv-python-headless": "4.14.0.94"},
        f"pip uninstall -y opencv-python-headless && {FORCE}'opencv-python>=4.9,<5'",
    ),
    "none": ({}, f"{FORCE}'opencv-python>=4.9,<5'"),
}


@pytest.mark.parametrize("name", OPENCV)
def test_one_opencv(name: str) -> None:
    found, repair = OPENCV[name]
    finding = distributions.opencv(found)
    assert (finding.ok, finding.repair) == (repair is None, repair)


def test_albumentationsx() -> None:
    assert distributions.albumentations(RIGHT).ok
    finding = distributions.albumentations({**RIGHT, "albumentationsx": "2.1.0"})
    assert not finding.ok
    assert finding.repair is not None
    assert finding.repair.startswith("pip uninstall -y albumentationsx && ")


OUTCOMES = {
    "right": (Outcome(0, 'doctor: "4.14.0"\n'), True, "loads, 4.14.0", None),
    "no libGL": (Outcome(1, LIBGL), False, "the system lacks libGL.so.1", "apt-get install -y libgl1"),
    "emptied": (
        Outcome(1, "AttributeError: module 'cv2' has no attribute '__version__'\n"),
        False,
        "AttributeError: module 'cv2' has no attribute '__version__'",
        f"{FORCE}opencv-python==4.14.0.94",
    ),
    "crashes": (
        Outcome(-11, "doctor: 1"),
        False,
        "was killed by SIGSEGV",
        f"{FORCE}opencv-python==4.14.0.94",
    ),
    "hangs": (Outcome(None, ""), False, "gave no answer within 60 s", f"{FORCE}opencv-python==4.14.0.94"),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_import_of_opencv(name: str) -> None:
    outcome, ok, detail, repair = OUTCOMES[name]
    assert imports.opencv(outcome, RIGHT) == Finding("import cv2", ok, detail, repair)


@pytest.mark.parametrize(
    ("outcome", "ok"),
    [
        (Outcome(0, "noise\ndoctor: [1, 1296]\nnoise"), [True, True]),
        (Outcome(0, "doctor: [0, 1296]"), [False, True]),
        (Outcome(0, "doctor: [1, 0]"), [True, False]),
        (Outcome(1, "ModuleNotFoundError: No module named 'pybullet'"), [False]),
        (Outcome(-4, ""), [False]),
    ],
    ids=["right", "without numpy", "renders nothing", "missing", "illegal instruction"],
)
def test_pybullet(outcome: Outcome, ok: list[bool]) -> None:
    findings = imports.pybullet(outcome)
    assert [finding.ok for finding in findings] == ok
    assert all(finding.ok == (finding.repair is None) for finding in findings)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome(0, 'doctor: "llvmpipe (LLVM 15)"\n'), "works, on llvmpipe (LLVM 15)"),
        (Outcome(1, "sim.render.eglclient.EglUnavailable: ..."), "does not work here"),
        (Outcome(-6, ""), "does not work here"),
        (Outcome(None, ""), "does not work here"),
    ],
    ids=["works", "fails", "crashes", "hangs"],
)
def test_egl_is_optional(outcome: Outcome, sentence: str) -> None:
    finding = imports.egl(outcome)
    assert finding.ok
    assert sentence in finding.detail
    console = Console(file=StringIO())
    assert report(console, [finding]) == 0
    assert isinstance(console.file, StringIO)
    has_repair = "repair EGL renderer: apt-get install -y libegl1 " in console.file.getvalue()
    assert has_repair == (outcome.answer is None)


def test_doctor_and_renderer_name_the_same_packages() -> None:
    assert imports.EGL_REPAIR == INSTALL_COMMAND


def test_other_distributions_with_our_package_names_are_found(tmp_path: Path) -> None:
    places: dict[str, Path | None] = {"conf": tmp_path / "conf", "sim": tmp_path / "sim"}
    for place in places.values():
        assert place is not None
        place.mkdir()
    assert distributions.names({}, places, tmp_path).ok  # an editable install lists no top-level names
    assert distributions.names({"sim": ["sim2coco", "sim2coco"]}, places, tmp_path).ok
    shared = distributions.names({"sim": ["sim2coco", "Other_Sim"]}, places, tmp_path)
    assert (shared.ok, shared.detail) == (False, "sim also belongs to other-sim")
    assert not distributions.names({}, {**places, "sim": tmp_path / "elsewhere/sim"}, tmp_path).ok
    assert not distributions.names({}, {**places, "sim": None}, tmp_path).ok


def test_configuration(tmp_path: Path) -> None:
    assert not distributions.configuration(None).ok
    assert not distributions.configuration(tmp_path).ok
    (tmp_path / "config.yaml").touch()
    assert distributions.configuration(tmp_path).ok


def test_disk_and_temporary_files(tmp_path: Path) -> None:
    assert machine.disk(lambda: tmp_path).ok
    assert not machine.disk(lambda: tmp_path / "gone").ok
    assert machine.temporary(lambda: str(tmp_path)).ok
    assert not machine.temporary(lambda: str(tmp_path / "gone")).ok


def test_a_child_that_crashes_has_an_outcome() -> None:
    assert run_child("import os; os.abort()").problem == "was killed by SIGABRT"
    assert run_child("raise ValueError('no')").problem == "ValueError: no"
    assert run_child("print('doctor: [1]')").answer == [1]


def test_the_gpu_is_only_reported() -> None:
    assert machine.gpu({}, []).detail == "none, no torch; both are optional"
    assert machine.gpu({"torch": "2.9"}, ["NVIDIA H200"]).detail.startswith("NVIDIA H200, torch 2.9")
