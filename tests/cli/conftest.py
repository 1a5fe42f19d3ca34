"""Fixtures that run the command line in this process or as a program."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim2coco.cli import main as cli
from tests.commandline import PROGRAM, Command, Outcome


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
    """Runs `command("generate", ...)` in this process."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["sim2coco", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, out, err)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def program(here: Path) -> Command:
    """Runs `program("generate", ...)` as a separate process."""

    def run(*arguments: str, **changes: str) -> Outcome:
        done = subprocess.run(
            [PROGRAM, *arguments], capture_output=True, text=True, timeout=120, env={**os.environ, **changes}
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
