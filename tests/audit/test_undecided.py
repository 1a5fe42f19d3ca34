"""Pixels whose centre lies next to an edge are as the label says; those beside it are as rays say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.audit.comparing import undecided_as_told


@pytest.mark.parametrize("beyond_px", [-0.08, -0.005, 0.04, 0.08])
def test_pixels_whose_centre_lies_on_an_edge(beyond_px: float) -> None:
    """A block that ends beyond the centres of column 7, or before them; the label says otherwise."""

    def in_block(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(points[:, 0] <= 7.5 + beyond_px)

    rays, label = np.zeros((4, 12), np.bool_), np.zeros((4, 12), np.bool_)
    rays[:, : 8 if beyond_px > 0 else 7] = True
    label[:, : 7 if beyond_px > 0 else 8] = True
    expected = label if abs(beyond_px) < 1 / 16 else rays
    assert (undecided_as_told(label, rays, in_block) == expected).all()
