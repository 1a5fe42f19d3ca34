"""Finds meshes whose size is implausible compared with others of their category.

The user is asked to confirm or correct these sizes before the meshes are imported.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sim2coco.library.row import Row

FAR = 8.0
"""Sizes that exceed or fall below the usual one in the category by more than this factor are implausible."""
STATED = ("file", "table")
"""Sources of a unit that count as stated."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Longest sides of the meshes of a category in metres, ascending.

    Attributes:
        stated: Sides of the meshes whose unit is stated.
        all: Sides of all meshes.
    """

    stated: Sequence[float]
    all: Sequence[float]

    @classmethod
    def by_category(cls, rows: Iterable[Row]) -> Mapping[str, Self]:
        """The sizes of the usable meshes of each category; categories without any are left out."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.usable:
                found[row.override.category].append(row)
        return {
            category: cls(
                sorted(row.longest_m for row in alike if row.unit in STATED),
                sorted(row.longest_m for row in alike),
            )
            for category, alike in found.items()
        }

    def beside(self, row: Row) -> float | None:
        """The usual size with which a mesh of the category is compared; None if it is the only one.

        This is the median of the other meshes whose unit is stated. If there are none, it is the (lower)
        median of all meshes, or the size of the other mesh if there are only two.
        """
        if len(self.all) < 2:
            return None
        if row.unit in STATED and len(self.stated) > 1:
            return _median_without(self.stated, row.longest_m)
        if row.unit not in STATED and self.stated:
            return _median(self.stated)
        if len(self.all) == 2:
            return self.all[1] if row.longest_m == self.all[0] else self.all[0]
        return self.all[(len(self.all) - 1) // 2]


def _median(values: Sequence[float]) -> float:
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def _median_without(values: Sequence[float], one: float) -> float:
    """The median of ascending values without one of them."""
    place, rest = bisect_left(values, one), len(values) - 1
    low, high = (rank + (rank >= place) for rank in ((rest - 1) // 2, rest // 2))
    return (values[low] + values[high]) / 2


def doubted(rows: Sequence[Row]) -> list[Row]:
    """The rows, with `asks` set in each whose size is far from the usual one in its category."""
    sizes = Sizes.by_category(rows)
    return [_doubted(row, sizes[row.override.category].beside(row)) if row.usable else row for row in rows]


def doubted_beside(rows: Sequence[Row], new: set[str], others: Sequence[Row]) -> list[Row]:
    """The rows, in which `asks` is set for each new file whose size is far from the usual one in the library.

    Args:
        rows: The rows of the imported folder.
        new: Files that are not yet in the library.
        others: The assets of other folders of the library.
    """
    usual = {category: _median(sizes.all) for category, sizes in Sizes.by_category(others).items()}
    return [_doubted(row, usual.get(row.override.category)) if row.file in new else row for row in rows]


def _doubted(row: Row, usual: float | None) -> Row:
    if not row.usable or row.override.sure or row.override.longest_m is not None or usual is None:
        return row
    if usual / FAR <= row.longest_m <= usual * FAR:
        return row
    reason = (
        f"is {_metres(row.longest_m)} long, and others of {row.override.category!r} about {_metres(usual)}"
    )
    return replace(row, asks=reason)


def _metres(length: float) -> str:
    return f"{length * 1000:.3g} mm" if length < 0.1 else f"{length:.3g} m"
