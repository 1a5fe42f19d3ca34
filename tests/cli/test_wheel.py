"""The wheel: its content, and that it works when it is installed in a separate environment."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"conf", "scenes", "sim", "augment", "sim2coco"}
OWNERS = """
from collections import Counter
from importlib.metadata import distributions
ours = {"conf", "scenes", "sim", "augment", "sim2coco"}
files = [{file.parts[0] for file in found.files or () if len(file.parts) > 1} for found in distributions()]
print(*sorted(Counter(name for tops in files for name in tops & ours).elements()))
"""
TINY = ("num_images=1", "assets=shapes", "image.width=64", "image.height=64")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = target.glob("*.whl")
    return built


def test_it_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in names if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in ours} == PACKAGES
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    expected = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert ours == expected
    assert sum(name.endswith(".yaml") for name in ours) > 20
    assert any(name.endswith("/licenses/LICENSE") for name in names)


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a new environment that uses the locked dependencies but not this source tree."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install"]
    subprocess.run([*pip, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    # A plain path, not a site folder: the .pth of the editable install in it is not followed.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin" / "sim2coco"


def test_it_works_from_another_folder(program: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    python = program.parent / "python"
    where = run(python, "-c", "import sim2coco, conf; print(sim2coco.__file__, conf.__file__)")
    assert all(str(program.parents[1]) in path for path in where.split())
    assert run(python, "-c", OWNERS).split() == sorted(PACKAGES)
    assert run(program, "generate", "out=data", *TINY).startswith("data: 1 image")
    assert run(program, "check", "data").endswith("no faults\n")
    assert "scene=floating" in run(program, "generate", "--help")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
