"""The catalogue of a data set: its categories and their meshes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scenes.assets.images import MAX_POOL, Album, Images, Style
from scenes.assets.keypoints import KeypointNames, Keypoints
from scenes.assets.mesh import Mesh
from scenes.assets.origin import Origin
from scenes.assets.pieces import Array
from scenes.assets.regions import Regions
from scenes.assets.stored import StoredMesh
from scenes.geometry import IDENTITY, Matrix, Quat, Vec3
from scenes.settings import Rgb, uniform


@dataclass(frozen=True, slots=True)
class Standing:
    """Extents of an upright body from its centre of mass, at scale 1, in metres.

    Attributes:
        aside_m: Largest horizontal distance of a vertex from the centre of mass.
        below_m: Vertical distance from the centre of mass down to the lowest vertex.
        above_m: Vertical distance from the centre of mass up to the highest vertex.
    """

    aside_m: float
    below_m: float
    above_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Asset:
    """A mesh with its physical properties, in metres, in its own frame and at scale 1.

    Attributes:
        key: `name@hash`: a readable name, and a hash of the mesh.
        name: Name from the category and the file, unique in a catalogue.
        content: Identifies the mesh independently of its size: the hash of the unscaled mesh, or `shape:` and
            the name of the shape.
        category: Index in the category list, from 0; None for distractors and furniture.
        surface: The mesh at scale 1, or the library file that contains it. The longest side of the mesh is
            `size_m[1]` of its category; without `size_m`, the mesh has the size given by its file.
        extents_m: Sides of the bounding box at scale 1.
        scale: Range [low, high] of the scale factor, which is sampled for each body.
        mass_kg: Mass at scale 1.
        center_of_mass_m: (3,) centre of mass in the mesh frame.
        radius_m: Radius at scale 1 of the bounding sphere about the centre of mass.
        recolored: Whether each object gets a random colour.
        color_rgb: The colour set by the user, or None.
        licence: Licence of the mesh.
        standing: Extents of an upright asset from its centre of mass; None for other assets.
        pieces: Vertices (n, 3) of each piece of the convex decomposition used for collision. Empty if the
            convex hull is used.
        from_file: Transform from the coordinates in the user's file to the mesh frame; it includes the unit,
            the up axis and `size_m`. If there is no file, it is the identity.
        origin: The user's file; None if there is none, or if it is unknown.
        stance: Rotation of the mesh that makes it stand, with its front towards -y.
        keypoints: Named keypoints, in the mesh frame at scale 1; None if it has none.
        regions: Labelled regions of its surface, in the mesh frame at scale 1; None if it has none.
    """

    key: str
    name: str
    content: str
    category: int | None
    surface: Mesh | StoredMesh
    extents_m: Vec3
    scale: tuple[float, float]
    mass_kg: float
    center_of_mass_m: tuple[float, float, float]
    radius_m: float
    recolored: bool
    color_rgb: Rgb | None
    licence: str
    standing: Standing | None = None
    pieces: tuple[Array, ...] = ()
    from_file: Matrix = IDENTITY
    origin: Origin | None = None
    stance: Quat = (0.0, 0.0, 0.0, 1.0)
    keypoints: Keypoints | None = None
    regions: Regions | None = None

    @property
    def mesh(self) -> Mesh:
        """The mesh; library meshes are read from their file at each access.

        Raises:
            MeshError: A library file is missing or damaged.
        """
        return self.surface.read() if isinstance(self.surface, StoredMesh) else self.surface


class CatalogueError(ValueError):
    """Some meshes cannot be used. Each line names the setting, the file and the problem.

    Attributes:
        lines: The lines of the message.
    """

    def __init__(self, *lines: str) -> None:
        """Stores the lines; the message is the lines, joined by semicolons."""
        super().__init__("; ".join(lines))
        self.lines = lines


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All assets and images of a data set, or of one of its splits.

    Attributes:
        names: Category names.
        supercategories: COCO supercategory of each category.
        weights: Relative frequency of each category.
        groups: Assets of each category, in the order of `names`.
        distractor_weights: Relative frequency of each distractor category.
        distractor_groups: Assets of each distractor category.
        defects: Dict from the name of each defect category to its supercategory. Defects follow the objects
            in the category list.
        regions: Dict from the name of each region category to its supercategory. Regions come last in the
            category list.
        attributes: User-defined attributes of each category; empty if no category has any.
        images: The user's images, keyed by `environment`, by the path of a surface's settings such as
            `floor`, or by `defects.` and a defect's name.
        members: Indices of the allowed variants of each material and texture, in ascending order.
        style: Texture style of surfaces whose setting `textures` is null.
        furniture: Furniture assets, keyed by names that the scene kind defines.
        notes: Changes and omissions made when reading the mesh files, and inferred sizes that are far from
            the other meshes' sizes. Each note starts with the setting.
        far_sizes: Messages, keyed by category. A category has a message if the size of one of its meshes is
            far from the sizes of the other meshes; the message names this mesh.
        keypoint_names: The keypoint names of each category; None for a category without keypoints. The tuple
            is empty if no category has any.
        whole: The catalogue of all splits together; None if this is that catalogue.
    """

    names: tuple[str, ...]
    supercategories: tuple[str, ...]
    weights: tuple[float, ...]
    groups: tuple[tuple[Asset, ...], ...]
    distractor_weights: tuple[float, ...]
    distractor_groups: tuple[tuple[Asset, ...], ...]
    attributes: tuple[Mapping[str, str | int | float | bool], ...] = ()
    defects: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    images: Images = field(default_factory=dict)
    members: Sequence[int] = range(MAX_POOL)
    style: Style = "natural"
    furniture: Mapping[str, Asset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    far_sizes: Mapping[str, str] = field(default_factory=dict)
    keypoint_names: tuple[KeypointNames | None, ...] = ()
    whole: "Catalogue | None" = None

    def album(self, role: str) -> Album:
        """Returns the user images, materials and textures available to surfaces of one role.

        Args:
            role: The path of the surface's settings, such as `floor`; or `defects.` and a defect's name.
        """
        return Album(self.images.get(role, ()), self.members, self.style)

    def keypoints_m(self, key: str) -> tuple[Vec3 | None, ...] | None:
        """Returns an asset's keypoints in the order of its category's names, in the mesh frame at scale 1.

        A point is None if the asset does not have the keypoint.

        Returns:
            The points; None if the category has no keypoints.
        """
        asset = self.assets[key]
        names = None if asset.category is None else dict(enumerate(self.keypoint_names)).get(asset.category)
        if names is None:
            return None
        known = {} if asset.keypoints is None else asset.keypoints.keypoints
        return tuple(known.get(name) for name in names.names)

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """All assets, including furniture, keyed by `Asset.key`."""
        return {asset.key: asset for asset in (*self.furniture.values(), *self.drawn())}

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of all categories: objects, then defects, then regions."""
        return (*self.names, *self.defects, *self.regions)

    @property
    def on_objects(self) -> Mapping[str, str]:
        """Maps the names of all defect and region categories to their supercategories, defects first."""
        return {**self.defects, **self.regions}

    def drawn(self) -> tuple[Asset, ...]:
        """The assets of all objects and distractors, without furniture."""
        return tuple(asset for group in (*self.groups, *self.distractor_groups) for asset in group)

    @cached_property
    def typical_size_m(self) -> float:
        """Typical longest side of an object, in metres; lengths in scene settings are multiples of it.

        Computed as the median over all categories of the median size of a category's assets, for all splits
        together, so that scenes have the same size in every split.
        """
        sizes = [
            float(np.median([max(asset.extents_m) * np.mean(asset.scale) for asset in group]))
            for group in (self.whole or self).groups
        ]
        return float(np.median(sizes))

    def draw(self, rng: np.random.Generator, distractor: bool = False) -> tuple[Asset, float]:
        """Samples an asset and its scale factor.

        The category is sampled by weight, then one of its assets and a scale uniformly. Each call consumes
        exactly three random numbers.

        Args:
            rng: Random number generator.
            distractor: Whether to sample from the distractors instead of the categories.
        """
        groups = self.distractor_groups if distractor else self.groups
        weights = np.array(self.distractor_weights if distractor else self.weights)
        pick, which = rng.random(), rng.random()
        group = groups[
            min(int(np.searchsorted(weights.cumsum() / weights.sum(), pick, "right")), len(groups) - 1)
        ]
        asset = group[min(int(which * len(group)), len(group) - 1)]
        return asset, uniform(rng, asset.scale)
