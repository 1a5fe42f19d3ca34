"""What a line of the table `assets.csv` or `assets.yaml` can say."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from scenes.assets.reading.containers import UNITS_M
from scenes.settings import Settings

UPS = ("x", "y", "z")
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
COLLISIONS = ("hull", "convex")


def _one_of(meanings: Mapping[str, object]) -> BeforeValidator:
    """A validator that takes what one of some words, in upper or lower case, means."""

    def meaning(word: str) -> object:
        if word.lower() not in meanings:
            raise ValueError(f"must be one of {', '.join(meanings)}")
        return meanings[word.lower()]

    return BeforeValidator(meaning)


def _category(name: str) -> str:
    if {"/", "#"} & set(name):
        raise ValueError("must not have / or #")
    return name


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


AboveZero = Annotated[float, Field(gt=0, strict=False)]
"""A number above 0, also as text."""


class Columns(Settings):
    """What a line of the table says about a file; None says nothing."""

    file: Annotated[str, AfterValidator(_slashed)]
    """Its path in the folder, or a pattern like `bolts/*.stl`."""
    category: Annotated[str, AfterValidator(_category)] | None = None
    """What it is labelled as."""
    unit: Annotated[float, _one_of(UNITS_M)] | None = None
    """The unit of its numbers; here in metres."""
    up: Annotated[str, _one_of({axis: axis for axis in UPS})] | None = None
    """Its axis that points up."""
    longest_m: AboveZero | None = None
    """Its longest side, instead of a unit."""
    density: AboveZero | None = None
    """Mass per volume, kg/m³."""
    licence: str | None = None
    """Under what licence it may be used."""
    upright: Annotated[bool, _one_of(YES_NO)] | None = None
    """Whether it stands when it is let go."""
    collision: Annotated[str, _one_of({way: way for way in COLLISIONS})] | None = None
    """What stands for it in physics."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_guess(cls, value: object) -> object:
        if isinstance(value, str) and value.endswith("?"):
            raise ValueError(f"{value!r} is a guess: correct it, or take the ? away")
        return value

    def over(self, other: Self) -> Self:
        """What another line says about its file, but for what this one says."""
        said = {name: getattr(self, name) for name in self.model_fields_set if name != "file"}
        return other.model_copy(update=said)


COLUMNS = tuple(Columns.model_fields)
