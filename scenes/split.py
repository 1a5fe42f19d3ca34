"""Splits such as train and val: their relative sizes, and the assignment of scenes to them."""

from collections.abc import Mapping
from itertools import accumulate
from math import floor
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from scenes.settings import Settings, did_you_mean

SHARES = {"train": 0.8, "val": 0.2}
KEPT_APART = ("scene", "asset", "background")

Shares = Mapping[str, float]


def _in_order(value: object) -> object:
    """Converts a name or a list of names to a tuple that is sorted as in `KEPT_APART`.

    If there are other names, `scene` is left out, because splits never share scenes anyway. Values that are
    neither a name nor a list are returned unchanged.
    """
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        return value
    for word in words:
        if word not in KEPT_APART:
            raise ValueError(f"cannot split by {word!r}; {did_you_mean(str(word), list(KEPT_APART))}")
    return tuple(word for word in KEPT_APART[1:] if word in words) or KEPT_APART[:1]


class Split(Settings):
    """The splits, with their relative sizes. `by` states what no two splits may share.

    Example:
        >>> split = Split.parse({"train": 0.7, "val": 0.2, "test": 0.1, "by": "asset"})
        >>> split.of(0), split.shares["test"], split.by
        ('train', 0.1, ('asset',))
    """

    model_config = ConfigDict(extra="allow")
    # Pydantic takes the type of the extra keys, the sizes of the splits, from this annotation.
    __pydantic_extra__: dict[str, Annotated[float, Field(gt=0)]] = Field(init=False)  # type: ignore[mutable-override]

    by: Annotated[
        tuple[Literal["scene", "asset", "background"], ...],
        BeforeValidator(_in_order),
        # The default is omitted, so that recipes older than this setting are serialized unchanged.
        Field(exclude_if=lambda by: by == KEPT_APART[:1]),
    ] = ("scene",)
    """What splits must not share: scene, asset (meshes), background (textures, maps) or [asset,
    background]."""

    @model_validator(mode="before")
    @classmethod
    def _with_shares(cls, tree: Any) -> Any:
        return {**SHARES, **tree} if isinstance(tree, dict) and not tree.keys() - {"by"} else tree

    @model_validator(mode="after")
    def _plain_names(self) -> "Split":
        for name in self.shares:
            if not name.isidentifier():
                raise ValueError(f"{name!r} cannot be the name of a split: use letters, digits and _")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Returns a dict from split name to relative size, in the order in which the user lists them."""
        return dict(self.__pydantic_extra__)

    def of(self, scene: int) -> str:
        """Returns the name of a scene's split, which depends only on the scene index and the split sizes.

        For every n, the first n scenes are divided nearly in proportion to the split sizes, because the
        multiples of the golden ratio modulo 1 are a low-discrepancy sequence. They are computed exactly, with
        integers.
        """
        shares = self.shares
        place = (scene * 0x9E3779B9 % 2**32) / 2**32 * sum(shares.values())
        for name, share in shares.items():
            place -= share
            if place < 0:
                return name
        return name


def split_sizes(count: int, shares: Shares) -> dict[str, int]:
    """Number of items of each split when `count` items are divided in proportion to `shares`.

    The numbers are rounded, and each split gets at least one item. If `count`
    grows by one, each cumulative sum of the numbers changes by at most one.

    Args:
        count: Number of items; at least the number of splits.
        shares: Relative sizes of the splits.
    """
    whole, end, found = sum(shares.values()), 0, {}
    for rank, (name, reached) in enumerate(zip(shares, accumulate(shares.values()), strict=True), 1):
        begin, left = end, len(shares) - rank
        end = min(max(floor(reached / whole * count + 0.5), begin + 1), count - left)
        found[name] = end - begin
    return found


def interleaved_splits(count: int, shares: Shares) -> list[str]:
    """Returns the split names of `count` numbered items.

    For every n, the first n items are divided nearly in proportion to `shares`. Each split first gets one
    item; each further item is assigned to the split that is furthest below its target.

    Args:
        count: Number of items.
        shares: Relative sizes of the splits.
    """
    whole, given = sum(shares.values()), dict.fromkeys(shares, 0)
    order = []
    for number in range(count):
        behind = {name: share / whole * (number + 1) - given[name] for name, share in shares.items()}
        waiting = [name for name in shares if not given[name]]
        name = waiting[0] if waiting else max(behind, key=lambda name: behind[name])
        given[name] += 1
        order.append(name)
    return order
