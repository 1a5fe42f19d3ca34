"""Light on bodies that is evaluated at every n-th row and column is not shifted by interpolation."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from sim.render.lighting.bodies import Floats, _interpolated_together
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.pixels import Pixels

WIDTH, HEIGHT = 61, 46


@dataclass(frozen=True)
class Slope:
    """A sky whose visible fraction is a coordinate of the point."""

    axis: int
    maps = SimpleNamespace(texel_m=np.array([0.01]))

    def visibility(self, points_m: Floats) -> Floats:
        """The coordinate."""
        return np.asarray(points_m[self.axis], np.float32)

    def sky_fraction(self, light: None, normal: Floats, visible: Floats) -> Floats:
        """The same."""
        return visible


@pytest.mark.parametrize("step_px", [3, 4])
@pytest.mark.parametrize("axis", [0, 1], ids=["columns", "rows"])
def test_the_skys_light_on_bodies_is_not_shifted(step_px: int, axis: int) -> None:
    rows, columns = (grid.ravel().astype(np.float32) for grid in np.mgrid[:HEIGHT, :WIDTH])
    up = np.zeros((3, len(rows)), np.float32)
    up[2] = 1
    pixels = Pixels(
        box=(0, 0, WIDTH, HEIGHT),
        place=np.arange(len(rows)),
        columns=columns,
        rows=rows,
        points_m=np.stack([columns, rows, 0 * rows]),
        normal=up,
        body=np.zeros(len(rows), np.int16),
        edge=np.zeros((HEIGHT, WIDTH), np.bool_),
    )
    lit = cast(Lit, SimpleNamespace(sky=Slope(axis), floor=None, light=None))
    found = _interpolated_together(lit, cast(LitLamp, cast(Any, None)), pixels, step_px)[0]
    exact = (columns, rows)[axis]
    inner = (
        (columns > 2 * step_px)
        & (columns < WIDTH - 3 * step_px)
        & (rows > 2 * step_px)
        & (rows < HEIGHT - 3 * step_px)
    )
    assert np.abs(found - exact)[inner].max() < 0.1
