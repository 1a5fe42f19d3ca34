"""Settings of a camera's intrinsics: angle of view or focal lengths, and principal point."""

from typing import Annotated, Self

import numpy as np
from pydantic import model_validator

from scenes.settings import Positive, Range, Settings, uniform, within


class Intrinsics(Settings):
    """The intrinsics of a camera: numbers, or ranges from which each view draws its own."""

    fov_deg: Annotated[Range, within(5.0, 120.0)] = (40.0, 60.0)
    """Angle of view along the longer side of the image, in degrees; not used if fx and fy are set."""
    fx: Positive | None = None
    """Horizontal focal length in pixels, in place of fov_deg; null uses fov_deg."""
    fy: Positive | None = None
    """Vertical focal length in pixels; equal ranges of fx and fy give square pixels: they share one draw."""
    cx: Range | None = None
    """Distance of the principal point from the left edge of the image, in pixels; null is the centre."""
    cy: Range | None = None
    """Distance of the principal point from the top edge of the image, in pixels; null is the centre."""

    @model_validator(mode="after")
    def _both_focal_lengths(self) -> Self:
        if (self.fx is None) != (self.fy is None):
            raise ValueError("give both fx and fy, or neither")
        return self

    def drawn(self, rng: np.random.Generator) -> Self:
        """The settings of one view, in which each range of pixels is a single number.

        Args:
            rng: Generator; three random numbers are always drawn: for both focal lengths, `cx` and `cy`.
        """
        focal, across, down = rng.random(3).tolist()
        shares = {"fx": focal, "fy": focal, "cx": across, "cy": down}
        given = {name: getattr(self, name) for name in shares}
        return self.model_copy(
            update={name: _at(pair, shares[name]) for name, pair in given.items() if pair is not None}
        )

    def focal(self, rng: np.random.Generator, width: int, height: int) -> tuple[float, float, float]:
        """Focal lengths in pixels, and the tangent of half the angle of view along the longer side.

        The angle of view is drawn independently of the image size, so a different size does not move the
        camera.

        Args:
            rng: Generator; one random number is always drawn.
            width: Width of the image in pixels.
            height: Height of the image in pixels.
        """
        tan_half = float(np.tan(np.radians(uniform(rng, self.fov_deg)) / 2))
        if self.fx is not None and self.fy is not None:
            fx, fy = _single(self.fx), _single(self.fy)
            return fx, fy, max(width / fx, height / fy) / 2
        focal_px = max(width, height) / 2 / tan_half
        return focal_px, focal_px, tan_half

    def principal_point(self, width: int, height: int) -> tuple[float, float]:
        """The principal point x, y in pixels of an image of the given size."""
        x = width / 2 if self.cx is None else _single(self.cx)
        return x, height / 2 if self.cy is None else _single(self.cy)


def _at(pair: tuple[float, float], share: float) -> tuple[float, float]:
    """The number at a share of the way from the low to the high end of a range, as a range."""
    low, high = pair
    return (low + (high - low) * share,) * 2


def _single(pair: tuple[float, float]) -> float:
    assert pair[0] == pair[1], "`drawn` comes first"
    return pair[0]
