"""A data set derived from others by merge or split, before it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.provenance import Source


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A data set derived from others.

    Attributes:
        info: Metadata of the whole data set.
        images: The images, as an iterator that can be used once; `facts` of an image contains its origin.
        num_images: Number of images.
        sources: The data sets that the images originally come from.
        made_by: The command that creates the data set, and its settings.
        notes: One line for each kind of information that could not be kept.
        roots: The folders of the input data sets; the output must not lie inside them.
        files: Additional files to write: a dict from file name to (content, description).
    """

    info: DatasetInfo
    images: Iterator[LabelledImage]
    num_images: int
    sources: tuple[Source, ...]
    made_by: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()
    files: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
