"""A COCO file in memory, with its index."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.mask import RLE

class COCO:
    """Annotations, categories and images by id. Loading one prints to stdout."""

    dataset: dict[str, Any]
    anns: dict[int, dict[str, Any]]
    cats: dict[int, dict[str, Any]]
    imgs: dict[int, dict[str, Any]]
    imgToAnns: dict[int, list[dict[str, Any]]]
    catToImgs: dict[int, list[int]]

    def __init__(self, annotation_file: str | PathLike[str] | None = ...) -> None: ...
    def createIndex(self) -> None: ...
    def info(self) -> None: ...
    def getAnnIds(
        self,
        imgIds: int | list[int] = ...,
        catIds: int | list[int] = ...,
        areaRng: list[float] = ...,
        iscrowd: bool | None = ...,
    ) -> list[int]: ...
    def getCatIds(
        self,
        catNms: list[str] = ...,
        supNms: list[str] = ...,
        catIds: int | list[int] = ...,
    ) -> list[int]: ...
    def getImgIds(self, imgIds: int | list[int] = ..., catIds: int | list[int] = ...) -> list[int]: ...
    def loadAnns(self, ids: int | list[int] = ...) -> list[dict[str, Any]]: ...
    def loadCats(self, ids: int | list[int] = ...) -> list[dict[str, Any]]: ...
    def loadImgs(self, ids: int | list[int] = ...) -> list[dict[str, Any]]: ...
    # A file name (no `Path`), results as dicts, or (N, 7): image, x, y, w, h, score, category.
    def loadRes(self, resFile: str | list[dict[str, Any]] | NDArray[np.float64]) -> COCO: ...
    def annToRLE(self, ann: dict[str, Any]) -> RLE: ...
    def annToMask(self, ann: dict[str, Any]) -> NDArray[np.uint8]: ...
