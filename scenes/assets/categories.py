"""Settings of the categories: the meshes and shapes that appear in scenes."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from scenes.assets.keypoints import Edge, Keypoints, check_points
from scenes.assets.library import NoLibrary, read_library
from scenes.assets.paths import OF, AssetPath, PathError, PathSetting
from scenes.assets.regions import RegionSettings, check_names
from scenes.assets.shapes import SHAPES
from scenes.assets.stance import Side, Up, stance
from scenes.geometry import Vec3
from scenes.settings import Positive, Rgb, Settings, check_known, did_you_mean

UNKNOWN = "unknown"
COMPUTED = ("visible_fraction", "occlusion", "truncation", "asset", "instance", "on")
"""Attributes that every annotation has; user-defined attributes need other names."""
Scalar = str | int | float | bool


class Category(Settings):
    """Settings of one category: a procedural shape, a mesh file, or a folder of mesh files."""

    shape: str | None = None
    """A shape: box, cylinder, cone, sphere, capsule, torus, prism, nut, bolt, wedge, tube, bracket."""
    path: PathSetting | None = None
    """Mesh file, folder, pattern such as meshes/*.obj, or library; `pybullet_data:` starts a path in that
    package."""
    size_m: Positive | None = None
    """Longest side in metres, number or [low, high]; null keeps the file's size (in metres if unitless)."""
    color: Rgb | Literal["own", "random"] | None = None
    """`own` (the file's), `random` (one per object) or [r, g, b]; null is random for shapes, else own."""
    density_kg_m3: Annotated[float, Field(gt=0)] | None = None
    """Density; null uses the library's value, or 600. The mass is clamped to 0.01 to 50 kg."""
    mass_kg: Annotated[float, Field(gt=0)] | None = None
    """Mass of an object of the largest size, in place of density_kg_m3."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often this category is selected, relative to the others."""
    supercategory: str = "object"
    """COCO's supercategory."""
    licence: str = UNKNOWN
    """Licence of the mesh; listed in the data set."""
    upright: bool | None = None
    """Whether objects start upright, with random yaw only; null uses the library's value, or else false."""
    up: Annotated[Up | None, Field(exclude_if=lambda up: up is None)] = None
    """Axis of the loaded mesh that points up when objects stand; null is z."""
    front: Annotated[Side | None, Field(exclude_if=lambda front: front is None)] = None
    """Side of the mesh that faces forward on shelves: x, -x, y, -y, z, -z; null is -y, or z if up is y."""
    attributes: Annotated[dict[str, Scalar], Field(exclude_if=lambda attributes: not attributes)] = Field(
        default_factory=dict
    )
    """Custom attributes of each annotation, such as {sku: 17}: numbers, strings or booleans."""

    keypoints: Annotated[dict[str, Vec3], Field(exclude_if=lambda points: not points)] = Field(
        default_factory=dict
    )
    """Named points, such as {handle: [0.1, 0, 0.05]}, in the coordinates of the mesh file."""
    skeleton: Annotated[tuple[Edge, ...], Field(exclude_if=lambda edges: not edges)] = ()
    """Pairs of connected keypoints, such as [[handle, rim]]."""
    regions: Annotated[dict[str, RegionSettings], Field(exclude_if=lambda regions: not regions)] = Field(
        default_factory=dict
    )
    """Named parts of the surface that get their own labels, such as {cap: {material: Cap}}."""

    @field_validator("regions")
    @classmethod
    def _own_regions(cls, regions: dict[str, RegionSettings]) -> dict[str, RegionSettings]:
        return check_names(regions)

    @field_validator("keypoints")
    @classmethod
    def _own_points(cls, points: dict[str, Vec3]) -> dict[str, Vec3]:
        return check_points(points)

    @field_validator("attributes")
    @classmethod
    def _own_names(cls, attributes: dict[str, Scalar]) -> dict[str, Scalar]:
        if taken := [name for name in attributes if name in COMPUTED]:
            raise ValueError(f"{taken[0]} is computed for each object; choose another name")
        return attributes

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, shape: str | None) -> str | None:
        if shape is not None:
            check_known("shape", shape, SHAPES)
        return shape

    @model_validator(mode="after")
    def _one_source(self) -> "Category":
        if self.shape is not None and self.path is not None:
            raise ValueError("has both shape and path; give only one, or choose another name")
        if self.shape is None and self.path is None:
            raise ValueError("give shape or path")
        if self.shape is not None and self.size_m is None:
            raise ValueError("a shape needs size_m")
        if self.shape is not None and self.regions:
            raise ValueError("a shape cannot have regions; they need a mesh file")
        return self

    @model_validator(mode="after")
    def _can_stand(self) -> "Category":
        stance(self.up, self.front)
        return self

    @property
    def stated_keypoints(self) -> Keypoints | None:
        """The keypoints given in the settings; None if there are none."""
        return Keypoints(keypoints=self.keypoints, skeleton=self.skeleton) if self.keypoints else None

    @property
    def recolored(self) -> bool:
        """Whether each object gets a random colour."""
        return self.color == "random" or (self.color is None and self.shape is not None)


class Distractor(Category):
    """Settings of an unlabelled distractor: those of a category, except for labels."""

    without: ClassVar[tuple[str, ...]] = ("supercategory", "attributes", "keypoints", "skeleton", "regions")

    @model_validator(mode="after")
    def _unlabelled(self) -> "Distractor":
        for name in self.without:
            if getattr(self, name) != type(self).model_fields[name].get_default(call_default_factory=True):
                raise ValueError(f"distractors have no labels, so they cannot have {name}")
        return self


def _parsed(kind: type[Category]) -> BeforeValidator:
    """A validator that parses settings in JSON mode, even if the outer settings are parsed in Python mode."""
    return BeforeValidator(lambda tree: kind.parse(tree) if isinstance(tree, dict) else tree)


Categories = dict[str, Annotated[Category, _parsed(Category)]]
Distractors = dict[str, Annotated[Distractor, _parsed(Distractor)]]


class Assets(Settings):
    """Settings of a data set's categories and distractors."""

    path: str | None = None
    """A library made by `sim2coco assets import`; its categories come before those in `categories`."""
    categories: Categories = Field(default_factory=dict)
    """The labelled categories, in the order of their COCO ids, such as {nut: {shape: nut, size_m: 0.03}}."""
    distractors: Distractors = Field(default_factory=dict)
    """Unlabelled objects that may appear in scenes, such as {tube: {shape: tube, size_m: 0.05}}."""

    @model_validator(mode="before")
    @classmethod
    def _with_library(cls, tree: object) -> object:
        """Adds the categories of the library to the settings, before the other categories.

        Category settings override the library's settings. A category that is set to null is left out.
        """
        if not isinstance(tree, dict) or not isinstance(tree.get("path"), str):
            return tree
        path, set_for = tree["path"], tree.get("categories") or {}
        try:
            library = read_library(AssetPath.parse(path).resolved)
        except (NoLibrary, PathError) as error:
            raise ValueError(f"path: {error}") from error
        if not isinstance(set_for, dict):
            return tree
        # The index can list a category that no longer has any mesh.
        names = [name for name in library.categories if library.of(name)]
        others = {name: category for name, category in set_for.items() if name not in names}
        for name, category in others.items():
            if category is None or not {"shape", "path"} & set(_mapping(category)):
                known = f"the library {path} has no category {name!r}; {did_you_mean(name, names)}"
                raise ValueError(f"categories.{name}: {known}; a new category needs shape or path")
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
            raise ValueError("a category has no name")
        return categories

    @field_validator("categories")
    @classmethod
    def _not_empty(cls, categories: dict[str, Category]) -> dict[str, Category]:
        if not categories:
            raise ValueError("give at least one category, for example gear: {path: gear.obj, size_m: 0.06}")
        return categories

    @model_validator(mode="after")
    def _one_meaning(self) -> "Assets":
        for name in self.categories:
            if name in self.distractors:
                raise ValueError(f"{name!r} is both a category and a distractor; rename one of them")
        return self


def _mapping(value: object) -> dict[str, object]:
    """The settings given for a category; empty if `value` is not a mapping."""
    if isinstance(value, Category):
        return value.model_dump(exclude_unset=True)
    return {str(key): entry for key, entry in value.items()} if isinstance(value, dict) else {}
