"""Sizes that are hard to believe beside those of others: about these people are asked."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from sim2coco.library.row import Row

FAR = 8.0
"""A mesh that many times larger or smaller than the others of its category is asked about."""
STATED = ("file", "table")


@dataclass(frozen=True, slots=True)
class Sizes:
    """The longest sides in a category in metres, ascending: of those whose unit is stated, and of all."""

    stated: Sequence[float]
    all: Sequence[float]

    @classmethod
    def by_category(cls, rows: Iterable[Row]) -> Mapping[str, Self]:
        """Those of each category that has a mesh that can be used."""
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
        """The usual one beside a mesh among them: of those who state their unit, if there are others.

        Of two meshes of which neither does, it is the other one's; None for a mesh that is alone.
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
    """The median of ascending values when one of them is taken away."""
    place, rest = bisect_left(values, one), len(values) - 1
    low, high = (rank + (rank >= place) for rank in ((rest - 1) // 2, rest // 2))
    return (values[low] + values[high]) / 2


def doubted(rows: Sequence[Row]) -> list[Row]:
    """The rows, those asking where a size is far from that of the others in the category."""
    sizes = Sizes.by_category(rows)
    return [_doubted(row, sizes[row.override.category].beside(row)) if row.usable else row for row in rows]


def doubted_beside(rows: Sequence[Row], new: set[str], others: Sequence[Row]) -> list[Row]:
    """The rows, those asking that are new and far from the usual size of others in their category."""
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
