"""What the doctor finds."""

from dataclasses import dataclass

REINSTALL = "pip install --force-reinstall --no-deps"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `repair` is a command or a sentence where it is not right, or lacking."""

    name: str
    ok: bool
    detail: str
    repair: str | None = None


def judged(name: str, ok: bool, detail: str, repair: str) -> Finding:
    """A finding, with its repair only if it needs one."""
    return Finding(name, ok, detail, None if ok else repair)
