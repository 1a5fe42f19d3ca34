"""Settings: the annotation formats that a run writes."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny

from scenes.settings import Settings, one_of
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format


def _expand_names(value: object) -> object:
    """Replaces each name in a list with `{kind: NAME}`."""
    if not isinstance(value, list):
        return value
    return tuple({"kind": entry} if isinstance(entry, str) else entry for entry in value)


def _unique(formats: tuple[Format, ...]) -> tuple[Format, ...]:
    kinds = [format.kind for format in formats]
    if repeated := [kind for kind in kinds if kinds.count(kind) > 1]:
        raise ValueError(f"{repeated[0]!r} is listed twice")
    return formats


class Export(Settings):
    """Annotation formats, and the card and the report of the data set."""

    formats: Annotated[
        tuple[SerializeAsAny[Annotated[Format, one_of(Format)]], ...],
        BeforeValidator(_expand_names),
        AfterValidator(_unique),
    ] = (Coco(),)
    """Formats such as [voc, {kind: yolo, task: obb}]; COCO and the data set's existing formats are always
    written."""
    card: bool = True
    """Whether to write README.md, croissant.json and contact_sheet.jpg, which describe the data set."""
    report: bool = True
    """Whether to write report.html, an overview of the data set's contents."""
    rejected: Annotated[int, Field(ge=0, le=100)] = 0
    """Number of rejected views to keep for each reason, as small images that the report shows."""


def combined(*lists: Iterable[Format]) -> tuple[Format, ...]:
    """Returns COCO and the formats in `lists`; of several formats of the same kind, only the last is kept."""
    return tuple({format.kind: format for format in (Coco(), *chain(*lists))}.values())
