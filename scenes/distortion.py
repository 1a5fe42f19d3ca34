"""Lens distortion: OpenCV's models, and their inverse.

Points are in normalized image coordinates: x/z and y/z of a point in the camera frame.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_ANGLE_DEG = 80.0
"""Largest angle between a camera ray and the optical axis; near 90 degrees, x/z and y/z are not finite."""
MARGIN = 1.01
"""The lens formula is used up to at most this multiple of the largest radius in the image."""
MIN_DETERMINANT = 1e-4
"""The Jacobian determinant of the distortion has to be larger than this."""
STEP = 1e-5
"""Step of the finite differences."""
STEPS = 12
"""Largest number of Newton iterations; each doubles the number of correct digits."""


@dataclass(frozen=True, slots=True)
class Distortion:
    """Lens distortion by one of OpenCV's models.

    High-degree polynomials fold over outside the image. Beyond `linear_beyond`, the distortion is therefore
    extrapolated linearly, along each line through the optical axis.

    Attributes:
        kind: `brown` (Brown and Conrady, with OpenCV's rational extension) or `fisheye` (equidistant).
        coefficients: In OpenCV's order: k1 k2 p1 p2 k3 k4 k5 k6 for `brown`, k1 k2 k3 k4 for `fisheye`.
        linear_beyond: Undistorted radius beyond which the distortion is extrapolated linearly; 0 if the
            formula folds over within the image and the distortion is therefore meaningless.
    """

    kind: Literal["brown", "fisheye"]
    coefficients: tuple[float, ...]
    linear_beyond: float

    @property
    def folds(self) -> bool:
        """Whether the distortion is not one-to-one within the image, and therefore meaningless."""
        return self.linear_beyond == 0

    def distort(self, points: Array) -> Array:
        """Maps undistorted points (..., 2) to distorted points (..., 2)."""
        radius = np.hypot(points[..., 0], points[..., 1])
        if not (radius > self.linear_beyond).any():
            return self._formula(points)
        beyond_m = np.maximum(radius - self.linear_beyond, 0)[..., None]
        unit = points / np.maximum(radius, 1e-12)[..., None]
        inner = np.where(beyond_m > 0, unit * self.linear_beyond, points)
        ahead, behind = (self._formula(inner + sign * STEP * unit) for sign in (1, -1))
        return np.asarray(self._formula(inner) + (ahead - behind) / (2 * STEP) * beyond_m)

    def undistort(self, points: Array) -> Array:
        """Inverse of `distort`: maps distorted points (..., 2) to undistorted points (..., 2).

        The result is meaningless if `folds` is true.
        """
        with np.errstate(all="ignore"):  # at a fold there is no inverse
            radius = np.hypot(points[..., 0], points[..., 1])
            found = points * (self._inverse_radial(radius) / np.maximum(radius, 1e-12))[..., None]
            for _ in range(STEPS):
                off = self.distort(found) - points
                if not np.abs(off).max(initial=0.0) > 1e-13:
                    break
                (a, b), (c, d) = self._derivatives(found)
                across, down = d * off[..., 0] - b * off[..., 1], a * off[..., 1] - c * off[..., 0]
                found = found - np.stack([across, down], axis=-1) / (a * d - b * c)[..., None]
        return found

    def stretch(self, points: Array) -> tuple[Array, Array]:
        """Smallest and largest scale factors of lengths under distortion, at each of the points (..., 2)."""
        (a, b), (c, d) = self._derivatives(points)
        middle = (a * a + b * b + c * c + d * d) / 2
        spread = np.sqrt(np.maximum(middle**2 - (a * d - b * c) ** 2, 0))
        return np.sqrt(np.maximum(middle - spread, 0)), np.sqrt(middle + spread)

    def determinant(self, points: Array) -> Array:
        """Scale factor of areas under distortion, at each of the points (..., 2).

        It is negative where the distortion is mirrored, beyond a fold.
        """
        (a, b), (c, d) = self._derivatives(points)
        return np.asarray(a * d - b * c)

    def radial(self, radius: Array) -> Array:
        """Maps undistorted to distorted radii, arrays of any shape; ignores p1 and p2."""
        if self.kind == "fisheye":
            return _fisheye(radius, self.coefficients)
        return radius * _brown(radius**2, self.coefficients)

    def _formula(self, points: Array) -> Array:
        x, y = points[..., 0], points[..., 1]
        square = x * x + y * y
        if self.kind == "fisheye":
            radius = np.maximum(np.sqrt(square), 1e-12)
            return points * (_fisheye(radius, self.coefficients) / radius)[..., None]
        p1, p2 = self.coefficients[2:4]
        factor = _brown(square, self.coefficients)
        return np.stack(
            [
                x * factor + 2 * p1 * x * y + p2 * (square + 2 * x * x),
                y * factor + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
            ],
            axis=-1,
        )

    def _derivatives(self, points: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Returns the Jacobian of `distort` at points (..., 2): two rows of two arrays with shape (...)."""
        right, down = np.array([STEP, 0.0]), np.array([0.0, STEP])
        by_x = (self.distort(points + right) - self.distort(points - right)) / (2 * STEP)
        by_y = (self.distort(points + down) - self.distort(points - down)) / (2 * STEP)
        return (by_x[..., 0], by_y[..., 0]), (by_x[..., 1], by_y[..., 1])

    def _inverse_radial(self, radius: Array) -> Array:
        """Maps distorted radii to approximate undistorted radii, the initial guess of `undistort`."""
        steps = np.tan(np.linspace(0, np.arctan(self.linear_beyond), 512))
        shown = self.radial(steps)
        slope = (shown[-1] - shown[-2]) / (steps[-1] - steps[-2])
        beyond = steps[-1] + (radius - shown[-1]) / slope
        return np.where(radius > shown[-1], beyond, np.interp(radius, shown, steps))


def lens_for(kind: Literal["brown", "fisheye"], coefficients: tuple[float, ...], border: Array) -> Distortion:
    """Returns a lens distortion, with `folds` true if the distortion is not one-to-one within the image.

    Args:
        kind: The model.
        coefficients: Its coefficients.
        border: Points (n, 2) on the image border, in distorted normalized image coordinates.
    """
    folding, whole = Distortion(kind, coefficients, 0.0), widest_lens(kind, coefficients)
    rising = whole.linear_beyond
    if whole.folds:
        return folding
    outline = whole.undistort(border)
    radius = float(np.hypot(outline[:, 0], outline[:, 1]).max())
    with np.errstate(all="ignore"):  # the lens may fold over
        missed = np.abs(whole.distort(outline) - border).max()
    if not (radius < rising and missed < 1e-9):
        return folding
    lens = Distortion(kind, coefficients, min(MARGIN * radius, (radius + rising) / 2))
    shares = np.linspace(0, 1, 33)[:, None, None]
    inside = lens.determinant(shares * outline)
    return lens if inside.min() > MIN_DETERMINANT else folding


def widest_lens(kind: Literal["brown", "fisheye"], coefficients: tuple[float, ...]) -> Distortion:
    """Returns a lens distortion that follows the formula as far as the distorted radius increases.

    The result's `folds` is true if the distorted radius does not increase at all.

    Args:
        kind: The model.
        coefficients: Coefficients of the model; p1 and p2 are ignored when the limit is computed.
    """
    lens = Distortion(kind, coefficients, 0.0)
    return Distortion(kind, coefficients, _rising(lens))


def _rising(lens: Distortion) -> float:
    """Largest undistorted radius, up to tan(`MAX_ANGLE_DEG`), until which the distorted radius increases."""
    radius = np.tan(np.radians(np.linspace(0, MAX_ANGLE_DEG, 2001)))
    with np.errstate(all="ignore"):
        rising = np.diff(lens.radial(radius)) > 1e-4 * np.diff(radius)
    return float(radius[-1] if rising.all() else radius[int(np.argmin(rising))])


def _brown(square: Array, coefficients: tuple[float, ...]) -> Array:
    """Ratios of distorted to undistorted radii in Brown's model; `square` are squared undistorted radii."""
    k1, k2, _, _, k3, k4, k5, k6 = coefficients
    above = 1 + square * (k1 + square * (k2 + square * k3))
    if not (k4 or k5 or k6):
        return above
    return np.asarray(above / (1 + square * (k4 + square * (k5 + square * k6))))


def _fisheye(radius: Array, coefficients: tuple[float, ...]) -> Array:
    """Maps undistorted to distorted radii, arrays of any shape, by the equidistant model."""
    k1, k2, k3, k4 = coefficients
    angle = np.arctan(radius)
    square = angle * angle
    return np.asarray(angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4)))))
