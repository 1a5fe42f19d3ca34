"""Runs checks in a child process, since they may crash or hang."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

TIMEOUT_S = 60.0
ANSWER = "doctor: "
"""Prefix of the line that holds a child's answer as JSON."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a child process: how it ended, and what it printed.

    Attributes:
        code: Exit status of the process; None if it timed out, negative if a signal ended it.
        text: Everything that it printed; "" if it timed out.
    """

    code: int | None
    text: str

    @property
    def answer(self) -> object:
        """The value that the script printed as JSON; None if it failed or printed no JSON."""
        lines = [line for line in self.text.splitlines() if line.startswith(ANSWER)]
        return json.loads(lines[-1].removeprefix(ANSWER)) if lines and self.code == 0 else None

    @property
    def problem(self) -> str:
        """One line that describes why there is no answer."""
        if self.code is None:
            return f"gave no answer within {TIMEOUT_S:.0f} s"
        if self.code < 0:
            return f"was killed by {signal.Signals(-self.code).name}"
        return next((line.strip() for line in reversed(self.text.splitlines()) if line.strip()), "no message")


def run_child(script: str) -> Outcome:
    """Runs a Python script in a child process for at most `TIMEOUT_S` seconds."""
    environment = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, "")
    return Outcome(done.returncode, done.stdout.decode(errors="replace"))
