"""The categories of a data set and the meshes behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scenes.assets.images import MAX_POOL, Album, Images
from scenes.assets.mesh import Mesh
from scenes.assets.pieces import Array
from scenes.settings import Rgb, uniform


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a standing body reaches from its centre of mass, at scale 1, in metres."""

    aside_m: float
    below_m: float
    above_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Asset:
    """One mesh with what physics needs: in metres, about its own origin, at scale 1.

    Attributes:
        key: `name@hash`: the name to read, and the content that it stands for.
        name: Category and file, unique in a catalogue.
        content: What it is at any size: the hash of the mesh as its file has it, or `shape:` and which.
        category: Place in the category list from 0; None for a distractor.
        mesh: The surface, longest side `size_m[1]` of its category, or the file's numbers.
        scale: Range of factors on the mesh.
        mass_kg: Mass at scale 1.
        center_of_mass_m: (3,) in the mesh frame.
        radius_m: Of the sphere about the centre of mass that holds the whole mesh at scale 1.
        recolored: Whether objects get a colour of their own.
        color_rgb: A colour given by the user, or None.
        standing: How far it reaches when it stands, for what is let go standing; else None.
        pieces: Corners (n, 3) of the convex pieces that stand for it in physics; empty for its hull.
    """

    key: str
    name: str
    content: str
    category: int | None
    mesh: Mesh
    scale: tuple[float, float]
    mass_kg: float
    center_of_mass_m: tuple[float, float, float]
    radius_m: float
    recolored: bool
    color_rgb: Rgb | None
    licence: str
    standing: Standing | None = None
    pieces: tuple[Array, ...] = ()


class CatalogueError(ValueError):
    """Meshes that cannot be used; names the setting, the file and what is wrong."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All that a data set, or one split of it, is made of.

    Attributes:
        groups: The assets of category i at place i.
        images: The users' images, by role.
        members: Which pictures of each procedural texture may be drawn.
        furniture: The meshes of furniture, by the names that the kind of scene gives them.
        notes: What of the mesh files is not used or was done to read them, each with its setting.
        whole: What all splits are made of; None if that is this one.
    """

    names: tuple[str, ...]
    supercategories: tuple[str, ...]
    weights: tuple[float, ...]
    groups: tuple[tuple[Asset, ...], ...]
    distractor_weights: tuple[float, ...]
    distractor_groups: tuple[tuple[Asset, ...], ...]
    images: Images = field(default_factory=dict)
    members: Sequence[int] = range(MAX_POOL)
    furniture: Mapping[str, Asset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    whole: "Catalogue | None" = None

    def album(self, role: str) -> Album:
        """The pictures that surfaces of a role may have."""
        return Album(self.images.get(role, ()), self.members)

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Every asset by its key."""
        return {asset.key: asset for asset in (*self.furniture.values(), *self.drawn())}

    def drawn(self) -> tuple[Asset, ...]:
        """The assets of objects and distractors."""
        return tuple(asset for group in (*self.groups, *self.distractor_groups) for asset in group)

    @cached_property
    def typical_size_m(self) -> float:
        """The median over categories of the longest side: the length that scene settings count in.

        It is that of the whole, so that all splits have the same scenes.
        """
        sizes = [
            float(np.median([asset.mesh.extents_m.max() * np.mean(asset.scale) for asset in group]))
            for group in (self.whole or self).groups
        ]
        return float(np.median(sizes))

    def draw(self, rng: np.random.Generator, distractor: bool = False) -> tuple[Asset, float]:
        """An asset and its scale: a category by weight, one of its assets, a size; always three draws."""
        groups = self.distractor_groups if distractor else self.groups
        weights = np.array(self.distractor_weights if distractor else self.weights)
        pick, which = rng.random(), rng.random()
        group = groups[
            min(int(np.searchsorted(weights.cumsum() / weights.sum(), pick, "right")), len(groups) - 1)
        ]
        asset = group[min(int(which * len(group)), len(group) - 1)]
        return asset, uniform(rng, asset.scale)
