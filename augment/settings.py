"""Settings of the augmentation."""

import inspect
import json
import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import ConfigDict, Field, ValidationError, model_validator

from augment.allowed import BOUNDS, GEOMETRY, LIMITS, MOVING, PIXELS
from augment.tested import is_tested
from scenes.settings import Settings, Share, did_you_mean

if TYPE_CHECKING:  # slow to import, and not needed without transforms
    from augment.library import A


class TransformSettings(Settings):
    """One transform: its class name in Albumentations, its probability, and its own arguments.

    Example:
        >>> Geometry.parse({"name": "Affine", "p": 0.3, "rotate": [-8, 8]}).arguments
        {'rotate': [-8, 8]}
    """

    model_config = ConfigDict(extra="allow")
    allowed: ClassVar[Mapping[str, float]]

    name: str
    """Class name in Albumentations."""
    p: Share
    """Probability that it changes an image."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that the user has written, without the name and the probability."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if not (self.name in self.allowed and is_tested(self.name, self.arguments)):
            self.build()
        return self

    def build(self) -> "A.BasicTransform":
        """Creates the transform, and tests it on a small black image.

        Raises:
            ValueError: The transform or one of its arguments is not allowed.
        """
        kind = self._kind()
        with warnings.catch_warnings():
            # Albumentations replaces some invalid values and only warns about it.
            warnings.simplefilter("error")
            try:
                transform = kind(**self._complete(kind), p=self.p, **_strict(kind))
                _try(transform)
            # Any exception that Albumentations raises here is caused by an argument.
            except Exception as error:
                raise ValueError(f"transform {self.name}: {_reason(error)}") from error
        return transform

    def _kind(self) -> "type[A.BasicTransform]":
        from augment.centred import transform_class

        if self.name in self.allowed:
            return transform_class(self.name)
        if self.name in MOVING:
            raise ValueError(f"transform {self.name} moves the image but not the labels: {MOVING[self.name]}")
        if self.name in GEOMETRY or self.name in PIXELS:
            other = "geometry" if self.name in GEOMETRY else "pixels"
            raise ValueError(f"transform {self.name!r} is not allowed here; it belongs under {other}")
        raise ValueError(f"unknown transform {self.name!r}; {did_you_mean(self.name, sorted(self.allowed))}")

    def _complete(self, kind: "type[A.BasicTransform]") -> dict[str, Any]:
        """Checks the arguments, and returns them with missing ones set to the defaults of `LIMITS`."""
        known = [name for name in inspect.signature(kind.__init__).parameters if name not in ("self", "p")]
        own = {name: LIMITS.get(f"{self.name}.{name}", LIMITS.get(name)) for name in known}
        limited = {name: values for name, values in own.items() if values is not None}
        for name, value in self.arguments.items():
            if name not in known:
                raise ValueError(f"unknown argument {name!r}; {did_you_mean(name, known)}")
            if name in limited and value not in limited[name]:
                only = " or ".join(map(json.dumps, limited[name]))
                raise ValueError(f"argument {name!r} must be {only}")
            if not _finite(value):
                raise ValueError(f"argument {name!r} must be finite")
            _check_bounds(self.name, name, value)
        return {**{name: values[0] for name, values in limited.items()}, **self.arguments}


class Geometry(TransformSettings):
    """A transform that moves pixels, in the image and in all labels."""

    allowed = GEOMETRY


class Pixels(TransformSettings):
    """A transform that changes the image and no label; dropouts clear the ids of the pixels they cover."""

    allowed = PIXELS


class AugmentSettings(Settings):
    """Augmentation of rendered images.

    The random numbers of a transform depend on its key, so changing, adding or removing one transform does
    not change the random numbers of the others.
    """

    splits: tuple[str, ...] = ("train",)
    """Splits whose images are augmented, such as [train]."""
    copies: Annotated[int, Field(ge=0, le=99)] = 0
    """Augmented copies written beside each image; 0 replaces the image by its augmentation."""
    tries: Annotated[int, Field(ge=1, le=99)] = 3
    """Attempts to find an augmentation that passes the checks, before the image is rejected."""
    geometry: dict[str, Geometry] = Field(default={})
    """Transforms that move pixels, in order, such as {flip: {name: HorizontalFlip, p: 0.5}}; remove one
    with `~augment.geometry.NAME`."""
    pixels: dict[str, Pixels] = Field(default={})
    """Transforms of the image only, after `geometry`, such as {gray: {name: ToGray, p: 0.1}}; remove one
    with `~augment.pixels.NAME`."""


def _check_bounds(transform: str, name: str, value: object) -> None:
    """Refuses values with which the transform would move edges.

    Raises:
        ValueError: A number is out of bounds.
    """
    low, high = BOUNDS.get(f"{transform}.{name}", (-math.inf, math.inf))
    numbers = [
        part for part in (value if isinstance(value, list) else [value]) if isinstance(part, int | float)
    ]
    if not all(low <= number <= high for number in numbers):
        raise ValueError(f"argument {name!r} must be between {low} and {high}; other values would move edges")


def _finite(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _strict(kind: "type[A.BasicTransform]") -> dict[str, Any]:
    """The option `strict=True` if the transform accepts it; MedianBlur, RandomRotate90 and ToSepia do not."""
    owner = next(parent for parent in kind.__mro__ if "__init__" in vars(parent))
    return {"strict": True} if "InitSchema" in vars(owner) else {}


def _try(transform: "A.BasicTransform") -> None:
    """Runs the transform once, to find errors that appear only then, like a colour with too few channels."""
    transform.set_random_seed(0)
    black = np.zeros((96, 128, 3), np.uint8)
    image = transform(force_apply=True, image=black, mask=black[..., 0].copy())["image"]
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError("the arguments must produce a colour image")


def _reason(error: Exception) -> str:
    """The error as one line, with the name of the argument if it is known."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return " ".join(str(error).split())
    first = cause.errors()[0]["loc"][:1]
    messages = dict.fromkeys(
        item["msg"].removeprefix("Value error, ") for item in cause.errors() if item["loc"][:1] == first
    )
    argument = f"argument {str(first[0])!r}: " if first else ""
    return argument + " ".join(" or ".join(messages).split())
