"""The part of Albumentations 2.0.8 that this project calls; every name not listed is a transform class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__version__: str

class BasicTransform:
    """One transform; called with targets by name, it returns them changed, by the same names."""

    p: float

    def __init__(self, *, p: float = ..., strict: bool = ..., **settings: Any) -> None: ...
    def __call__(self, *, force_apply: bool = ..., **targets: Any) -> dict[str, Any]: ...
    def apply(self, img: NDArray[np.uint8], **params: Any) -> NDArray[np.uint8]: ...
    def get_params(self) -> dict[str, Any]: ...
    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]: ...
    def set_random_seed(self, seed: int) -> None: ...
    def to_dict(self) -> dict[str, Any]: ...
    @property
    def py_random(self) -> Any: ...
    @property
    def random_generator(self) -> np.random.Generator: ...

class DualTransform(BasicTransform):
    """A transform that moves pixels: image and masks alike."""

class CropAndPad(DualTransform):
    """Declared because it is extended."""

class LongestMaxSize(DualTransform):
    """Declared because it is extended."""

class RandomResizedCrop(DualTransform):
    """Declared because it is extended."""

class RandomScale(DualTransform):
    """Declared because it is extended."""

class Resize(DualTransform):
    """Declared because it is extended."""

class SmallestMaxSize(DualTransform):
    """Declared because it is extended."""

class ImageOnlyTransform(BasicTransform):
    """A transform that changes the image only."""

class Downscale(ImageOnlyTransform):
    """Downscales the image and enlarges it again."""

    interpolation_pair: dict[str, int]

class Compose:
    """Transforms in order, on an image and what goes with it."""

    transforms: Sequence[BasicTransform | Compose]

    def __init__(
        self,
        transforms: Sequence[BasicTransform | Compose],
        *,
        additional_targets: dict[str, str] | None = ...,
        p: float = ...,
        is_check_shapes: bool = ...,
        strict: bool = ...,
        mask_interpolation: int | None = ...,
        seed: int | None = ...,
        save_applied_params: bool = ...,
    ) -> None: ...
    def __call__(self, *, force_apply: bool = ..., **targets: Any) -> dict[str, Any]: ...
    def __iter__(self) -> Any: ...
    def set_random_seed(self, seed: int | None) -> None: ...

class OneOf(Compose):
    """One of the transforms, drawn with their `p` as weights."""

    def __init__(self, transforms: Sequence[BasicTransform | Compose], p: float = ...) -> None: ...

class SomeOf(Compose):
    """`n` of the transforms."""

    def __init__(
        self,
        transforms: Sequence[BasicTransform | Compose],
        n: int = ...,
        replace: bool = ...,
        p: float = ...,
    ) -> None: ...

class Sequential(Compose):
    """Transforms in order, as one."""

    def __init__(self, transforms: Sequence[BasicTransform | Compose], p: float = ...) -> None: ...

def __getattr__(name: str) -> type[BasicTransform]: ...
