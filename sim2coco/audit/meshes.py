"""The surface of each asset: the user's mesh file, a procedural shape, or furniture in `run.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sim2coco.audit.geometry import Array
from sim2coco.audit.meshfile import Unreadable, read
from sim2coco.audit.solids import SHAPES, shape
from sim2coco.audit.stated import stated_transform
from sim2coco.audit.surface import Surface

CACHED = 256
"""Number of surfaces to keep in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The surface of an asset.

    Attributes:
        surface: The surface, in file coordinates; a procedural shape has a longest side of 1.
        to_frame: (4, 4), transform from the surface coordinates to the body frame, for a body of scale 1.
        of_file: Whether the surface comes from a file; if so, records contain its transform.
    """

    surface: Surface
    to_frame: Array
    of_file: bool


class Meshes:
    """The models of a data set.

    Args:
        run: The content of `run.json`.
        places: Dict from the key of each asset that comes from a file to its mesh file.
    """

    def __init__(self, run: Mapping[str, Any], places: Mapping[str, Path]) -> None:
        """Reads nothing; models are loaded on first use."""
        self._sources: Mapping[str, Any] = run.get("sources", {})
        self._assets: Mapping[str, Any] = run["recipe"]["assets"]
        self._places = places
        self._cached = lru_cache(CACHED)(self._made)

    def model(self, key: str) -> Model | str:
        """Returns the model of an asset `name@hash`, or the reason why its surface is unknown."""
        return self._cached(key)

    def category(self, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Returns the name and settings of an asset's category; None for furniture."""
        name = key.rpartition("@")[0]
        known = {**self._assets.get("distractors", {}), **self._assets["categories"]}
        found = [category for category in known if name == category or name.startswith(f"{category}/")]
        return max(((one, known[one]) for one in found), key=lambda pair: len(pair[0]), default=None)

    def _made(self, key: str) -> Model | str:
        source, found = self._sources.get(key), self.category(key)
        settings = found[1] if found else {}
        if source is not None and "triangles_m" in source:
            return Model(Surface.of(np.array(source["triangles_m"], np.float64)), np.eye(4), False)
        if settings.get("shape") in SHAPES:
            to_frame = np.diag([*[_largest(settings["size_m"])] * 3, 1.0])
            return Model(Surface.of(shape(settings["shape"])), to_frame, False)
        if source is None:
            return "run.json does not list its file (written by an earlier version)"
        return self._of_file(key, settings, source)

    def _of_file(self, key: str, settings: Mapping[str, Any], source: Mapping[str, Any]) -> Model | str:
        try:
            file = read(self._places[key])
        except Unreadable as error:
            return f"{source['file']} {error}"
        size_m = None if settings.get("size_m") is None else _largest(settings["size_m"])
        to_frame = stated_transform(file, size_m, source.get("stated", {}))
        return Model(Surface.of(file.triangles), to_frame, True)


def _largest(size_m: Any) -> float:
    """The size at scale 1: `size_m` if it is a number, the upper end if it is a range."""
    return float(size_m[1] if isinstance(size_m, list) else size_m)
