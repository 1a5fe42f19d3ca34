"""Settings of a camera's intrinsics: angle of view or focal lengths, principal point, and lens distortion."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from scenes.distortion import Distortion, lens_for, widest_lens
from scenes.geometry import Pose
from scenes.settings import Positive, Range, Settings, uniform, within
from scenes.shot import Camera

COEFFICIENTS = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
"""The coefficients of the model `brown`, in OpenCV's order."""
FISHEYE = ("k1", "k2", "k3", "k4")
"""The coefficients of the model `fisheye`, in OpenCV's order."""
BORDER_POINTS = 33
"""Number of points per image side at which the distortion is examined."""


class LensDistortion(Settings):
    """Lens distortion by OpenCV's models; each view samples its coefficients from the ranges."""

    kind: Literal["none", "brown", "fisheye"] = "none"
    """Model: none, brown (Brown-Conrady: k1 k2 p1 p2 k3, and k4 k5 k6) or fisheye (equidistant: k1 to k4)."""
    k1: Range = (0.0, 0.0)
    """First radial coefficient; negative is barrel distortion, positive is pincushion distortion."""
    k2: Range = (0.0, 0.0)
    """Second radial coefficient."""
    p1: Range = (0.0, 0.0)
    """First tangential coefficient of brown, for a lens that is not parallel to the sensor."""
    p2: Range = (0.0, 0.0)
    """Second tangential coefficient of brown."""
    k3: Range = (0.0, 0.0)
    """Third radial coefficient."""
    k4: Range = (0.0, 0.0)
    """Fourth radial coefficient of fisheye; first radial coefficient in the denominator of brown."""
    k5: Range = (0.0, 0.0)
    """Second radial coefficient in the denominator of brown."""
    k6: Range = (0.0, 0.0)
    """Third radial coefficient in the denominator of brown."""

    @model_validator(mode="after")
    def _has_its_own_coefficients(self) -> Self:
        if self.kind == "fisheye":
            for name in COEFFICIENTS:
                if name not in FISHEYE and getattr(self, name) != (0.0, 0.0):
                    raise ValueError(f"fisheye has no {name}; its coefficients are {' '.join(FISHEYE)}")
        return self

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The ranges of the model's coefficients, in OpenCV's order."""
        return tuple(getattr(self, name) for name in (FISHEYE if self.kind == "fisheye" else COEFFICIENTS))

    def drawn(self, shares: list[float]) -> Self:
        """Returns a copy in which each range is replaced by one number of this range.

        Args:
            shares: Position of the number in each range, from 0 (lower end) to 1, in the order of
                `COEFFICIENTS`.
        """
        pairs = {name: getattr(self, name) for name in COEFFICIENTS}
        numbers = {name: at(pair, share) for (name, pair), share in zip(pairs.items(), shares, strict=True)}
        return self.model_copy(update=numbers)

    def lens(self, border: NDArray[np.float64]) -> Distortion | None:
        """Returns the lens distortion; None if `kind` is `none`.

        All ranges must be single numbers, as `drawn` returns them.

        Args:
            border: Points (n, 2) on the image border, in distorted normalized image coordinates. They
                determine up to which radius the distortion must be one-to-one.
        """
        if self.kind == "none":
            return None
        return lens_for(self.kind, tuple(single(pair) for pair in self.ranges), border)

    def widest(self) -> Distortion | None:
        """Returns the lens distortion without the coefficients p1 and p2; the image size does not matter.

        Returns None if `kind` is `none`, or if the lens would fold over (see `Distortion.folds`). All ranges
        must be single numbers, as `drawn` returns them.
        """
        level = self.model_copy(update={"p1": (0.0, 0.0), "p2": (0.0, 0.0)})
        if level.kind == "none":
            return None
        lens = widest_lens(level.kind, tuple(single(pair) for pair in level.ranges))
        return None if lens.folds else lens


class Intrinsics(Settings):
    """Camera intrinsics; each view samples them from the ranges."""

    fov_deg: Annotated[Range, within(5.0, 120.0)] = (40.0, 60.0)
    """Angle of view along the longer side of the image, in degrees; not used if fx and fy are set."""
    fx: Positive | None = None
    """Horizontal focal length in pixels, in place of fov_deg; null uses fov_deg."""
    fy: Positive | None = None
    """Vertical focal length in pixels; if fx and fy have equal ranges, they always have equal values."""
    cx: Range | None = None
    """Distance of the principal point from the left edge of the image, in pixels; null is the centre."""
    cy: Range | None = None
    """Distance of the principal point from the top edge of the image, in pixels; null is the centre."""
    calibration: str | None = None
    """OpenCV or ROS YAML file with fx, fy, cx, cy and distortion, scaled to the image; null uses none."""
    distortion: LensDistortion = LensDistortion()
    """Distortion of the lens; labels fit the distorted image."""

    @model_validator(mode="after")
    def _both_focal_lengths(self) -> Self:
        if (self.fx is None) != (self.fy is None):
            raise ValueError("give both fx and fy, or neither")
        return self

    def drawn(self, rng: np.random.Generator) -> Self:
        """Samples the settings of one view: each range of pixels or coefficients becomes a single number.

        Args:
            rng: Generator; always consumes eleven random numbers: one for both focal lengths, one each for
                `cx`, `cy` and the distortion coefficients.
        """
        focal, across, down, *others = rng.random(3 + len(COEFFICIENTS)).tolist()
        shares = {"fx": focal, "fy": focal, "cx": across, "cy": down}
        given = {name: getattr(self, name) for name in shares}
        numbers = {name: at(pair, shares[name]) for name, pair in given.items() if pair is not None}
        return self.model_copy(update={**numbers, "distortion": self.distortion.drawn(others)})

    def focal(self, rng: np.random.Generator, width: int, height: int) -> tuple[float, float, float]:
        """Returns fx and fy in pixels, and the tangent of half the angle of view along the longer side.

        If `fx` and `fy` are None, the angle of view is sampled. It does not depend on the image size, and
        therefore the distance of the camera, which depends on the angle, does not either.

        Args:
            rng: Generator; always consumes one random number.
            width: Width of the image in pixels.
            height: Height of the image in pixels.
        """
        tan_half = float(np.tan(np.radians(uniform(rng, self.fov_deg)) / 2))
        if self.fx is not None and self.fy is not None:
            fx, fy = single(self.fx), single(self.fy)
            return fx, fy, self._undistorted(max(width / fx, height / fy) / 2)
        return *self._focal_px(tan_half, width, height), tan_half

    def distorted(self, camera: Camera) -> Camera:
        """Returns `camera` with the lens distortion; its ranges must be single numbers."""
        lens = self.distortion.lens(border_of(camera))
        return camera if lens is None else replace(camera, distortion=lens)

    def extremes(self, width: int, height: int) -> Iterator[tuple[Self, Camera]]:
        """Yields copies of the settings with extreme lens distortions, each copy with its widest camera.

        There is one copy for each combination of lower and upper ends of the coefficients' ranges. The widest
        camera has the shortest focal length and the principal point farthest from the image centre.
        """
        whole = self.distortion
        for numbers in product(*(dict.fromkeys(getattr(whole, name)) for name in COEFFICIENTS)):
            pairs = {name: (number, number) for name, number in zip(COEFFICIENTS, numbers, strict=True)}
            kind = self.model_copy(update={"distortion": whole.model_copy(update=pairs)})
            yield kind, kind._widest(width, height)

    def principal_point(self, width: int, height: int) -> tuple[float, float]:
        """Returns the principal point x, y in pixels for an image of the given size."""
        x = width / 2 if self.cx is None else single(self.cx)
        return x, height / 2 if self.cy is None else single(self.cy)

    @property
    def narrowed_by(self) -> str:
        """Names the settings to change for a narrower angle of view, for an error message."""
        return "a smaller camera.fov_deg (or larger fx and fy)"

    def _widest(self, width: int, height: int) -> Camera:
        """The camera with the shortest focal length and the principal point farthest from the centre."""
        fx, fy = self._shortest_focal(width, height)
        cx = max(self.cx or (width / 2,), key=lambda x: abs(x - width / 2))
        cy = max(self.cy or (height / 2,), key=lambda y: abs(y - height / 2))
        return self.distorted(
            Camera(width, height, fx, fy, cx, cy, Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)))
        )

    def _shortest_focal(self, width: int, height: int) -> tuple[float, float]:
        """The shortest focal lengths in pixels that a view may have, along x and y."""
        if self.fx is not None and self.fy is not None:
            return self.fx[0], self.fy[0]
        return self._focal_px(np.tan(np.radians(self.fov_deg[1]) / 2), width, height)

    def _focal_px(self, tan_half: float, width: int, height: int) -> tuple[float, float]:
        """Focal lengths in pixels from the tangent of half the angle of view along the longer side."""
        focal_px = max(width, height) / 2 / self._distorted(float(tan_half))
        return focal_px, focal_px

    def _distorted(self, radius: float) -> float:
        """Maps an undistorted to a distorted radius, both at depth 1."""
        lens = self.distortion.widest()
        return radius if lens is None else float(lens.distort(np.array([radius, 0.0]))[0])

    def _undistorted(self, radius: float) -> float:
        """The inverse of `_distorted`."""
        lens = self.distortion.widest()
        return radius if lens is None else float(lens.undistort(np.array([radius, 0.0]))[0])


def border_of(camera: Camera) -> NDArray[np.float64]:
    """Points (n, 2) on the image border, in distorted normalized image coordinates."""
    across, down = (np.linspace(0, side, BORDER_POINTS) for side in (camera.width, camera.height))
    left, top = np.zeros(BORDER_POINTS), np.zeros(BORDER_POINTS)
    x = np.concatenate([across, across, left, left + camera.width])
    y = np.concatenate([top, top + camera.height, down, down])
    return np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy], axis=1)


def at(pair: tuple[float, float], share: float) -> tuple[float, float]:
    """Returns the number at position `share` in a range, from 0 to 1, as both ends of a new range."""
    low, high = pair
    return (low + (high - low) * share,) * 2


def single(pair: tuple[float, float]) -> float:
    """Returns the value of a range whose ends are equal."""
    assert pair[0] == pair[1], "`drawn` comes first"
    return pair[0]
