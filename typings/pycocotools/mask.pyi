"""Masks as COCO stores them: run lengths down the columns, starting with a run of zeros."""

from collections.abc import Sequence
from typing import Any, TypedDict, overload

import numpy as np
from numpy.typing import NDArray

class RLE(TypedDict):
    """A mask as compressed run lengths; `size` is [height, width]."""

    size: list[int]
    counts: bytes | str

class UncompressedRLE(TypedDict):
    """A mask as plain run lengths; `size` is [height, width]."""

    size: list[int]
    counts: list[int]

# A 2-D mask gives one object, a stack (H, W, N) in Fortran order a list.
def encode(bimask: NDArray[np.uint8]) -> Any: ...
@overload
def decode(rleObjs: RLE) -> NDArray[np.uint8]: ...
@overload
def decode(rleObjs: list[RLE]) -> NDArray[np.uint8]: ...
@overload
def area(rleObjs: RLE) -> np.uint32: ...
@overload
def area(rleObjs: list[RLE]) -> NDArray[np.uint32]: ...
def toBbox(rleObjs: RLE | list[RLE]) -> NDArray[np.float64]: ...
def merge(rleObjs: list[RLE], intersect: bool | int = ...) -> RLE: ...
@overload
def iou(dt: list[RLE], gt: list[RLE], pyiscrowd: Sequence[int]) -> NDArray[np.float64] | list[Any]: ...
@overload
def iou(
    dt: NDArray[np.float64] | list[list[float]],
    gt: NDArray[np.float64] | list[list[float]],
    pyiscrowd: Sequence[int],
) -> NDArray[np.float64] | list[Any]: ...
@overload
def frPyObjects(pyobj: UncompressedRLE, h: int, w: int) -> RLE: ...
@overload
def frPyObjects(pyobj: list[UncompressedRLE], h: int, w: int) -> list[RLE]: ...
@overload
def frPyObjects(pyobj: list[list[float]] | NDArray[np.float64], h: int, w: int) -> list[RLE]: ...
