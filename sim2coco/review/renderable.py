"""Checks records before they are rendered: they may have been edited, and some values crash native code."""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from scenes.shot import Shot
from sim.settled import Settled
from sim2coco.recipe import Recipe

MAX_ENTRIES = 10_000
"""Maximum number of bodies, and of entries of any other list; a recipe asks for at most 4,000 objects."""
LARGEST = 1e6
"""Largest absolute value in a scene or a shot; valid lengths, pixels and factors are far smaller."""
MOST = {"frames": 1000, "bands": 10_000, "bits": 16, "window_px": 1000, "jpeg_quality": 100}
"""Maximum values of integers that determine the amount of computation; the minimum is 1."""


def unrenderable(recipe: Recipe, settled: Settled, shot: Shot) -> str | None:
    """Returns why a view cannot be rendered from its record; None if it can be rendered.

    Args:
        recipe: The settings of the data set.
        settled: The scene in the record.
        shot: The camera and light in the record.
    """
    camera, wanted = shot.camera, (recipe.image.width, recipe.image.height)
    if (camera.width, camera.height) != wanted:
        told = f"its camera has {camera.width} x {camera.height} pixels"
        return f"{told}, but config.yaml states {wanted[0]} x {wanted[1]}"
    return next(_faults([settled, shot]), None)


def _faults(value: Any, name: str = "") -> Iterator[str]:
    """Yields the invalid numbers in a value and everything nested in it, each described in a few words."""
    if isinstance(value, float) and not abs(value) <= LARGEST:
        yield f"{name} is {value:g}"
    elif name in MOST and type(value) is int and not 1 <= value <= MOST[name]:
        yield f"{name} is {value:g}, not from 1 to {MOST[name]}"
    elif name == "quat_xyzw" and isinstance(value, tuple) and not 0.5 < math.hypot(*value) < 2:
        yield f"{name} has the length {math.hypot(*value):g}, not 1"
    elif isinstance(value, list | tuple) and len(value) > MAX_ENTRIES:
        yield f"{name} has {len(value)} entries, more than {MAX_ENTRIES}"
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _faults(inner, name)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _faults(getattr(value, field.name), field.name)
