"""Which sizes of meshes are plausible, by themselves and beside the others."""

from collections.abc import Iterator

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.categories import Assets

MIN_SIZE_M, MAX_SIZE_M = 0.001, 5.0
"""Range of longest sides, in metres, accepted without `size_m`.

Most files outside it are in millimetres or inches.
"""
MAX_RATIO = 50.0
"""Largest factor by which the longest side of a mesh may be above or below the median.

Objects in one image differ less in size.
"""


def long(longest_m: float) -> str:
    """The size of a mesh as part of a sentence."""
    return f"its longest side is {longest_m:.3g} m"


def doubtful_sizes(settings: Assets, groups: list[tuple[Asset, ...]]) -> Iterator[str]:
    """Yields a fault for each mesh that is more than `MAX_RATIO` times larger or smaller than the median.

    The median is that of the assets of all categories. A body that is far too large cannot be placed, and one
    that is far too small is never visible.
    """
    usual_m = float(np.median([max(asset.extents_m) for group in groups for asset in group]))
    for (name, category), group in zip(settings.categories.items(), groups, strict=True):
        key, repair = ("path", "give its size_m") if category.size_m is None else ("size_m", "correct it")
        of_library = category.size_m is None and category.path and category.path.library
        for asset in () if of_library else group:  # import has checked their sizes
            ratio = max(asset.extents_m) / usual_m
            if max(ratio, 1 / ratio) > MAX_RATIO:
                told = f"{long(max(asset.extents_m))}, others' {usual_m:.3g} m: more than {MAX_RATIO:g} times"
                yield f"assets.categories.{name}.{key}: {asset.name}: {told}; {repair} (metres)"
