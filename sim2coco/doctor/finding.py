"""The result of one check of the doctor."""

from dataclasses import dataclass

REINSTALL = "pip install --force-reinstall --no-deps"


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked property of the installation.

    Attributes:
        name: What was checked.
        ok: Whether it is right.
        detail: What was found.
        repair: A command or a sentence that says how to repair it; None if there is nothing to repair.
    """

    name: str
    ok: bool
    detail: str
    repair: str | None = None


def finding_of(name: str, ok: bool, detail: str, repair: str) -> Finding:
    """A finding that has the repair only if it is not ok."""
    return Finding(name, ok, detail, None if ok else repair)
