"""The categories of a data set and the meshes behind them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, field_validator, model_validator

from scenes.assets.images import MAX_POOL, Album, Images, load_images
from scenes.assets.library import Entry, NoLibrary, is_library, read_library
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.pieces import Array, read_pieces
from scenes.assets.reading.file import SUFFIXES, read_mesh
from scenes.assets.shapes import SHAPES
from scenes.settings import Positive, Rgb, Settings, did_you_mean, uniform

DENSITY_KG_M3 = 600.0
MIN_SIZE_M, MAX_SIZE_M = 0.001, 5.0
"""Longest sides that are believed without `size_m`; most others are files in millimetres or inches."""
MAX_RATIO = 50.0
"""How many times larger or smaller than the median a mesh may be: things in one picture are not."""
MAX_FAULTS = 5
"""Faults that are told at once."""
MIN_MASS_KG, MAX_MASS_KG = 0.01, 50.0
IMPORT = " (sim2coco assets import FOLDER --out LIBRARY sorts out such files)"
UNKNOWN = "unknown"
OF = "#"
"""Stands between a library and one of its categories: `LIBRARY#bolts`."""


class Category(Settings):
    """What is labelled under one name: a procedural shape, a mesh file, or a folder of them."""

    shape: str | None = None
    """A shape: box, cylinder, cone, sphere, capsule, torus, prism, nut, bolt, wedge, tube, bracket."""
    path: str | None = None
    """A mesh file, a folder, a pattern with `*`, or a library; `pybullet_data:` stands for that package."""
    size_m: Positive | None = None
    """Longest side in metres, number or [low, high]; null takes the file's numbers as metres."""
    color: Rgb | Literal["own", "random"] | None = None
    """`own` keeps the file's, `random` draws one an object, or [r, g, b]; null is random for shapes."""
    density_kg_m3: Annotated[float, Field(gt=0)] | None = None
    """Mass per volume, null is a library's, or 600; the mass is kept between 0.01 and 50 kg."""
    mass_kg: Annotated[float, Field(gt=0)] | None = None
    """Mass at the largest size, instead of a density."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often this category is drawn, relative to the others."""
    supercategory: str = "object"
    """COCO's supercategory."""
    licence: str = UNKNOWN
    """Under what licence the mesh may be used; listed in the data set."""
    upright: bool | None = None
    """Whether it stands, turned about the vertical only, when it is let go; null asks the library."""

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, shape: str | None) -> str | None:
        if shape is not None and shape not in SHAPES:
            raise ValueError(f"unknown shape {shape!r}; {did_you_mean(shape, sorted(SHAPES))}")
        return shape

    @model_validator(mode="after")
    def _one_source(self) -> "Category":
        if self.shape is not None and self.path is not None:
            raise ValueError("has both shape and path: give one, or choose another name")
        if self.shape is None and self.path is None:
            raise ValueError("give shape or path")
        if self.shape is not None and self.size_m is None:
            raise ValueError("a shape needs size_m")
        return self

    @property
    def recolored(self) -> bool:
        """Whether each object gets a colour of its own."""
        return self.color == "random" or (self.color is None and self.shape is not None)


def _parsed(tree: object) -> object:
    """A category in JSON mode, also below a validator that has made plain Python of the tree."""
    return Category.parse(tree) if isinstance(tree, dict) else tree


Categories = dict[str, Annotated[Category, BeforeValidator(_parsed)]]


class Assets(Settings):
    """What scenes are made of."""

    path: str | None = None
    """A library that `sim2coco assets import` made: each of its categories becomes one, before the others."""
    categories: Categories = Field(default_factory=dict)
    """The labelled categories, in the order of their COCO ids."""
    distractors: Categories = Field(default_factory=dict)
    """What may lie around without being labelled."""

    @model_validator(mode="before")
    @classmethod
    def _with_library(cls, tree: object) -> object:
        """The categories of the library written out with what was set for them; null leaves one out."""
        if not isinstance(tree, dict) or not isinstance(tree.get("path"), str):
            return tree
        path, set_for = tree["path"], tree.get("categories") or {}
        try:
            library = read_library(resolve(path))
        except NoLibrary as error:
            raise ValueError(f"path: {error}") from error
        if not isinstance(set_for, dict):
            return tree
        # Some may have lost their last mesh.
        names = [name for name in library.categories if library.of(name)]
        others = {name: category for name, category in set_for.items() if name not in names}
        for name, category in others.items():
            if category is None or not {"shape", "path"} & set(_mapping(category)):
                known = f"the library {path} has no category {name!r}; {did_you_mean(name, names)}"
                raise ValueError(f"categories.{name}: {known}; a new one needs shape or path")
        own = {
            name: {"path": f"{path}{OF}{name}", **_mapping(set_for.get(name))}
            for name in names
            if set_for.get(name, {}) is not None
        }
        return {**tree, "path": None, "categories": {**own, **others}}

    @field_validator("categories", "distractors")
    @classmethod
    def _named(cls, categories: dict[str, Category]) -> dict[str, Category]:
        if any(not name.strip() for name in categories):
            raise ValueError("a category without a name")
        return categories

    @field_validator("categories")
    @classmethod
    def _not_empty(cls, categories: dict[str, Category]) -> dict[str, Category]:
        if not categories:
            raise ValueError("name at least one, for example gear: {path: gear.obj, size_m: 0.06}")
        return categories

    @model_validator(mode="after")
    def _one_meaning(self) -> "Assets":
        for name in self.categories:
            if name in self.distractors:
                raise ValueError(f"{name!r} is both a category and a distractor; give one another name")
        return self


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
    whole: "Catalogue | None" = None

    def album(self, role: str) -> Album:
        """The pictures that surfaces of a role may have."""
        return Album(self.images.get(role, ()), self.members)

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Every asset by its key."""
        return {asset.key: asset for group in (*self.groups, *self.distractor_groups) for asset in group}

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


def load_catalogue(settings: Assets, folders: Mapping[str, str | None] | None = None) -> Catalogue:
    """Reads and checks every mesh and image that the settings name.

    Args:
        settings: Categories and distractors.
        folders: For each role of a surface its folder of images, or None.

    Raises:
        CatalogueError: Paths hold no mesh, or some that cannot be used; tells all of them.
        ImageError: An image cannot be read.
    """
    faults: list[str] = []
    groups = [
        _load("categories", name, category, index, faults)
        for index, (name, category) in enumerate(settings.categories.items())
    ]
    distractors = [
        _load("distractors", name, category, None, faults) for name, category in settings.distractors.items()
    ]
    if not faults:
        faults += _doubtful_sizes(settings, groups)
    if faults:
        more = f"; and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
        raise CatalogueError("; ".join(faults[:MAX_FAULTS]) + more)
    return Catalogue(
        names=tuple(settings.categories),
        supercategories=tuple(category.supercategory for category in settings.categories.values()),
        weights=tuple(category.weight for category in settings.categories.values()),
        groups=tuple(groups),
        distractor_weights=tuple(category.weight for category in settings.distractors.values()),
        distractor_groups=tuple(distractors),
        images=load_images(folders or {}),
    )


def load_category(name: str, category: Category) -> tuple[Asset, ...]:
    """The assets of one category by itself.

    Raises:
        CatalogueError: Some cannot be used.
    """
    faults: list[str] = []
    assets = _load("categories", name, category, None, faults)
    if faults:
        raise CatalogueError(faults[0])
    return assets


def _load(
    group: str, name: str, category: Category, index: int | None, faults: list[str]
) -> tuple[Asset, ...]:
    """The assets of a category; what is wrong with it is added to the faults."""
    setting = f"assets.{group}.{name}"
    if category.shape is not None:
        size_m = category.size_m or (1.0, 1.0)
        shape = SHAPES[category.shape](size_m[1])
        return (_asset(name, category, index, shape, f"shape:{category.shape}"),)
    assets: list[Asset] = []
    if is_library(resolve(_split(category.path or "")[0])):
        return _from_library(setting, name, category, index, faults)
    try:
        paths = _files(setting, category.path or "")
    except CatalogueError as error:
        faults.append(str(error))
        return ()
    spoilt: list[str] = []
    for path in paths:
        try:
            mesh = read_mesh(path)
            content = mesh.content_hash
            if category.size_m is not None:
                mesh = mesh.scaled(category.size_m[1] / float(mesh.extents_m.max()))
            elif not MIN_SIZE_M <= mesh.extents_m.max() <= MAX_SIZE_M:
                raise MeshError(f"{_long(mesh)} if its numbers are metres; give its size_m")
            assets.append(_asset(_name(name, category, path, paths), category, index, mesh, content))
        except MeshError as error:
            spoilt.append(f"{setting}.path: {path}: {error}")
    if spoilt and len(paths) > 1:
        spoilt[0] += IMPORT
    faults += spoilt
    return tuple(assets)


def _from_library(
    setting: str, name: str, category: Category, index: int | None, faults: list[str]
) -> tuple[Asset, ...]:
    """The assets of one category of a library, or of all: their sizes and masses are known."""
    folder, part = _split(category.path or "")
    assets: list[Asset] = []
    try:
        library = read_library(resolve(folder))
        entries = library.of(part) if part else library.entries
        if not entries:
            raise NoLibrary(f"the library {folder!r} has no mesh of the category {part!r}")
        for entry in entries:
            mesh, factor = _mesh_of(entry), 1.0
            content = mesh.content_hash
            if category.size_m is not None:
                factor = category.size_m[1] / float(mesh.extents_m.max())
                mesh = mesh.scaled(factor)
            known = category.model_copy(update=_facts(category, entry))
            called = entry.name if entry.name.startswith(f"{name}/") else f"{name}/{entry.name}"
            pieces = () if entry.pieces is None else read_pieces(entry.pieces, factor)
            assets.append(replace(_asset(called, known, index, mesh, content), pieces=pieces))
    except (NoLibrary, MeshError) as error:
        faults.append(f"{setting}.path: {error}")
    return tuple(assets)


def _mesh_of(entry: Entry) -> Mesh:
    try:
        return read_mesh(entry.path)
    except MeshError as error:
        raise NoLibrary(f"{entry.path} ({entry.name}): {error}; import the meshes anew") from error


def _long(mesh: Mesh) -> str:
    return f"its longest side is {mesh.extents_m.max():.3g} m"


def _doubtful_sizes(settings: Assets, groups: list[tuple[Asset, ...]]) -> Iterator[str]:
    """What is far larger or smaller than everything else: it would never find a place, or never be seen."""
    usual_m = float(np.median([asset.mesh.extents_m.max() for group in groups for asset in group]))
    for (name, category), group in zip(settings.categories.items(), groups, strict=True):
        key, repair = ("path", "give its size_m") if category.size_m is None else ("size_m", "correct it")
        of_library = category.size_m is None and OF in (category.path or "")
        for asset in () if of_library else group:  # the import has looked at those sizes
            ratio = float(asset.mesh.extents_m.max()) / usual_m
            if max(ratio, 1 / ratio) > MAX_RATIO:
                told = f"{_long(asset.mesh)}, others' {usual_m:.3g} m: more than {MAX_RATIO:g} times"
                yield f"assets.categories.{name}.{key}: {asset.name}: {told}; {repair} (metres)"


def _name(name: str, category: Category, path: Path, paths: list[Path]) -> str:
    """The category's name, followed by the file's where there may be several, and its folder's if need be."""
    if resolve(category.path or "").is_file():
        return name
    callings: tuple[Callable[[Path], str], ...] = (
        lambda file: file.stem,
        lambda file: f"{file.parent.name}/{file.stem}",
        lambda file: file.name,
        lambda file: f"{file.parent.name}/{file.name}",
        lambda file: str(paths.index(file)),
    )
    called = next(call for call in callings if sum(call(other) == call(path) for other in paths) == 1)
    return f"{name}/{called(path)}"


def _files(setting: str, path: str) -> list[Path]:
    """The mesh files that a `path:` names, sorted."""
    given = resolve(path)
    if "*" in given.name or "*" in str(given.parent):
        anchor = Path(given.anchor or ".")
        files = sorted(anchor.glob(str(given.relative_to(given.anchor))))
        files = [file for file in files if file.suffix.lower() in SUFFIXES]
    elif given.is_dir():
        files = sorted(file for file in given.iterdir() if file.suffix.lower() in SUFFIXES)
    else:
        files = [given]
        if not given.is_file():
            raise CatalogueError(f"{setting}.path: no file or folder {path!r}")
    files = [file for file in files if not file.name.startswith(".")]
    if not files:
        raise CatalogueError(f"{setting}.path: no mesh ({', '.join(SUFFIXES)}) in {path!r}")
    return files


def resolve(path: str) -> Path:
    """The file system path of a `path:` setting.

    Raises:
        CatalogueError: The package that it names is not installed.
    """
    package, colon, rest = path.partition(":")
    if colon and package == "pybullet_data":
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise CatalogueError(f"{path!r}: the package {package} is not installed")
        return Path(spec.origin).parent / rest
    return Path(path).expanduser()


def _asset(name: str, category: Category, index: int | None, mesh: Mesh, content: str) -> Asset:
    volume = mesh.volume_m3 if mesh.is_watertight else 0.3 * float(np.prod(mesh.extents_m))
    density_kg_m3 = category.density_kg_m3 or DENSITY_KG_M3
    mass_kg = category.mass_kg or float(np.clip(density_kg_m3 * volume, MIN_MASS_KG, MAX_MASS_KG))
    low, high = category.size_m or (1.0, 1.0)
    center = mesh.center_of_mass_m
    return Asset(
        key=f"{name}@{mesh.content_hash[:16]}",
        name=name,
        content=content,
        category=index,
        mesh=mesh,
        scale=(low / high, 1.0),
        mass_kg=mass_kg,
        center_of_mass_m=(float(center[0]), float(center[1]), float(center[2])),
        radius_m=float(np.linalg.norm(mesh.vertices_m - center, axis=1).max()),
        recolored=category.recolored,
        color_rgb=category.color if isinstance(category.color, tuple) else None,
        licence=category.licence,
        standing=_standing(mesh.vertices_m - center) if category.upright else None,
    )


def _standing(points_m: Array) -> Standing:
    """How far points (n, 3) about the centre of mass reach."""
    low_m, high_m = float(points_m[:, 2].min()), float(points_m[:, 2].max())
    return Standing(float(np.linalg.norm(points_m[:, :2], axis=1).max()), -low_m, high_m)


def _facts(category: Category, entry: Entry) -> dict[str, object]:
    """What the library knows of an asset, where nothing else is set for its category."""
    return {
        "density_kg_m3": category.density_kg_m3 or entry.density_kg_m3,
        "licence": entry.licence if category.licence == UNKNOWN else category.licence,
        "upright": entry.upright if category.upright is None else category.upright,
    }


def _split(path: str) -> tuple[str, str]:
    """A library's path and one of its categories, "" for all of them."""
    folder, of, part = path.rpartition(OF)
    return (folder, part) if of else (path, "")


def _mapping(value: object) -> dict[str, object]:
    """What was set for a category; nothing where that is no mapping."""
    if isinstance(value, Category):
        return value.model_dump(exclude_unset=True)
    return {str(key): entry for key, entry in value.items()} if isinstance(value, dict) else {}


def one_asset(name: str, mesh: Mesh, density_kg_m3: float = DENSITY_KG_M3) -> Asset:
    """A mesh as the only asset of a category of its own."""
    return _asset(name, Category(path=name, density_kg_m3=density_kg_m3), 0, mesh, mesh.content_hash)
