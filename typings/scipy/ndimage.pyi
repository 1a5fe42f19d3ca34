"""Label maps and filters."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Scalar = TypeVar("_Scalar", bound=np.number)
_Mode: TypeAlias = Literal["reflect", "constant", "nearest", "mirror", "wrap"]

# One pair of slices a label, starting with label 1; None for a label that does not occur.
def find_objects(
    input: NDArray[np.integer], max_label: int = ...
) -> list[tuple[slice[int, int, None], ...] | None]: ...
def label(
    input: NDArray[np.integer] | NDArray[np.bool_], structure: ArrayLike | None = ...
) -> tuple[NDArray[np.int32], int]: ...
def gaussian_filter(
    input: NDArray[_Scalar],
    sigma: float | Sequence[float],
    *,
    mode: _Mode | Sequence[_Mode] = ...,
    cval: float = ...,
    truncate: float = ...,
) -> NDArray[_Scalar]: ...
def distance_transform_edt(
    input: ArrayLike, sampling: float | Sequence[float] | None = ...
) -> NDArray[np.float64]: ...
def binary_dilation(input: NDArray[np.bool_]) -> NDArray[np.bool_]: ...
def binary_erosion(input: NDArray[np.bool_]) -> NDArray[np.bool_]: ...
