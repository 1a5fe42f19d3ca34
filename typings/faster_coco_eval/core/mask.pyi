"""Masks as COCO stores them, like `pycocotools.mask`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

def decode(rleObjs: Any) -> NDArray[np.uint8]: ...
def frPyObjects(pyobj: list[list[float]], h: int, w: int) -> list[Any]: ...
