"""Detects meshes that are too far from the origin for the precision of their coordinates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.refusal import Refused

FAR = 1000.0
"""Up to this distance from the origin, in multiples of the mesh size, any usual precision is sufficient."""
COARSE, HOPELESS = 2e-4, 0.1
"""Spacing of representable coordinates, as a fraction of the mesh size, above which the shape is coarse,
and above which it is lost."""
SMALL_STEPS = 4
"""Coordinates count as rounded to a spacing if two distinct ones are at most this many spacings apart."""
REMEDY = "move it to its origin before you export it, or export it with more digits"


def check_resolution(raws: Sequence[Raw], notes: list[str]) -> None:
    """Checks that the coordinates of a mesh far from its origin are fine enough for its shape.

    Args:
        raws: The triangles, with the coordinates of the file.
        notes: If the shape is coarse but usable, a note is added here.

    Raises:
        Refused: The coordinates are so coarse that the shape is lost.
    """
    points = np.concatenate([raw.corners.reshape(-1, 3) for raw in raws])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return
    reach, size = float(np.abs(points).max()), float(np.ptp(points, axis=0).max())
    if reach <= FAR * (size or 1.0):
        return
    far = f"is far from its origin, at {_there(points)}, "
    if size == 0:
        sentence = f"{far}and the coordinates in its file are too coarse to distinguish its vertices"
        raise Refused("no faces", sentence, REMEDY)
    step, is_rounded = _step(points)
    told = f"{far}where the coordinates in its file are {step:.2g} apart"
    if step > HOPELESS * size and is_rounded:
        raise Refused("no faces", f"{told}: too coarse for its size of {size:.2g}", REMEDY)
    if step > COARSE * size and is_rounded:
        notes.append(f"{told}: its shape is imprecise; {REMEDY}")


def _there(points: Floats) -> str:
    return "({})".format(", ".join(f"{value:.4g}" for value in np.median(points, axis=0)))


def _step(points: Floats) -> tuple[float, bool]:
    """Finds the axis with the coarsest coordinates.

    Returns:
        The spacing of representable coordinates on that axis, and whether two distinct coordinates on it are
        at most `SMALL_STEPS` spacings apart.
    """
    found = [(_step_along(values), values) for values in map(np.unique, points.T) if len(values) > 1]
    step, values = max(found, key=lambda pair: pair[0])
    return step, bool(np.diff(values).min() <= SMALL_STEPS * step)


def _step_along(values: NDArray[np.float64]) -> float:
    """Spacing of representable numbers at the precision in which coordinates (n,) were stored."""
    reach = float(np.abs(values).max())
    steps = [float(np.spacing(reach))]
    with np.errstate(over="ignore"):
        is_single = (values.astype(np.float32) == values).all()
    if is_single:
        steps.append(float(np.spacing(np.float32(reach))))
    # Many programs print six significant digits, so numbers below a power of ten have one more decimal.
    unit = 10.0 ** (np.floor(np.log10(max(float(np.abs(values).min()), 1e-3 * reach))) - 5)
    if np.allclose(values / unit, np.rint(values / unit), rtol=0, atol=1e-6):
        steps.append(float(unit))
    return max(steps)
