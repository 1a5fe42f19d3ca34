"""Named mesh regions: the triangles of a material or group, or the white area of a texture mask."""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, field_validator, model_validator

from scenes.assets.beside import facts_beside
from scenes.assets.mesh import MeshError
from scenes.assets.reading.image import ImageError, decode_mask
from scenes.assets.reading.named import Named
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.stored import DAMAGED, content_name
from scenes.geometry import Matrix
from scenes.settings import Settings, as_tuple

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]

SUFFIX = ".regions.yaml"
"""Suffix of a region file, which replaces the suffix of the mesh file."""
MAX_TOLD = 12
"""Largest number of names listed in a message."""


class RegionSettings(Settings):
    """A region of a mesh: the triangles that meet all conditions, where the mask is white."""

    material: Names = ()
    """Materials of the region, such as [Cap, Lid*]; `*` matches any characters."""
    group: Names = ()
    """Groups or objects (OBJ), or nodes or meshes (glTF), of the region, such as [cap, handle]."""
    texture_mask: str | None = None
    """Mask image, mapped like the mesh's texture: white is the region, black or transparent is not."""
    supercategory: str = "region"
    """COCO's supercategory."""

    @model_validator(mode="after")
    def _says_what(self) -> "RegionSettings":
        if not (self.material or self.group or self.texture_mask):
            raise ValueError("give material, group or texture_mask")
        return self

    @field_validator("texture_mask")
    @classmethod
    def _below_the_mesh(cls, mask: str | None) -> str | None:
        if mask is not None and (Path(mask).is_absolute() or ".." in Path(mask).parts):
            raise ValueError(f"{mask!r} must be a relative path inside the folder of the mesh file")
        return mask


class RegionFile(Settings):
    """The region file next to a mesh file."""

    regions: Annotated[dict[str, RegionSettings], Field(min_length=1)]
    """The regions by name; where two overlap, the later is on top."""

    @field_validator("regions")
    @classmethod
    def _named(cls, regions: dict[str, RegionSettings]) -> dict[str, RegionSettings]:
        return check_names(regions)


def check_names(regions: dict[str, RegionSettings]) -> dict[str, RegionSettings]:
    """Checks region names, and returns the regions.

    Raises:
        ValueError: A name is empty.
    """
    if not all(name.strip() for name in regions):
        raise ValueError("a region has no name")
    return regions


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A region of a mesh.

    Attributes:
        name: Name of the region, and of its category.
        supercategory: COCO supercategory.
        faces: (m,) mask of the triangles that may contain the region.
        mask: (h, w) uint8, top row first, at least 128 where the region is; None if the region covers all of
            its triangles.
    """

    name: str
    supercategory: str
    faces: Mask
    mask: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The regions of a mesh, and all triangles of the mesh file, including triangles without a region.

    Attributes:
        corners_m: (m, 3, 3) vertices of the triangles.
        uvs: (m, 3, 2) texture coordinates, v up; NaN where there are none.
        wraps: (m, 2) for each triangle, how masks continue outside 0..1 along u and v, as indices into
            `WRAPS` of the module `named`.
        areas: The regions; where two overlap, the one that comes later in this tuple is on top.
    """

    corners_m: Array
    uvs: Array
    wraps: NDArray[np.uint8]
    areas: tuple[Area, ...]

    def placed(self, matrix: Matrix) -> "Regions":
        """Returns the regions transformed by `matrix`."""
        turn = np.array(matrix)
        return replace(self, corners_m=self.corners_m @ turn[:3, :3].T + turn[:3, 3])

    def area(self, name: str) -> Area:
        """Returns the region with the given name."""
        return next(area for area in self.areas if area.name == name)

    @property
    def content(self) -> dict[str, str]:
        """Dict from the name of each region to a hash of its triangles and mask."""
        shape, places = self.corners_m.tobytes(), self.uvs.tobytes()
        if self.wraps.any():
            places += self.wraps.tobytes()
        return {
            area.name: sha256(
                b"".join([shape, area.faces.tobytes(), places if area.mask is not None else b""])
                + (b"" if area.mask is None else repr(area.mask.shape).encode() + area.mask.tobytes())
            ).hexdigest()[:16]
            for area in self.areas
        }


def regions_beside(mesh: Path) -> dict[str, RegionSettings]:
    """Reads the region file next to a mesh file, for example `bottle.regions.yaml` next to `bottle.obj`.

    Returns a dict from region names to settings; an empty dict if there is no such file.

    Raises:
        MeshError: The file cannot be read; the message is one line.
    """
    found = facts_beside(mesh, SUFFIX, RegionFile)
    return {} if found is None else found.regions


def regions_of(path: Path, wanted: Mapping[str, RegionSettings], resolver: MeshResolver) -> Regions:
    """Returns the regions of a mesh file, in the coordinates of the file.

    Args:
        path: The mesh file.
        wanted: The settings of each region, keyed by the name of the region.
        resolver: Opens the masks.

    Raises:
        MeshError: The mesh or a mask cannot be used, or a region is empty. If a material or group does not
            exist, the message lists the names in the mesh.
    """
    from scenes.assets.reading.naming import read_named  # takes 0.1 s to import; shapes do not need it

    try:
        named = read_named(path, resolver.roots)
    except Refused as refused:
        raise MeshError(f"{refused.sentence}; {refused.remedy}") from refused
    areas = (_area(named, name, region, resolver) for name, region in wanted.items())
    return Regions(named.corners, named.uvs, named.wrap_of, tuple(areas))


def _area(named: Named, name: str, region: RegionSettings, resolver: MeshResolver) -> Area:
    told = f"region {name!r}"
    faces = np.ones(len(named.corners), np.bool_)
    materials = [(material,) for material in named.materials]
    for what, words, index, known in (
        ("material", region.material, named.material_of, materials),
        ("group", region.group, named.groups_of, named.groups),
    ):
        if words:
            faces &= _chosen(f"{told}: no {what}", words, known, named)[index]
    if not faces.any():
        raise MeshError(f"{told}: no triangle has both its material and its group")
    if region.texture_mask is None:
        return Area(name, region.supercategory, faces, None)
    faces &= np.isfinite(named.uvs).all(axis=(1, 2))
    if not faces.any():
        raise MeshError(f"{told}: texture_mask needs texture coordinates, but its triangles have none")
    return Area(name, region.supercategory, faces, _mask(told, region.texture_mask, resolver))


def _chosen(what: str, words: Iterable[str], known: Iterable[tuple[str, ...]], named: Named) -> Mask:
    """Finds the materials or groups of a mesh that match a region's settings.

    Args:
        what: Beginning of the error message.
        words: The names or patterns in the settings.
        known: For each material or combination of groups, its names.
        named: The mesh; the error message lists its names.

    Returns:
        For each entry of `known`, whether one of its names matches one of `words`.

    Raises:
        MeshError: A wanted name matches nothing; the message lists the names in the mesh.
    """
    known = [*known]
    chosen = np.zeros(len(known), np.bool_)
    for word in words:
        fits = np.array([any(name == word or fnmatchcase(name, word) for name in names) for names in known])
        if not fits.any():
            raise MeshError(f"{what} {word!r}; {_told(named)}")
        chosen |= fits
    return chosen


def _told(named: Named) -> str:
    """Lists the material and group names of a mesh, for a message."""
    used = [named.materials[index] for index in np.unique(named.material_of)]
    inside = [name for index in np.unique(named.groups_of) for name in named.groups[index]]
    lists = (("materials", used), ("groups", inside))
    parts = [f"the {what} {_some(names)}" for what, names in lists if any(names)]
    return f"the mesh has {' and '.join(parts)}" if parts else "the mesh has no material or group names"


def _some(names: Iterable[str]) -> str:
    distinct = [*dict.fromkeys(filter(None, names))]
    return ", ".join(distinct[:MAX_TOLD]) + (", ..." if len(distinct) > MAX_TOLD else "")


def _mask(told: str, name: str, resolver: MeshResolver) -> NDArray[np.uint8]:
    try:
        mask = decode_mask(resolver.get(name), name)
    except FileNotFoundError as error:
        raise MeshError(f"{told}: {name} is missing or cannot be read") from error
    except Refused as refused:
        raise MeshError(f"{told}: {refused.sentence}; {refused.remedy}") from refused
    except ImageError as error:
        raise MeshError(f"{told}: {error}") from error
    if mask.max() < 128:
        raise MeshError(f"{told}: {name} is black everywhere; the region must be white")
    return mask


def regions_bytes(regions: Regions) -> bytes:
    """Serializes regions."""
    heads = [[area.name, area.supercategory] for area in regions.areas]
    arrays = {
        "names": np.array(json.dumps(heads)),
        "corners_m": regions.corners_m,
        "uvs": regions.uvs,
        "wraps": regions.wraps,
        **{f"{index}/faces": area.faces for index, area in enumerate(regions.areas)},
        **{f"{index}/mask": area.mask for index, area in enumerate(regions.areas) if area.mask is not None},
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def read_regions(path: Path) -> Regions:
    """Reads the regions in a file that contains the result of `regions_bytes`.

    Raises:
        MeshError: The file is missing or damaged.
    """
    try:
        content = path.read_bytes()
        if content_name(content) != path.stem:
            raise MeshError("its region file is damaged or was changed")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            areas = tuple(
                Area(name, supercategory, arrays[f"{index}/faces"], arrays.get(f"{index}/mask"))
                for index, (name, supercategory) in enumerate(json.loads(str(arrays["names"])))
            )
            return Regions(arrays["corners_m"], arrays["uvs"], arrays["wraps"], areas)
    except DAMAGED as error:
        if isinstance(error, MeshError):
            raise
        raise MeshError("its region file is missing or damaged") from error
