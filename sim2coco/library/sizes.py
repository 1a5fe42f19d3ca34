"""Finds meshes about which the user is asked before they are imported.

These are meshes whose size is implausible compared with others of their category, and meshes that are to
stand upright although nobody states which of their axes points up.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sim2coco.library.lengths import length
from sim2coco.library.row import Row

FAR = 8.0
"""Sizes are implausible if they differ by more than this factor from the usual size in the category."""
SAY_SIZE = "say its unit or longest_m in assets.csv (--draft writes one), or --unit mm|cm|m|in"
SAY_UP = "say its up in assets.csv (--draft writes one), or --up z|y|x for all files"
STATED = ("file", "table")
"""Values of `Row.unit` for which the unit counts as stated."""


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
        """Returns the sizes of usable meshes by category; categories without usable meshes are left out."""
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
        """Returns the size in metres with which a mesh is compared; None if its category has no other mesh.

        This is the median size of the other meshes whose unit is stated. If there are none, it is the size
        of the other mesh in a category of two, and the lower median of all meshes in a larger category.
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
    """Returns the median of ascending values, without one value that equals `one`."""
    place, rest = bisect_left(values, one), len(values) - 1
    low, high = (rank + (rank >= place) for rank in ((rest - 1) // 2, rest // 2))
    return (values[low] + values[high]) / 2


def doubted(rows: Sequence[Row]) -> list[Row]:
    """Returns the rows; `asks` is set in each row about which the user must be asked.

    Its size is far from the usual size in its category, or it stands upright without a known up axis.
    """
    rows = [_leaning(row) for row in rows]
    sizes = Sizes.by_category(rows)
    return [_doubted(row, sizes[row.override.category].beside(row)) if row.usable else row for row in rows]


def doubted_beside(rows: Sequence[Row], new: set[str], others: Sequence[Row]) -> list[Row]:
    """Returns the rows; `asks` is set in new ones whose size is far from the usual size in other folders.

    The usual size is the median size of the assets of the same category.

    Args:
        rows: The rows of the imported folder.
        new: Files that are not yet in the library.
        others: The assets of other folders of the library.
    """
    usual = {category: _median(sizes.all) for category, sizes in Sizes.by_category(others).items()}
    return [_doubted(row, usual.get(row.override.category)) if row.file in new else row for row in rows]


def _leaning(row: Row) -> Row:
    if not row.usable or not row.override.upright or row.up_from:
        return row
    return replace(row, asks=f"stands upright, and nobody says which axis points up; {SAY_UP}")


def _doubted(row: Row, usual: float | None) -> Row:
    if not row.usable or row.override.sure or row.override.longest_m is not None or usual is None:
        return row
    if usual / FAR <= row.longest_m <= usual * FAR:
        return row
    others = f"others of {row.override.category!r} about {length(usual)}"
    return replace(row, asks=f"is {length(row.longest_m)} long, and {others}; {SAY_SIZE}")
