"""A data set that is made from others: what a merge or a split gives, before it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.provenance import Source


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A data set that is made from others.

    Attributes:
        info: What all its images share.
        images: Its images in order, which can be read once; each says which data set it comes from.
        num_images: Their number.
        sources: The data sets that images were taken from.
        made_by: The command that makes it, and its settings.
        notes: What could not be kept, one line each.
        roots: The folders of the data sets that are read, which the new one must not lie in.
        files: Further files that are put beside the images, each with what it contains, by name.
    """

    info: DatasetInfo
    images: Iterator[LabelledImage]
    num_images: int
    sources: tuple[Source, ...]
    made_by: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()
    files: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
