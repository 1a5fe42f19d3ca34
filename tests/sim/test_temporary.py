"""Temporary folders of killed processes are removed by the next one; those of others stay."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sim import temporary

MAKE = """
import sys, time
from pathlib import Path
from sim.temporary import temporary_folder
folder = temporary_folder()
(Path(folder.name) / "file").write_text("x")
print(folder.name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_of_killed_processes_are_removed_and_others_stay(parent: Path) -> None:
    def started() -> "subprocess.Popen[str]":
        variables = {**os.environ, "TMPDIR": str(parent)}
        return subprocess.Popen(
            [sys.executable, "-c", MAKE], stdout=subprocess.PIPE, text=True, env=variables
        )

    with started() as dead, started() as alive:
        assert dead.stdout is not None
        assert alive.stdout is not None
        abandoned, used = Path(dead.stdout.readline().strip()), Path(alive.stdout.readline().strip())
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert (abandoned / "file").exists()
        gone = str(dead.pid)
        others = [
            parent / used.name.replace(str(alive.pid), gone).replace("sim2coco", "other"),
            parent / f"sim2coco-00000000-{gone}-abcdefgh",
            parent / "sim2coco-abcdefgh",
            parent / "sim2coco-hydra-abcdefgh",
        ]
        for other in others:
            other.mkdir()
        link = parent / abandoned.name[:-1]
        link.symlink_to(others[0])
        temporary._remove_abandoned.cache_clear()
        with temporary.temporary_folder() as folder:
            assert not abandoned.exists()
            left = {path.name for path in parent.iterdir()}
            assert left == {used.name, link.name, Path(folder).name, *(other.name for other in others)}
        alive.kill()
    assert not Path(folder).exists()


def test_folders_of_other_users_stay(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parent / f"sim2coco-{temporary.machine()}-{2**22 + 1}-abcdefgh"
    folder.mkdir()
    assert temporary._folders(parent) == [folder]
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert temporary._folders(parent) == []
