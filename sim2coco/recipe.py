"""The Recipe: everything that pictures depend on, and nothing else."""

import json
from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, model_validator

import scenes.kinds
import sim.render
import sim2coco.quality
from augment.settings import AugmentSettings
from scenes.assets.catalogue import Assets, Catalogue, load_catalogue
from scenes.assets.images import ENVIRONMENT
from scenes.camera import CameraKind, ImageSettings, Shell
from scenes.heldout import HeldOut, hold_out
from scenes.kinds.drop import Drop
from scenes.light import LightKind, SunAndSky
from scenes.scene import Scene
from scenes.settings import Settings, did_you_mean, load_kinds, one_of
from scenes.split import Split
from sim.render.settings import Relit, Render
from sim2coco.quality.judge import Quality

load_kinds(scenes, scenes.kinds, sim.render, sim2coco.quality)


class Recipe(Settings):
    """What pictures depend on: the same Recipe gives the same bytes.

    Example:
        >>> recipe = Recipe.parse({"assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.03}}}})
        >>> recipe.scene.num_objects
        (5, 12)
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Another seed, another data set."""
    views: Annotated[int, Field(ge=1, le=99)] = 3
    """Cameras of each scene, each under a light of its own."""
    lightings: Annotated[int, Field(ge=1, le=99)] = 1
    """Lights of each view, all else the same; each is a picture that num_images counts, and costs little."""
    split: Annotated[Split, BeforeValidator(lambda split: {} if split is None else split)] = Split()
    """{train: 0.8, val: 0.2} or other shares, relative to each other; a scene is in one split as a whole."""
    assets: Assets
    """What scenes are made of."""
    scene: SerializeAsAny[Annotated[Scene, one_of(Scene)]] = Drop()
    """How scenes are drawn."""
    camera: SerializeAsAny[Annotated[CameraKind, one_of(CameraKind)]] = Shell()
    """Where cameras stand."""
    image: ImageSettings = ImageSettings()
    """The size of a picture, and the format of its file."""
    light: SerializeAsAny[Annotated[LightKind, one_of(LightKind, unnamed="sun_and_sky")]] = SunAndSky()
    """How scenes are lit."""
    render: SerializeAsAny[Annotated[Render, one_of(Render)]] = Relit()
    """How scenes are drawn into pictures."""
    quality: Quality = Quality()
    """Which pictures and labels are good enough."""
    augment: AugmentSettings = AugmentSettings()
    """What is done to finished pictures."""

    @model_validator(mode="after")
    def _augments_splits_that_exist(self) -> "Recipe":
        for name in self.augment.splits if self.augment.geometry or self.augment.pixels else ():
            if name not in self.split.shares:
                known = did_you_mean(name, list(self.split.shares))
                raise ValueError(f"augment.splits: no split {name!r}; {known}")
        return self

    @model_validator(mode="after")
    def _has_the_camera_that_is_asked_for(self) -> "Recipe":
        for name in ("aperture_mm", "motion_px"):
            if getattr(self.camera, name)[1] and not self.render.supports_blur:
                raise ValueError(
                    f"camera.{name}: render={self.render.kind} draws sharp pictures only; "
                    f"use render=relit, or leave it at 0"
                )
        return self

    @property
    def image_folders(self) -> dict[str, str | None]:
        """For each role of users' images the folder that they come from; it may be one file."""
        return {**self.scene.image_folders, ENVIRONMENT: self.light.environments.path}

    def load_catalogue(self) -> Catalogue:
        """Every mesh and image that scenes are made of.

        Raises:
            CatalogueError: A mesh cannot be used.
            ImageError: An image cannot be read.
        """
        return load_catalogue(self.assets, self.image_folders, self.scene.furniture)

    def split_of(self, scene: int) -> str:
        """The split of a scene: a function of its index alone, every prefix near the shares."""
        return self.split.of(scene)

    def hold_out(self, catalogue: Catalogue) -> HeldOut:
        """What each split is made of.

        Raises:
            CatalogueError: There is too little of something for each split to have its own.
        """
        return hold_out(self.split, self.seed, self.assets, self.scene, self.light.environments, catalogue)


def updated(tree: Any) -> Any:
    """The plain values of a Recipe that an older version wrote, under the names that settings have now."""
    if not isinstance(tree, dict) or not isinstance(tree.get("image"), dict) or "export" not in tree:
        return tree
    tree = dict(tree)
    codec = tree.pop("export")
    return {**tree, "image": {**tree["image"], **codec}} if isinstance(codec, dict) else tree


def portable(recipe: Recipe) -> dict[str, Any]:
    """The Recipe as plain values without a path of this machine: files by their names."""
    tree: dict[str, Any] = json.loads(recipe.model_dump_json())
    _strip_paths(tree)
    return tree


def _strip_paths(node: object) -> None:
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in ("path", "images") and isinstance(value, str) and not value.startswith("pybullet_data:"):
            node[key] = _bare(value)
        else:
            _strip_paths(value)


def _bare(path: str) -> str:
    """The name of a file or folder; a pattern from its first `*` on."""
    parts = PurePath(path).parts
    wild = next((index for index, part in enumerate(parts) if "*" in part), len(parts) - 1)
    return "/".join(parts[wild:])


def digest(tree: object) -> str:
    """SHA-256 in hex of plain values; the order of keys counts, as it does for categories and splits."""
    return sha256(json.dumps(tree, separators=(",", ":")).encode()).hexdigest()
