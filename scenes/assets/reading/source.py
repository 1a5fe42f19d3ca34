"""The content of a mesh file: triangles, unit, up axis, and notes on reading it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.resolver import MeshResolver, lost_texture
from scenes.geometry import conversion


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The content of a mesh file, before conversion to metres and z up.

    Attributes:
        raws: The triangles of each material, in the unit and frame of the file.
        unit_m: The unit of the file in metres, or None if the file does not state it.
        up: The axis that points up, `x`, `y` or `z`, or None if the file does not state it.
        images: For each texture to which the file refers, `found` or the reason why the texture is not used;
            see `MeshResolver`.
        inputs: SHA-256 of each requested file, keyed by the file's path relative to the mesh; "" if the file
            is missing or cannot be read.
        notes: Short notes on changes to the triangles.
        looks: Short notes on materials and textures, including ignored data.
    """

    raws: tuple[Raw, ...]
    unit_m: float | None
    up: str | None
    images: dict[str, str]
    inputs: dict[str, str]
    notes: tuple[str, ...]
    looks: tuple[str, ...]

    @property
    def to_metres_z_up(self) -> Floats:
        """The transform (4, 4) from coordinates in the file to metres with z up.

        A unit that is not stated is taken as metres, and an up axis that is not stated as z.
        """
        unit_m = 1.0 if self.unit_m is None else self.unit_m
        return np.array(conversion(unit_m, self.up or "z"))


def source_of(
    raws: tuple[Raw, ...], unit_m: float | None, up: str | None, resolver: MeshResolver, notes: Sequence[str]
) -> Source:
    """Creates a `Source`, and adds notes on textures that could not be used.

    Args:
        raws: The triangles of each material.
        unit_m: The unit of the file in metres, or None if the file does not state it.
        up: The axis that points up, or None if the file does not state it.
        resolver: The resolver with which the file was read. Its images, inputs and notes are used.
        notes: Notes on the triangles; duplicates are removed.
    """
    lost = [lost_texture(name, fate) for name, fate in resolver.images.items() if fate != "found"]
    looks = dict.fromkeys((*resolver.notes, *lost))
    images: dict[str, str] = dict(resolver.images)
    return Source(raws, unit_m, up, images, resolver.inputs, tuple(dict.fromkeys(notes)), tuple(looks))
