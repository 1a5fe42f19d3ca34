"""Resolves the unit and up axis of a mesh file, and checks whether its size is plausible."""

from typing import TypeVar

from scenes.assets.reading.source import Source
from sim2coco.library.lengths import length
from sim2coco.library.row import Override
from sim2coco.library.sizes import SAY_SIZE

Stated = TypeVar("Stated", float, str)

SMALLEST_M, LARGEST_M = 0.001, 5.0
"""Range of plausible lengths of a mesh's longest side in metres."""


def unit_of(override: Override, source: Source) -> tuple[float, str]:
    """Returns the file's unit in metres and its source: `table`, `file`, `--unit`, or "" (default)."""
    return _first_stated((override.unit_m, override.sure), source.unit_m, "--unit", 1.0)


def up_of(override: Override, source: Source) -> tuple[str, str]:
    """Returns the file's up axis and its source: `table`, `file`, `--up`, or "" (default)."""
    return _first_stated((override.up, override.sure_up), source.up, "--up", "z")


def _first_stated(
    override: tuple[Stated | None, bool], stated: Stated | None, flag: str, default: Stated
) -> tuple[Stated, str]:
    """Returns the effective value and its source. Precedence: table, file, command-line flag, default.

    Args:
        override: The user's value, and whether it comes from the table rather than a flag.
        stated: The value in the file.
        flag: Name of the command-line flag.
        default: The default value.
    """
    given, of_table = override
    if given is not None and of_table:
        return given, "table"
    if stated is not None:
        return stated, "file"
    return (default, "") if given is None else (given, flag)


def doubt(longest_m: float, override: Override, unit: str) -> str:
    """Returns why a size is implausible; "" if it is plausible or was confirmed by the user.

    A length is implausible below 1 mm, or above 5 m unless the unit comes from `--unit`.
    """
    if override.sure or override.longest_m is not None:
        return ""
    said = {"": "taken as metres", "file": "in the unit that its file states", "--unit": "in that unit"}[unit]
    small, large = longest_m < SMALLEST_M, longest_m > LARGEST_M and unit != "--unit"
    return f"is {length(longest_m)} long, {said}; {SAY_SIZE}" if small or large else ""
