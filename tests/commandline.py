"""What tests of the command line share."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from sim2coco.cli import main as cli
from sim2coco.cli import progress

PROGRAM = Path(sys.executable).parent / "sim2coco"
TINY = (
    *("assets=shapes", "image.width=64", "image.height=64", "engine=inline"),
    *("export.report=false", "export.card=false"),
)
BOX = (*TINY[1:], "~assets.categories", "+assets.categories={box: {shape: box, size_m: 0.1}}")
"""Like `TINY`, with one category: half the time, for tests to which objects are not the subject."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


def run_here(folder: Path, *arguments: str) -> Outcome:
    """Runs a command in this process, in a folder."""
    out, err = StringIO(), StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch, chdir(folder), redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["sim2coco", *arguments])
        patch.setattr(progress, "PLAIN_INTERVAL_S", float("inf"))  # a slow machine prints no more lines
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    assert isinstance(ended.value.code, int)
    return Outcome(ended.value.code, out.getvalue(), err.getvalue())


def run_apart(folder: Path, *arguments: str, **changes: str) -> Outcome:
    """Runs a command as a program, in a folder and with changes to the environment."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **changes},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    return Outcome(done.returncode, without_progress(done.stdout), done.stderr)


def without_progress(text: str) -> str:
    """The output of a command without the lines that a slow machine prints every ten seconds."""
    return re.sub(r"^\d+/\d+ \w+(, .*)?\n", "", text, flags=re.MULTILINE)


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, logs aside."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "run.log"
    }
