"""The columns of the table `assets.csv` or `assets.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from scenes.assets.reading.containers import UNITS_M
from scenes.settings import Settings
from sim2coco.library.lengths import metres

UPS = ("x", "y", "z")
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
COLLISIONS = ("hull", "convex")


def _one_of(meanings: Mapping[str, object]) -> BeforeValidator:
    """A validator that maps one of the given words, case-insensitively, to its value."""

    def meaning(word: str) -> object:
        if word.lower() not in meanings:
            raise ValueError(f"must be one of {', '.join(meanings)}")
        return meanings[word.lower()]

    return BeforeValidator(meaning)


def _category(name: str) -> str:
    if {"/", "#"} & set(name):
        raise ValueError("must not contain / or #")
    return name


ANSWERS = {"unit": "; --unit mm sets it for all files", "up": "; --up z sets it for all files"}
"""Hint appended to the error message about a guess, by column."""


AboveZero = Annotated[float, Field(gt=0, strict=False)]
"""A number above 0; a string is converted."""


class Columns(Settings):
    """A line of the table: what the user states about a file. None means that nothing is stated."""

    file: str
    """Path of the file relative to the folder, or a pattern like `bolts/*.stl`."""
    category: Annotated[str, AfterValidator(_category)] | None = None
    """Category with which the object is labelled."""
    unit: Annotated[float, _one_of(UNITS_M)] | None = None
    """Unit of the coordinates in the file, stored as its length in metres."""
    up: Annotated[str, _one_of({axis: axis for axis in UPS})] | None = None
    """Axis of the file that points up."""
    longest_m: Annotated[AboveZero, BeforeValidator(metres)] | None = None
    """Longest side of the bounding box, in metres or with its unit (`85 mm`), as an alternative to a unit."""
    density: AboveZero | None = None
    """Density in kg/m³."""
    licence: str | None = None
    """Licence of the mesh."""
    upright: Annotated[bool, _one_of(YES_NO)] | None = None
    """Whether the object is released upright, turned only about the vertical axis."""
    collision: Annotated[str, _one_of({way: way for way in COLLISIONS})] | None = None
    """Its collision shape: `hull`, or `convex` for convex pieces."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_guess(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str) and value.endswith("?") and info.field_name != "file":
            more = ANSWERS.get(info.field_name or "", "")
            raise ValueError(f"{value!r} is a guess: correct it, or remove the ?{more}")
        return value

    def over(self, other: Self) -> Self:
        """Returns a copy of `other`, updated with all values that are set in this line except `file`."""
        said = {name: getattr(self, name) for name in self.model_fields_set if name != "file"}
        return other.model_copy(update=said)


COLUMNS = tuple(Columns.model_fields)
