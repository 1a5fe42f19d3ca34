"""Stopped runs and failed scenes: exit codes, messages, and resuming with the same command."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim2coco.engines.engine import Job, Preparing
from sim2coco.engines.local import Local
from sim2coco.records import Summary
from tests.commandline import PROGRAM, TINY, Command, run_here, tree
from tests.processes import descendants, wait_for_the_end_of

LOCAL = (*TINY, "engine=local", "workers=2", "views=8", "scene.num_objects=[8,12]")
IMAGES = "num_images=32"


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Starts the program in a new process group, as a shell does."""
    pipe = subprocess.PIPE
    run = subprocess.Popen([PROGRAM, *arguments], stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    with run:
        try:
            yield run
        finally:
            run.kill()


def wait_for(run: subprocess.Popen[str], pattern: str, folder: Path) -> None:
    """Waits until one more file matches the pattern."""
    deadline = time.monotonic() + 60
    before = len(list(folder.glob(pattern)))
    while len(list(folder.glob(pattern))) <= before:
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal: field SigCgt of proc(5)'s status."""
    (mask,) = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of a complete run in one process, for comparison."""
    folder = tmp_path_factory.mktemp("clean")
    assert run_here(folder, "generate", "out=data", IMAGES, *LOCAL, "engine=inline").code == 0
    return tree(folder / "data")


def test_a_stopped_run_goes_on(here: Path, command: Command, clean: dict[str, bytes]) -> None:
    arguments = ("generate", "out=data", IMAGES, *LOCAL)
    moments = [
        ("run.json", signal.SIGINT, 130),  # workers are being started
        ("records/*/*.json", signal.SIGTERM, 143),
    ]
    for pattern, number, code in moments:
        with started(*arguments) as run:
            wait_for(run, pattern, here / "data")
            below = descendants(run.pid)
            os.killpg(run.pid, number)  # terminals and batch systems signal the whole group
            _, err = run.communicate(timeout=30)
        assert run.returncode == code
        told = f"sim2coco: stopped by {number.name}; run the same command again to resume"
        said = re.fullmatch(
            rf"{told}(?:; (num_images=\d+) completes the data set with the images made so far)?\n", err
        )
        assert said, err
        if said[1]:
            shutil.copytree(here / "data", here / "early")
            assert command("generate", "out=early", said[1], *LOCAL, "engine=inline").code == 0
            checked = command("check", "early").out.splitlines()  # what is shared by splits comes first
            assert checked[-1].startswith(f"early: {said[1].partition('=')[2]} images")
            shutil.rmtree(here / "early")
        wait_for_the_end_of(below)
    outcome = command(*arguments, "engine=inline")
    assert (outcome.code, outcome.err) == (0, "")
    assert tree(here / "data") == clean


def test_a_run_is_stopped_before_it_has_begun(here: Path) -> None:
    with started("generate", "out=data", IMAGES, *LOCAL) as run:
        loaded = False
        while not catches(run.pid, signal.SIGTERM):  # Python catches SIGINT only
            assert not loaded, "libraries are loaded before signals are handled"
            loaded = "numpy" in Path(f"/proc/{run.pid}/maps").read_text()
            assert run.poll() is None
            time.sleep(0.005)
        os.killpg(run.pid, signal.SIGINT)  # while libraries are loaded
        _, err = run.communicate(timeout=30)
    assert (run.returncode, err) == (
        130,
        "sim2coco: stopped by SIGINT; run the same command again to resume\n",
    )


def test_a_second_signal_ends_it_at_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a scene hangs in this process, where the first signal waits; it leaves no temporary files."""
    temporary = here / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    plugin = str(Path(__file__).parents[1] / "poison.py")
    with started(
        "generate", "--plugin", plugin, "scene=poisoned", "scene.harm=[none,nap]", "out=data", IMAGES, *TINY
    ) as run:
        wait_for(run, "napping", here)
        assert list(temporary.glob("sim2coco-*"))
        run.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            run.communicate(timeout=0.5)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    assert (run.returncode, err) == (
        130,
        "sim2coco: stopped by SIGINT; run the same command again to resume\n",
    )
    assert not list(temporary.glob("sim2coco-*"))


def test_a_preview_is_stopped_and_leaves_nothing(here: Path) -> None:
    with started("preview", *LOCAL, "image.width=1024", "image.height=1024") as run:
        while len(below := descendants(run.pid)) < 3:  # Python's resource tracker, the server, a worker
            assert run.poll() is None
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)
        _, err = run.communicate(timeout=30)
    assert (run.returncode, err) == (130, "sim2coco: stopped by SIGINT\n")
    assert not list(here.iterdir())
    wait_for_the_end_of(below)


def test_failed_scenes_are_told_and_tried_again_when_asked(
    here: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    floors = here / "floors"
    floors.mkdir()
    for name, grey in (("light.png", 200), ("dark.png", 90)):
        cv2.imencode(".png", np.full((16, 16, 3), grey, np.uint8))[1].tofile(floors / name)
    content = (floors / "dark.png").read_bytes()
    looks = ("scene.floor.images=floors", "scene.floor.textured=1", "quality=none", "augment=none")
    arguments = ("num_images=8", *TINY, *looks, "views=2")
    assert command("generate", "out=clean", *arguments).code == 0

    run = Local.run

    def spoilt(engine: Local, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | Preparing | None]:
        (floors / "dark.png").write_bytes(b"lost for a while")  # all was well, and no worker has begun
        yield from run(engine, job, scenes)

    with monkeypatch.context() as patch:
        patch.setattr(Local, "run", spoilt)
        failed = command("generate", "out=data", *arguments, "engine=local", "engine.retries=0")
    code, out, err = failed.code, failed.out, failed.err
    (floors / "dark.png").write_bytes(content)
    assert code == 3, err
    assert "data: 8 images of " in out
    assert "failed " in out
    for line in err.splitlines():
        assert re.fullmatch(r"scene \d+ failed: .*dark.png.*; retry_failed=true retries it", line), err

    again = command("generate", "out=data", *arguments)
    assert (again.code, again.err) == (3, err)
    repaired = command("generate", "out=data", *arguments, "retry_failed=true")
    assert (repaired.code, repaired.err) == (0, "")
    assert tree(here / "data") == tree(here / "clean")
