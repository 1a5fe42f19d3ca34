"""Building blocks of settings: strict, frozen models, random ranges, and classes selected by `kind`."""

import difflib
import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Number = TypeVar("Number", int, float)
NO_TEXT = re.compile(r"(?<!\\)(?<!\\ud[89ab][0-9a-f]{2})\\udc([89a-f][0-9a-f])")
"""Matches the JSON escape of a surrogate that stands for a byte that is not UTF-8."""
SMALLEST, LARGEST = 1e-9, 1e9
"""Limits of the magnitude of floats, so that their products do not overflow."""


class Settings(BaseModel):
    """A group of settings. Unknown keys, values of another type, NaN and extreme numbers are invalid."""

    without: ClassVar[tuple[str, ...]] = ()
    """Inherited settings that do not apply to this class: they are not listed, and keep their defaults."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        defer_build=True,  # validators are built when they are used: most kinds are not, and each takes 2 ms
    )

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Parses settings from JSON values (dicts, lists, numbers, strings).

        Validation runs in pydantic's JSON mode, because the strict Python mode rejects lists for tuples.

        Raises:
            pydantic.ValidationError: A key or a value is invalid.
        """
        # File names that are not UTF-8 are escaped as in `scenes.assets.filenames`.
        return cls.model_validate_json(NO_TEXT.sub(r"\\\\x\1", json.dumps(tree)))

    @field_validator("*")
    @classmethod
    def _check_magnitude(cls, value: Any) -> Any:
        """Checks the magnitude of a float, or of each float in a range or colour."""
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and number and not SMALLEST <= abs(number) <= LARGEST:
                raise ValueError(f"must be 0 or between {SMALLEST:g} and {LARGEST:g} in magnitude")
        return value


class Kind(Settings):
    """Base class of settings that select one of several registered classes by the field `kind`.

    Each direct subclass, such as `class Scene(Kind)`, has its own registry, `family`. Defining a subclass of
    `Scene` with a default value for `kind` registers the subclass under this value.
    """

    kind: str
    """Name of the class within its family."""

    family: ClassVar[dict[str, type["Kind"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Creates a registry for a direct subclass of `Kind`; registers any other subclass."""
        if Kind in cls.__bases__:
            cls.family = {}
        elif (kind := cls.model_fields["kind"].default) in cls.family:
            raise TypeError(f"kind {kind!r} is registered twice; give {cls.__name__} its own kind")
        elif isinstance(kind, str):
            cls.family[kind] = cls


def load_kinds(*packages: ModuleType) -> None:
    """Imports all modules of the given packages, which registers the `Kind` classes that they define."""
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def did_you_mean(word: str, known: list[str]) -> str:
    """Returns a hint for an error message: the closest known name, or all names if none is close."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(known) or 'none'}"


def check_known(what: str, word: str, known: Iterable[str]) -> None:
    """Checks that a name is one of the known names.

    Args:
        what: What the name stands for, for the error message, such as `texture`.
        word: The name to check.
        known: All valid names.

    Raises:
        ValueError: The name is unknown; the message suggests the closest known name.
    """
    names = sorted(known)
    if word not in names:
        raise ValueError(f"unknown {what} {word!r}; {did_you_mean(word, names)}")


def as_tuple(value: object) -> object:
    """Converts a string to a tuple of one, and a list to a tuple, because strict validation rejects both."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def one_of(family: type[Kind], unnamed: str | None = None) -> BeforeValidator:
    """Returns a pydantic validator that parses mappings as settings of a registered class.

    The entry `kind` of a mapping selects the class. Values that are not mappings are returned unchanged.

    Args:
        family: The direct subclass of `Kind` whose registry is used.
        unnamed: The kind for mappings that have no entry `kind`; if None, such mappings are invalid.
    """

    def build(value: object) -> object:
        if not isinstance(value, dict):
            return value
        kind = value.get("kind", unnamed)
        if kind not in family.family:
            raise ValueError(f"unknown kind {kind!r}; {did_you_mean(str(kind), sorted(family.family))}")
        return family.family[kind].parse(value)

    return BeforeValidator(build)


def _as_pair(value: object) -> object:
    pair = isinstance(value, list | tuple) and len(value) == 2
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value, value)
    if not pair:
        raise ValueError("must be a number or [low, high]")
    return tuple(value)  # type: ignore[arg-type]


def _ordered(pair: tuple[Number, Number]) -> tuple[Number, Number]:
    if pair[0] > pair[1]:
        raise ValueError(f"low {pair[0]} is above high {pair[1]}")
    return pair


def within(low: float = -np.inf, high: float = np.inf) -> AfterValidator:
    """Returns a validator that checks that both ends of a range lie within limits (inclusive)."""

    def check(pair: tuple[Number, Number]) -> tuple[Number, Number]:
        if pair[0] < low or pair[1] > high:
            raise ValueError(
                f"must be at least {low:g}" if high == np.inf else f"must be between {low:g} and {high:g}"
            )
        return pair

    return AfterValidator(check)


Range = Annotated[tuple[float, float], BeforeValidator(_as_pair), AfterValidator(_ordered)]
"""A number, or `[low, high]` with both ends included, from which floats are sampled uniformly."""

IntRange = Annotated[tuple[int, int], BeforeValidator(_as_pair), AfterValidator(_ordered)]
"""An integer, or `[low, high]` with both ends included, from which integers are sampled uniformly."""

NonNegative = Annotated[Range, within(0.0)]
"""A range of numbers that are at least 0."""

Positive = Annotated[Range, within(1e-6)]
"""A range of numbers that are greater than 0."""

ShareRange = Annotated[Range, within(0.0, 1.0)]
"""A range of numbers between 0 and 1."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number between 0 and 1."""

Rgb = tuple[Share, Share, Share]
"""A colour, each channel between 0 and 1."""


def uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Samples a float uniformly between two bounds. Always consumes one random number."""
    low, high = bounds
    return float(low + (high - low) * rng.random())


def uniform_int(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    """Samples an integer uniformly between two inclusive bounds. Consumes one random number."""
    low, high = bounds
    return low + min(int(rng.random() * (high - low + 1)), high - low)


def length_m(
    rng: np.random.Generator,
    in_sizes: tuple[float, float],
    in_metres: tuple[float, float] | None,
    unit_m: float,
) -> float:
    """Samples a length in metres, from `in_metres` if it is given. Always consumes one random number.

    Args:
        rng: Generator.
        in_sizes: Range in multiples of the typical object size, used if `in_metres` is None.
        in_metres: Range in metres, or None.
        unit_m: The typical object size in metres.
    """
    return unit_m * uniform(rng, in_sizes) if in_metres is None else uniform(rng, in_metres)


Streams = Callable[..., np.random.Generator]
"""Function that returns the random generator for a name, such as `streams("poses", body=3)` for body 3."""
