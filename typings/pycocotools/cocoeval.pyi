"""COCO's evaluation: average precision and recall."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO

class Params:
    """What an evaluation depends on."""

    imgIds: list[int]
    catIds: list[int]
    iouThrs: NDArray[np.float64]
    recThrs: NDArray[np.float64]
    maxDets: list[int]
    areaRng: list[list[float]]
    areaRngLbl: list[str]
    useCats: int
    iouType: str

    def __init__(self, iouType: str = ...) -> None: ...

class COCOeval:
    """Run `evaluate`, `accumulate`, `summarize` in this order; `stats` is there after the last."""

    cocoGt: COCO
    cocoDt: COCO
    params: Params
    evalImgs: list[dict[str, Any] | None]
    eval: dict[str, Any]
    stats: NDArray[np.float64]

    def __init__(self, cocoGt: COCO | None = ..., cocoDt: COCO | None = ..., iouType: str = ...) -> None: ...
    def evaluate(self) -> None: ...
    def accumulate(self, p: Params | None = ...) -> None: ...
    def summarize(self) -> None: ...
