"""The result of a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim2coco.check.faults import Fault

if TYPE_CHECKING:
    from sim2coco.check.sharing import Holding


class CheckError(ValueError):
    """The folder is not a data set; the message is one line."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Attributes:
        images: Number of images in the annotation files.
        annotations: Number of annotations in the annotation files.
        faults: The faults, at most `MAX_KEPT` of each kind.
        notes: Observations that are not faults.
        holdings: Numbers of meshes and textures: one entry for each split and, if there are several splits,
            one for what more than one split contains. Empty for data sets from other tools.
        counts: Number of faults of each kind, including faults beyond `MAX_KEPT`.
    """

    images: int
    annotations: int
    faults: tuple[Fault, ...]
    holdings: "tuple[Holding, ...]" = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
