"""Finds meshes that need an answer from the user before they can be imported.

These are meshes whose size differs much from the sizes of the other meshes of their category, and meshes that
must stand upright but whose up axis is unknown.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sim2coco.library.lengths import length
from sim2coco.library.row import Row

LIKELY_M = (0.01, 2.0)
"""Range of likely lengths of an object in metres."""
FAR = 8.0
"""A size is implausible if it differs by more than this factor from the usual size in the category."""
SAY_SIZE = "set its unit or longest_m in assets.csv (--draft writes one), or use --unit mm|cm|m|in"
SAY_UP = "set its up axis in assets.csv (--draft writes one), or use --up z|y|x for all files"
STATED = ("file", "table")
"""Values of `Row.unit` for which the unit counts as stated."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual size of a set of meshes in metres: the lower and upper median, which may be equal."""

    low_m: float
    high_m: float

    def far_from(self, longest_m: float) -> bool:
        """Returns whether a size is far below the lower median or far above the upper median."""
        return not self.low_m / FAR <= longest_m <= self.high_m * FAR

    def nearest(self, longest_m: float) -> float:
        """Returns the nearer of the two medians. `longest_m` must not lie between them."""
        return self.low_m if longest_m < self.low_m else self.high_m


@dataclass(frozen=True, slots=True)
class Sizes:
    """The longest side of each mesh of a category, in metres and in ascending order.

    Attributes:
        stated: The longest sides of only those meshes whose unit is stated.
        all: The longest sides of all meshes.
    """

    stated: Sequence[float]
    all: Sequence[float]

    @classmethod
    def by_category(cls, rows: Iterable[Row]) -> Mapping[str, Self]:
        """Returns a dict from each category that has usable meshes to the sizes of these meshes."""
        return {
            category: cls(
                sorted(row.longest_m for row in alike if row.unit in STATED),
                sorted(row.longest_m for row in alike),
            )
            for category, alike in _alike(rows).items()
        }

    def doubt(self, row: Row) -> Usual | None:
        """Compares the size of a mesh with the other meshes of its category.

        The size is plausible if it lies within `LIKELY_M` and is not far from the usual size of all other
        meshes. Otherwise, it is compared with the other meshes whose unit is stated or, if there are none,
        with all other meshes.

        Returns:
            The usual size of the meshes with which the mesh was compared, if its size is far from it.
            Otherwise None.
        """
        whole = _usual_without(self.all, row.longest_m)
        stated = _usual_without(self.stated, row.longest_m) if row.unit in STATED else _usual(self.stated)
        low_m, high_m = LIKELY_M
        if whole and not whole.far_from(row.longest_m) and low_m <= row.longest_m <= high_m:
            return None  # the stated units of the other meshes are more likely to be wrong
        first = stated or whole
        return first if first and first.far_from(row.longest_m) else None


def _usual(values: Sequence[float]) -> Usual | None:
    """Returns the lower and upper median of ascending values; None if there are no values."""
    return Usual(values[(len(values) - 1) // 2], values[len(values) // 2]) if values else None


def _usual_without(values: Sequence[float], one: float) -> Usual | None:
    """Returns the lower and upper median of ascending values after one occurrence of `one` is removed.

    Returns None if no values are left.
    """
    place, rest = bisect_left(values, one), len(values) - 1
    if rest < 1:
        return None
    low, high = (rank + (rank >= place) for rank in ((rest - 1) // 2, rest // 2))
    return Usual(values[low], values[high])


def doubted(rows: Sequence[Row]) -> list[Row]:
    """Returns all rows; where the user must answer a question, `asks` is set to the question.

    The question is about a size far from the usual size in the category, or about the unknown up axis of a
    mesh that must stand upright.
    """
    rows = [_leaning(row) for row in rows]
    sizes = Sizes.by_category(rows)
    alike = _alike(rows)

    def looked_at(row: Row) -> Row:
        if not _is_open(row):
            return row
        usual = sizes[row.override.category].doubt(row)
        others = [one for one in alike[row.override.category][:3] if one is not row]
        return _asking(row, usual, others[0] if len(others) == 1 and _is_open(others[0]) else None)

    return [looked_at(row) for row in rows]


def _alike(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Returns a dict from each category to its usable rows."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.usable:
            found[row.override.category].append(row)
    return found


def doubted_beside(rows: Sequence[Row], new: set[str], others: Sequence[Row]) -> list[Row]:
    """Compares new meshes with those in the library's other folders.

    Returns all rows. For each new mesh whose size is far from the median size of its category in `others`,
    `asks` is set to a question.

    Args:
        rows: The rows of the imported folder.
        new: The values of `Row.file` for the meshes that are not yet in the library.
        others: The rows of the meshes from the library's other folders.
    """
    sizes = Sizes.by_category(others)

    def looked_at(row: Row) -> Row:
        beside = sizes.get(row.override.category)
        usual = _usual(beside.all) if beside else None
        if row.file not in new or not _is_open(row) or usual is None or not usual.far_from(row.longest_m):
            return row
        return _asking(row, usual, None)

    return [looked_at(row) for row in rows]


def _leaning(row: Row) -> Row:
    if not row.usable or not row.override.upright or row.up_from:
        return row
    return replace(row, asks=f"must stand upright, but no up axis is stated; {SAY_UP}")


def _is_open(row: Row) -> bool:
    """Whether the mesh is usable and the user has stated neither its unit in the table nor its size."""
    return row.usable and not row.override.sure and row.override.longest_m is None


def _asking(row: Row, usual: Usual | None, other: Row | None) -> Row:
    """Returns the row with `asks` set to a question about the size of its mesh.

    Args:
        row: The row.
        usual: The usual size that the mesh is far from; None if there is nothing to ask, and the row
            is returned unchanged.
        other: The other mesh, if the category has exactly two and the size of either may be wrong. Otherwise
            None.
    """
    if usual is None:
        return row
    size, category = length(row.longest_m), repr(row.override.category)
    if other is not None:
        beside = f"the only other of {category}, {other.file}, is {length(other.longest_m)}"
        return replace(row, asks=f"is {size} long, but {beside}: one of the two is wrong; {SAY_SIZE}")
    others = f"others of {category} are about {length(usual.nearest(row.longest_m))}"
    return replace(row, asks=f"is {size} long, but {others}; {SAY_SIZE}")
