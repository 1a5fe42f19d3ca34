"""A reader and judge of COCO files that is not ours; for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

class COCO:
    """A COCO file, like `pycocotools.coco.COCO`."""

    def __init__(self, annotation_file: str | dict[str, Any] | None = ...) -> None: ...
    def getAnnIds(self, imgIds: Sequence[int] = ...) -> list[int]: ...
    def loadAnns(self, ids: Sequence[int] = ...) -> list[dict[str, Any]]: ...
    def loadRes(self, resFile: list[dict[str, Any]]) -> COCO: ...
    def annToMask(self, ann: dict[str, Any]) -> NDArray[np.uint8]: ...

class COCOeval_faster:
    """Its evaluation; `stats` is that of pycocotools."""

    stats: NDArray[np.float64]

    def __init__(self, cocoGt: COCO, cocoDt: COCO, iouType: str) -> None: ...
    def run(self) -> None: ...
