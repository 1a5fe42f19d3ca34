"""Plausibility checks of mesh sizes, absolute and relative to other meshes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.categories import Assets, Category
from scenes.assets.filenames import readable

MIN_SIZE_M, MAX_SIZE_M = 0.001, 5.0
"""Range of longest sides, in metres, accepted without `size_m`.

Most files outside this range are in millimetres or inches."""
MAX_RATIO = 50.0
"""Largest ratio between the longest side of a mesh and the median of the other meshes, either way round.

Objects in one image differ less in size."""
FAR = 8.0
"""Ratio above which a size is reported, because a wrong unit may be the reason."""


@dataclass(frozen=True, slots=True)
class FarSize:
    """A warning that a category contains a mesh much larger or smaller than most other meshes.

    Attributes:
        category: Name of the category.
        stated: Whether the size of the category's meshes was set, by the user or by a library.
        sentence: Message that names the setting, the mesh and its size, and says what to do.
    """

    category: str
    stated: bool
    sentence: str


def long(longest_m: float) -> str:
    """Formats the longest side of a mesh as part of a message."""
    return f"its longest side is {longest_m:.3g} m"


def doubtful_sizes(settings: Assets, groups: Sequence[Sequence[Asset]]) -> Iterator[str]:
    """Yields an error message for each mesh that is far too large to be placed, or too small to be visible.

    The limit is `MAX_RATIO` times larger or smaller than the median size of all other meshes. Meshes of a
    library are skipped unless the user sets their size; the library was checked when it was imported.
    """
    ratios = _ratios(groups)
    for (name, category), group in zip(settings.categories.items(), groups, strict=True):
        key, repair = ("path", "set its size_m") if category.size_m is None else ("size_m", "correct it")
        of_library = category.size_m is None and category.path and category.path.library
        for asset in () if of_library else group:  # import has checked their sizes
            ratio, usual_m = ratios[asset.key]
            if max(ratio, 1 / ratio) > MAX_RATIO:
                others = f"the median of the others {usual_m:.3g} m: a factor of more than {MAX_RATIO:g}"
                told = f"{long(max(asset.extents_m))}, {others}; {repair}"
                yield f"assets.categories.{name}.{key}: {asset.name}: {told} (metres)"


def far_sizes(settings: Assets, groups: Sequence[Sequence[Asset]]) -> Iterator[FarSize]:
    """Yields a `FarSize` for each category that contains a mesh of an unusual size.

    A size is unusual if it is more than `FAR` times larger or smaller than the median size of all other
    meshes, in all categories.

    Args:
        settings: The categories.
        groups: The assets of each category.
    """
    ratios = _ratios(groups)
    for (name, category), group in zip(settings.categories.items(), groups, strict=True):
        far = {asset: ratio for asset in group if max(ratio := ratios[asset.key][0], 1 / ratio) > FAR}
        if far:
            yield _far_size(name, category, far, {asset: ratios[asset.key][1] for asset in far})


def _far_size(
    name: str, category: Category, far: Mapping[Asset, float], usual_m: Mapping[Asset, float]
) -> FarSize:
    """Creates the `FarSize` of a category; its message names the mesh whose size differs most.

    Args:
        name: Name of the category.
        category: Its settings.
        far: For each mesh of unusual size, the size divided by the median size of the other meshes.
        usual_m: For each of these meshes, the median size of the other meshes in metres.
    """
    worst = max(far, key=lambda asset: max(far[asset], 1 / far[asset]))
    called = category.path.bare if category.path and worst.name == name else worst.name
    ratio, size_m = far[worst], max(worst.extents_m)
    many = f"{ratio:.3g} times" if ratio > 1 else f"1/{1 / ratio:.3g} of"
    more = f", and {len(far) - 1} more like it" if len(far) > 1 else ""
    stated = category.size_m is not None or bool(category.path and category.path.library)
    key, repair = ("path", "set its size_m") if category.size_m is None else ("size_m", "correct its size_m")
    told = f"{size_m:.3g} m{more}, {many} the median of the others ({usual_m[worst]:.3g} m)"
    setting = f"assets.categories.{name}.{key}"
    return FarSize(name, stated, f"{setting}: {readable(called)}: {told}; if that is wrong, {repair}")


def _ratios(groups: Sequence[Sequence[Asset]]) -> dict[str, tuple[float, float]]:
    """Compares the size of each asset with the median size of all other assets.

    Returns:
        A dict from asset key to (size divided by the median, median in metres). If there is only one asset,
        it is compared with itself.
    """
    sizes = {asset.key: max(asset.extents_m) for group in groups for asset in group}
    ascending = np.array(sorted(sizes.values()))
    found = {}
    for key, size_m in sizes.items():
        others = np.delete(ascending, np.searchsorted(ascending, size_m))
        usual_m = float(np.median(others)) if len(others) else size_m
        found[key] = size_m / usual_m, usual_m
    return found
