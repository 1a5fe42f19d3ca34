"""Lens distortion with OpenCV's functions, and undistortion by Newton's method."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEP = 1e-5
"""Step size for finite differences."""
STEPS = 20
"""Maximum number of Newton iterations."""
WIDEST_DEG = 89.9
"""Largest angle between the optical axis and an initial guess."""


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A distortion model: `bent` distorts normalised image points (n, 2), and `straight` undistorts them.

    Attributes:
        fisheye: Whether the model is `cv2.fisheye`; otherwise it is the model of `cv2.projectPoints`.
        numbers: The distortion coefficients.
        limit: Distance from the axis beyond which the formula is extrapolated linearly along the radius.
    """

    fisheye: bool
    numbers: Array
    limit: float

    @classmethod
    def parse(cls, tree: Any) -> "Lens | None":
        """Parses the lens of a recorded camera; None for a pinhole camera."""
        lens = tree.get("distortion")
        if lens is None:
            return None
        numbers = np.array(lens["coefficients"], np.float64)
        return cls(lens["kind"] == "fisheye", numbers, float(lens["linear_beyond"]))

    def bent(self, straight: Array) -> Array:
        """Distorts points (n, 2)."""
        radius = np.maximum(np.linalg.norm(straight, axis=1, keepdims=True), 1e-12)
        outward, beyond = straight / radius, np.maximum(radius - self.limit, 0.0)
        inner = np.where(beyond > 0, self.limit * outward, straight)
        if not beyond.any():
            return self._formula(inner)
        slope = self._formula(inner + STEP * outward) - self._formula(inner - STEP * outward)
        return np.asarray(self._formula(inner) + slope / (2 * STEP) * beyond)

    def straight(self, bent: Array) -> Array:
        """Undistorts points (n, 2)."""
        found = self._guess(bent)
        for _ in range(STEPS):
            off = self.bent(found) - bent
            if not np.abs(off).max(initial=0.0) > 1e-12:
                break
            found = found - np.linalg.solve(self._derivatives(found), off[..., None])[..., 0]
        return found

    def around(self, low: Array, high: Array) -> Array:
        """Returns distorted points (n, 2) along the sides of the rectangle with corners `low` and `high`."""
        x, y = np.tan(np.linspace(np.arctan(low), np.arctan(high), 129)).T
        along = [np.stack([x, np.full_like(x, side)], axis=1) for side in (low[1], high[1])]
        across = [np.stack([np.full_like(y, side), y], axis=1) for side in (low[0], high[0])]
        return self.bent(np.concatenate(along + across))

    def _guess(self, bent: Array) -> Array:
        steps = np.tan(np.radians(np.linspace(0, WIDEST_DEG, 4096)))
        shown = self.bent(np.stack([steps, np.zeros_like(steps)], axis=1))[:, 0]
        radius = np.linalg.norm(bent, axis=1, keepdims=True)
        return np.asarray(bent * np.interp(radius, shown, steps) / np.maximum(radius, 1e-12))

    def _derivatives(self, straight: Array) -> Array:
        """The Jacobian (n, 2, 2) of `bent` at points (n, 2)."""
        steps = STEP * np.eye(2)
        columns = [(self.bent(straight + step) - self.bent(straight - step)) / (2 * STEP) for step in steps]
        return np.stack(columns, axis=-1)

    def _formula(self, straight: Array) -> Array:
        if not len(straight):
            return straight
        points = np.concatenate([straight, np.ones((len(straight), 1))], axis=1)[:, None]
        project = cv2.fisheye.projectPoints if self.fisheye else cv2.projectPoints
        places, _ = project(points, np.zeros(3), np.zeros(3), np.eye(3), self.numbers)
        return np.asarray(places, np.float64).reshape(-1, 2)
