"""What may die or hang is tried in a child process of its own."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

PATIENCE_S = 60.0
ANSWER = "doctor: "


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
