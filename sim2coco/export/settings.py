"""Which formats of annotations a run writes."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SerializeAsAny

from scenes.settings import Settings, one_of
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format


def _written_out(value: object) -> object:
    """The entries of a list, with `{kind: NAME}` in place of a name alone."""
    if not isinstance(value, list):
        return value
    return tuple({"kind": entry} if isinstance(entry, str) else entry for entry in value)


def _each_once(formats: tuple[Format, ...]) -> tuple[Format, ...]:
    kinds = [format.kind for format in formats]
    if repeated := [kind for kind in kinds if kinds.count(kind) > 1]:
        raise ValueError(f"{repeated[0]!r} is there twice")
    return formats


class Export(Settings):
    """Formats of the annotations."""

    formats: Annotated[
        tuple[SerializeAsAny[Annotated[Format, one_of(Format)]], ...],
        BeforeValidator(_written_out),
        AfterValidator(_each_once),
    ] = (Coco(),)
    """Names, or {kind: NAME, ...}; COCO is written in any case, and so is what the data set has already."""


def combined(*lists: Iterable[Format]) -> tuple[Format, ...]:
    """COCO and all formats of some lists, each once, with the settings that it has last."""
    return tuple({format.kind: format for format in (Coco(), *chain(*lists))}.values())
