"""What people write: strict, frozen settings, ranges that are drawn from, and choices named by `kind`."""

import difflib
import importlib
import json
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Number = TypeVar("Number", int, float)


class Settings(BaseModel):
    """A group of settings: unknown keys, NaN and values of another type are refused."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    @classmethod
    def parse(cls, tree: object) -> Self:
        """The settings that a tree of plain JSON values (dicts, lists, numbers, strings) describes.

        Validation runs in pydantic's JSON mode: strict Python mode would refuse a list for a tuple.

        Raises:
            pydantic.ValidationError: A key or a value is not allowed.
        """
        return cls.model_validate_json(json.dumps(tree))


class Kind(Settings):
    """A choice among classes, named by its field `kind`.

    A direct subclass opens a family (`class Scene(Kind)`); every class below it that gives `kind` a
    default joins the family under that name. Defining the class is the registration.
    """

    kind: str
    """Which one of the family."""

    family: ClassVar[dict[str, type["Kind"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Open a family, or join one."""
        if Kind in cls.__bases__:
            cls.family = {}
        elif (kind := cls.model_fields["kind"].default) in cls.family:
            raise TypeError(f"kind {kind!r} is registered twice")
        elif isinstance(kind, str):
            cls.family[kind] = cls


def load_kinds(*packages: ModuleType) -> None:
    """Imports every module of some packages, so that the kinds in them are registered."""
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def did_you_mean(word: str, known: list[str]) -> str:
    """A clause that names the closest known word, or all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(known) or 'none'}"


def one_of(family: type[Kind], unnamed: str | None = None) -> BeforeValidator:
    """A validator that builds the member of a family which a mapping's `kind` names.

    Args:
        family: The class that opened the family.
        unnamed: The kind of a mapping without `kind`; None refuses such mappings.
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
    """A validator that keeps both ends of a range between two limits (included)."""

    def check(pair: tuple[Number, Number]) -> tuple[Number, Number]:
        if pair[0] < low or pair[1] > high:
            raise ValueError(
                f"must be at least {low:g}" if high == np.inf else f"must lie between {low:g} and {high:g}"
            )
        return pair

    return AfterValidator(check)


Range = Annotated[tuple[float, float], BeforeValidator(_as_pair), AfterValidator(_ordered)]
"""A number or `[low, high]`, both ends included; drawn uniformly."""

IntRange = Annotated[tuple[int, int], BeforeValidator(_as_pair), AfterValidator(_ordered)]
"""A whole number or `[low, high]`, both ends included; drawn uniformly."""

NonNegative = Annotated[Range, within(0.0)]
"""A range of numbers from 0 up."""

Positive = Annotated[Range, within(1e-6)]
"""A range of numbers above 0."""

ShareRange = Annotated[Range, within(0.0, 1.0)]
"""A range of numbers between 0 and 1."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number between 0 and 1."""

Rgb = tuple[Share, Share, Share]
"""A colour, each channel between 0 and 1."""


def uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """A number between two ends, uniformly; one draw, also when both ends are the same."""
    low, high = bounds
    return float(low + (high - low) * rng.random())


def uniform_int(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    """A whole number between two ends, both included, uniformly; always exactly one draw."""
    low, high = bounds
    return low + min(int(rng.random() * (high - low + 1)), high - low)


Streams = Callable[..., np.random.Generator]
"""`streams("poses", body=3)`: the generator of one named stream of the scene that is being drawn."""
