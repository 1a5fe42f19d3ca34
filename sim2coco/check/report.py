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
        annotations: Number of annotations in them.
        faults: Everything that is wrong, at most `MAX_KEPT` faults of one kind.
        notes: What is worth knowing and no fault.
        holdings: Numbers of meshes and textures in each split, and of those that splits share; empty for
            data sets of other tools.
        counts: Number of faults of each kind, also of those that are not kept.
    """

    images: int
    annotations: int
    faults: tuple[Fault, ...]
    holdings: "tuple[Holding, ...]" = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
