"""The unit and the up axis that count for a mesh file, and whether its size is plausible in that unit."""

from typing import TypeVar

from scenes.assets.reading.source import Source
from sim2coco.library.lengths import length
from sim2coco.library.row import Override
from sim2coco.library.sizes import SAY_SIZE

Stated = TypeVar("Stated", float, str)

SMALLEST_M, LARGEST_M = 0.001, 5.0
"""Range of plausible lengths of a mesh's longest side in metres."""


def unit_of(override: Override, source: Source) -> tuple[float, str]:
    """The unit of the file in metres, and its source: `table`, `file`, `--unit`, or "" for the default."""
    return _first_stated((override.unit_m, override.sure), source.unit_m, "--unit", 1.0)


def up_of(override: Override, source: Source) -> tuple[str, str]:
    """The axis of the file that points up, and its source: `table`, `file`, `--up`, or "" for the default."""
    return _first_stated((override.up, override.sure_up), source.up, "--up", "z")


def _first_stated(
    override: tuple[Stated | None, bool], stated: Stated | None, flag: str, default: Stated
) -> tuple[Stated, str]:
    """The value that counts, and its source: the table counts before the file, the file before a flag.

    Args:
        override: What the user gave, and whether it is from a row of the table.
        stated: What the file states.
        flag: Flag by which the user gave the value if it is not from the table.
        default: The value if nobody gave one.
    """
    given, of_table = override
    if given is not None and of_table:
        return given, "table"
    if stated is not None:
        return stated, "file"
    return (default, "") if given is None else (given, flag)


def doubt(longest_m: float, override: Override, unit: str) -> str:
    """Returns why a size is implausible; "" if it is plausible or was confirmed by the user.

    A length below 1 mm is implausible; one above 5 m is too, unless the unit comes from `--unit`.
    """
    if override.sure or override.longest_m is not None:
        return ""
    said = {"": "taken as metres", "file": "in the unit that its file states", "--unit": "in that unit"}[unit]
    small, large = longest_m < SMALLEST_M, longest_m > LARGEST_M and unit != "--unit"
    return f"is {length(longest_m)} long, {said}; {SAY_SIZE}" if small or large else ""
