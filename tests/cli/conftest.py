"""Fixtures that run the command line in this process or as a program."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim2coco.cli import main as cli
from sim2coco.cli import progress
from sim2coco.engines import local
from sim2coco.preloaded import PRELOADED
from tests.commandline import Command, Outcome, run_apart
from tests.forkservers import one_fork_server


@pytest.fixture(scope="module", autouse=True)
def _one_fork_server() -> Iterator[None]:
    """One fork server for the commands that a module runs in this process: a worker needs 2 s to import."""
    with one_fork_server(local, [*PRELOADED, "albumentations"]):
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs `command("generate", ...)` in this process; a slow machine prints no more lines."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["sim2coco", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, out, err)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_S", float("inf"))
    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def program(here: Path) -> Command:
    """Runs `program("generate", ...)` as a separate process."""

    def run(*arguments: str, **changes: str) -> Outcome:
        return run_apart(here, *arguments, **changes)

    return run
