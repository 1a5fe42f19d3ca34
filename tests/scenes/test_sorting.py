"""Sorting of integers: the results are those of NumPy's own slower functions."""

import numpy as np
import pytest

from scenes.assets.sorting import distinct, stable_order


@pytest.mark.parametrize("largest", [3, 2**40, 2**62], ids=["many equal", "large", "too large to pack"])
def test_order_is_stable(largest: int) -> None:
    keys = np.random.Generator(np.random.PCG64(1)).integers(0, largest, 5000)
    np.testing.assert_array_equal(stable_order(keys), np.argsort(keys, kind="stable"))


def test_small_integers_do_not_overflow() -> None:
    keys = np.arange(70_000, dtype=np.int32)[::-1]
    np.testing.assert_array_equal(stable_order(keys), np.arange(70_000)[::-1])


def test_nothing_to_sort() -> None:
    assert len(stable_order(np.zeros(0, np.int64))) == 0


def test_distinct_rows() -> None:
    rows = np.random.Generator(np.random.PCG64(2)).integers(0, 12, (5000, 3))
    _, first, place = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    found = distinct(tuple(rows.T))
    np.testing.assert_array_equal(found[0], first)
    np.testing.assert_array_equal(found[1], place.ravel())
