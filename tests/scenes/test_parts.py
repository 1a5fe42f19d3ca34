"""Distinct rows are those of np.unique, in the same order."""

import numpy as np
import pytest

from scenes.assets.reading.parts import distinct_rows
from sim2coco.seeding import rng_for


@pytest.mark.parametrize(("count", "width", "values"), [(1, 3, 2), (500, 3, 4), (999, 8, 2), (300, 8, 10**6)])
def test_distinct_rows(count: int, width: int, values: int) -> None:
    rows = rng_for(7, scene=count, stream="camera").integers(-values, values, (count, width)) / 7.0
    found, index = distinct_rows(rows)
    expected, its_index = np.unique(rows, axis=0, return_inverse=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(index, its_index.ravel())


def test_zeros_of_both_signs_are_one() -> None:
    found, index = distinct_rows(np.array([[0.0, 1.0], [-0.0, 1.0]]))
    assert len(found) == 1 and index.tolist() == [0, 0]
