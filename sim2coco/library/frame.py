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
    """Returns the unit of a mesh file in metres, and where it is stated.

    The second value is `table` (the table of overrides), `file` (the mesh file), `--unit`, or "" if the unit
    is stated nowhere and metres are assumed.
    """
    return _first_stated((override.unit_m, override.sure), source.unit_m, "--unit", 1.0)


def up_of(override: Override, source: Source) -> tuple[str, str]:
    """Returns the up axis of a mesh file, and where it is stated.

    The second value is `table` (the table of overrides), `file` (the mesh file), `--up`, or "" if the axis is
    stated nowhere and z is assumed.
    """
    return _first_stated((override.up, override.sure_up), source.up, "--up", "z")


def _first_stated(
    override: tuple[Stated | None, bool], stated: Stated | None, flag: str, default: Stated
) -> tuple[Stated, str]:
    """Returns the unit or the up axis of a mesh file, and where it is stated.

    A value in the user's table applies first, then one in the file, then the command-line flag, and finally
    the default.

    Args:
        override: The user's value or None, and whether it comes from the table and not from the flag.
        stated: The value in the file, or None.
        flag: Name of the flag.
        default: The default.

    Returns:
        The value; and `table`, `file`, the name of the flag or, for the default, "".
    """
    given, of_table = override
    if given is not None and of_table:
        return given, "table"
    if stated is not None:
        return stated, "file"
    return (default, "") if given is None else (given, flag)


def doubt(longest_m: float, override: Override, unit: str) -> str:
    """Returns why the size of a mesh is implausible; "" if it is plausible or the user has confirmed it.

    A length below 1 mm is implausible. So is a length above 5 m, unless the unit comes from `--unit`.

    Args:
        longest_m: Longest side of the mesh.
        override: The user's statements about the mesh.
        unit: Where the unit is stated; see `unit_of`.
    """
    if override.sure or override.longest_m is not None:
        return ""
    said = {"": "assuming metres", "file": "in the unit that its file states", "--unit": "in that unit"}[unit]
    small, large = longest_m < SMALLEST_M, longest_m > LARGEST_M and unit != "--unit"
    return f"is {length(longest_m)} long, {said}; {SAY_SIZE}" if small or large else ""
