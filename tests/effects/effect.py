"""The effect of a setting: values, what is measured under each, and how the measurements must relate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.effects.made import Made

Values = Sequence[Any]
Relation = Callable[[Values, Values], bool]
"""Whether measurements are right, from the values of the setting and what was measured under each of them."""


@dataclass(frozen=True)
class Effect:
    """What a setting does.

    Attributes:
        values: Two or more values of the setting.
        measure: What the setting changes, measured on what a recipe makes.
        relation: How the measurements must relate to the values, or to each other.
        given: Other settings, by key.
        kinds: The kinds that this is the effect in; all that have the setting if empty.
        slow: Whether it is measured in `make test-full` only.
    """

    values: Values
    measure: Callable[[Made], Any]
    relation: Relation
    given: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    slow: bool = False


def same(values: Values, measured: Values) -> bool:
    """The measurements are the values."""
    return all(_alike(one, other, 1e-6) for one, other in pairs(measured, values))


def about(share: float) -> Relation:
    """The measurements are the values, but for a share of them."""
    return lambda values, measured: all(_alike(one, other, share) for one, other in pairs(measured, values))


def nearly(share: float) -> Relation:
    """The measurements reach the values from below, but for a share of them."""
    return lambda values, measured: all(
        (1 - share) * most <= one <= most * (1 + 1e-9) for one, most in pairs(measured, values)
    )


def times(factor: float, share: float) -> Relation:
    """Each measurement is the one before times a factor, but for a share of it."""
    return lambda values, measured: all(
        _alike(after, factor * before, share) for before, after in pairs(measured[:-1], measured[1:])
    )


def gives(*expected: Any) -> Relation:
    """The measurements are those expected, in order."""
    return lambda values, measured: same(expected, measured)


def in_step(values: Values, measured: Values) -> bool:
    """The measurements differ by as much as the values."""
    return bool(np.allclose(np.diff(np.array(measured)), np.diff(np.array(values)), rtol=1e-4))


def in_proportion(values: Values, measured: Values) -> bool:
    """The measurements have the ratio of the values."""
    return bool(np.allclose(np.array(measured) / measured[0], np.array(values) / values[0], rtol=1e-4))


def grows(values: Values, measured: Values) -> bool:
    """Each measurement is larger than the one before."""
    return all(before < after for before, after in pairs(measured[:-1], measured[1:]))


def shrinks(values: Values, measured: Values) -> bool:
    """Each measurement is smaller than the one before."""
    return all(before > after for before, after in pairs(measured[:-1], measured[1:]))


def at_least(values: Values, measured: Values) -> bool:
    """No measurement is below its value."""
    return all(one >= least - 1e-9 for one, least in pairs(measured, values))


def pairs(first: Values, second: Values) -> list[tuple[Any, Any]]:
    """The items of two sequences of equal length, in pairs."""
    return list(zip(first, second, strict=True))


def _alike(one: Any, other: Any, share: float) -> bool:
    """Whether two values are the same; numbers in them may differ by a share."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_alike(*both, share) for both in pairs(one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return bool(one == pytest.approx(other, rel=share, abs=1e-9))
    return bool(one == other)
