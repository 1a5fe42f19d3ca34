"""The result of one check of `sim2coco doctor`."""

from dataclasses import dataclass

REINSTALL = "pip install --force-reinstall --no-deps"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check of the installation.

    Attributes:
        name: Name of what was checked.
        ok: Whether the check has passed.
        detail: What was found.
        repair: A command or a sentence that says how to repair it; None if there is nothing to repair.
    """

    name: str
    ok: bool
    detail: str
    repair: str | None = None


def finding_of(name: str, ok: bool, detail: str, repair: str) -> Finding:
    """Returns a finding; it contains the repair only if the check has not passed."""
    return Finding(name, ok, detail, None if ok else repair)
