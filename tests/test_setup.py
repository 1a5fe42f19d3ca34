"""`make setup` on machines with different Python versions.

Interpreters, uv and pip are replaced by scripts that only log their arguments; nothing is downloaded.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("sh", "cat", "echo", "rm", "mkdir", "ln", "uname")
LOG = "calls.txt"

# A Python that reports a given version: it runs `-c` code, creates environments, and logs calls of pip.
INTERPRETER = """#!/bin/sh
case "$1 $2" in
"-m venv") echo "venv by {version}" >> {log}; mkdir -p "$3/bin"; ln -s "$0" "$3/bin/python" ;;
"-m pip") shift 3; echo "pip $*" >> {log} ;;
*) exec {real} -c "import sys; sys.version_info = ({version}); exec(sys.argv[1])" "$2" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >> {log}
for last; do :; done
mkdir -p "$last/bin"; ln -s {python} "$last/bin/python"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A checkout and the programs installed on a machine."""

    root: Path

    @property
    def checkout(self) -> Path:
        return self.root / "checkout"

    def install(self, name: str, content: str, folder: str = "bin") -> Path:
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
        return path

    def install_python(self, name: str, version: str, folder: str = "bin") -> Path:
        text = INTERPRETER.format(version=version.replace(".", ","), log=self.root / LOG, real=sys.executable)
        return self.install(name, text, folder)

    def install_uv(self, folder: str = "bin") -> None:
        """Installs a uv that provides Python 3.11 from a folder that is not on PATH."""
        python = self.install_python("python3.11", "3.11", "elsewhere")
        self.install("uv", UV.format(log=self.root / LOG, python=python), folder)

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make is not None
        environment = {"PATH": str(self.root / "bin"), "HOME": str(self.root / "home")}
        command = [make, "setup", *arguments]
        return subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False
        )

    def calls(self) -> list[str]:
        """The logged calls since the last time."""
        log = self.root / LOG
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


PIP = [
    "pip --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock",
    "pip --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .",
]
BY_UV = "uv venv --quiet --python 3.11 --seed .venv"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any Python."""
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    (tmp_path / "checkout").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / "checkout")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return Machine(tmp_path)


def assert_made(machine: Machine, *how: str) -> None:
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert machine.calls() == [*how, *PIP]
    assert (machine.checkout / ".venv" / ".installed").read_text().strip() == str(machine.checkout)


@pytest.mark.parametrize("name", ["python3.11", "python3"])
def test_a_suitable_python_is_found(machine: Machine, name: str) -> None:
    machine.install_python("python3", "3.13")
    machine.install_python(name, "3.11")
    machine.install_uv()
    assert_made(machine, "venv by 3,11")


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
@pytest.mark.parametrize("folder", ["bin", "home/.local/bin"])
def test_uv_provides_python_if_only_other_versions_are_installed(
    machine: Machine, version: str, folder: str
) -> None:
    machine.install_python("python3", version)
    machine.install_uv(folder)
    assert_made(machine, BY_UV)
    assert machine.setup().returncode == 0
    assert machine.calls() == []


@pytest.mark.parametrize("python", ["3.12", "3.13", None])
def test_without_uv_the_message_says_how_to_get_python(machine: Machine, python: str | None) -> None:
    if python is not None:
        machine.install_python("python3", python)
    done = machine.setup()
    assert done.returncode != 0
    assert done.stderr.startswith("sim2coco needs Python 3.11 ")
    for system in ("Debian, Ubuntu   sudo apt", "Fedora           sudo dnf", "macOS, conda     conda create"):
        assert f"\n  {system} " in done.stderr
    assert machine.calls() == []
    assert not (machine.checkout / ".venv").exists()


def test_another_system_is_refused_in_one_line(machine: Machine) -> None:
    machine.install_python("python3.11", "3.11")
    (machine.root / "bin" / "uname").unlink()
    machine.install("uname", "#!/bin/sh\necho Darwin arm64\n")
    done = machine.setup()
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].endswith("for Linux on x86-64 only; this is Darwin arm64")
    assert machine.calls() == []


def test_a_given_python_is_used_or_refused(machine: Machine) -> None:
    machine.install_uv()
    later = machine.install_python("python3", "3.12")
    assert machine.setup(f"PYTHON={later}").stderr.startswith("sim2coco needs Python 3.11 ")
    assert machine.calls() == []
    named = machine.install_python("python", "3.11", "my python")
    assert machine.setup(f"PYTHON={named}").returncode == 0
    assert machine.calls() == ["venv by 3,11", *PIP]


def test_unfinished_environments_are_finished_and_broken_or_moved_ones_recreated(machine: Machine) -> None:
    machine.install_uv()
    assert_made(machine, BY_UV)
    (machine.checkout / ".venv" / ".installed").unlink()
    assert_made(machine)
    (machine.checkout / ".venv" / "bin" / "python").unlink()
    assert_made(machine, BY_UV)
    (machine.checkout / ".venv" / ".installed").write_text("/another/folder\n")
    assert_made(machine, BY_UV)
    os.utime(machine.checkout / ".venv" / ".installed", (1, 1))  # older than the lock
    assert_made(machine)
