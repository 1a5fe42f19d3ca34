"""The Recipe: all settings that determine the images, and no others."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError, model_validator

import scenes.cameras
import scenes.kinds
import sim2coco.quality
from augment.settings import AugmentSettings
from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.images import ENVIRONMENT, Style
from scenes.assets.loading import load_catalogue
from scenes.assets.paths import AssetPath
from scenes.cameras.calibration import CalibrationError, calibration
from scenes.cameras.camera import CameraKind, ImageSettings, Shell
from scenes.heldout import HeldOut, hold_out
from scenes.kinds.drop import Drop
from scenes.light import LightKind, SunAndSky
from scenes.scene import Scene
from scenes.settings import Settings, did_you_mean, load_kinds, one_of
from scenes.split import Split
from sim.render.raster.wide import check_lens
from sim.render.settings import Relit, Render
from sim2coco.messages import ConfigError
from sim2coco.quality.judge import Quality
from sim2coco.target.naming import with_histograms

load_kinds(scenes, scenes.cameras, scenes.kinds, sim2coco.quality)


class Recipe(Settings):
    """All settings that determine the images; the same Recipe gives the same bytes.

    Example:
        >>> recipe = Recipe.parse({"assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.03}}}})
        >>> recipe.scene.num_objects
        (5, 12)
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all random numbers; another seed gives another data set."""
    views: Annotated[int, Field(ge=1, le=99)] = 3
    """Cameras for each scene, each with its own light."""
    lightings: Annotated[int, Field(ge=1, le=99)] = 1
    """Number of images of each view in different lights, with the same labels; each counts in num_images."""
    split: Annotated[Split, BeforeValidator(lambda split: {} if split is None else split)] = Split()
    """Relative sizes of the splits, like {train: 0.8, val: 0.2}; each scene belongs to exactly one split."""
    assets: Assets
    """The objects of the scenes."""
    looks: Style = "natural"
    """Surfaces of floors, walls, backgrounds and furniture: `natural` materials or `abstract` patterns."""
    scene: SerializeAsAny[Annotated[Scene, one_of(Scene)]] = Drop()
    """How scenes are composed."""
    camera: SerializeAsAny[Annotated[CameraKind, one_of(CameraKind)]] = Shell()
    """How cameras are placed."""
    image: ImageSettings = ImageSettings()
    """Image size and file format."""
    light: SerializeAsAny[Annotated[LightKind, one_of(LightKind, unnamed="sun_and_sky")]] = SunAndSky()
    """How scenes are lit."""
    render: SerializeAsAny[Annotated[Render, one_of(Render)]] = Relit()
    """How images are rendered."""
    quality: Quality = Quality()
    """Which images and labels are accepted."""
    augment: AugmentSettings = AugmentSettings()
    """Augmentation of rendered images."""

    @classmethod
    def parse(cls, tree: object) -> "Recipe":
        """Builds a Recipe from parsed YAML values, and reads the calibration and target files that they name.

        Raises:
            pydantic.ValidationError: A key or a value is invalid.
            ConfigError: The calibration or the target cannot be used.
        """
        return super().parse(with_histograms(_calibrated(tree)))

    @model_validator(mode="after")
    def _calibration_is_read(self) -> "Recipe":
        if self.camera.calibration is not None:
            raise ValueError(
                "camera.calibration: Recipe.parse reads the file; give fx, fy, cx, cy and distortion"
            )
        return self

    @model_validator(mode="after")
    def _augments_splits_that_exist(self) -> "Recipe":
        for name in self.augment.splits if self.augment.geometry or self.augment.pixels else ():
            if name not in self.split.shares:
                known = did_you_mean(name, list(self.split.shares))
                raise ValueError(f"augment.splits: no split {name!r}; {known}")
        return self

    @model_validator(mode="after")
    def _defects_are_on_objects(self) -> "Recipe":
        known = list(self.assets.categories)
        for name, defect in self.scene.defects.items():
            if not name.strip() or name in known or name in self.assets.distractors:
                what = "is also a category of assets; rename one of them" if name.strip() else "has no name"
                raise ValueError(f"scene.defects: {name!r} {what}")
            for category in defect.on:
                if category not in known:
                    told = did_you_mean(category, known)
                    raise ValueError(f"scene.defects.{name}.on: no category {category!r}; {told}")
        return self

    @model_validator(mode="after")
    def _has_the_camera_that_is_asked_for(self) -> "Recipe":
        for name in ("aperture_mm", "motion_px"):
            if getattr(self.camera, name)[1] and not self.render.supports_blur:
                raise ValueError(
                    f"camera.{name}: render={self.render.kind} renders sharp images only; "
                    f"use render=relit, or leave it at 0"
                )
        if self.scene.moved_by is not None and not self.render.supports_blur:
            raise ValueError(
                f"scene.{self.scene.moved_by}: render={self.render.kind} renders sharp images only; "
                f"use render=relit, or leave it at 0"
            )
        for name in self.camera.sensor.effects if not self.render.supports_blur else ():
            raise ValueError(
                f"camera.sensor.{name}: render={self.render.kind} produces no linear light for a sensor; "
                f"use render=relit, or camera.sensor=null"
            )
        return self

    @model_validator(mode="after")
    def _shows_ground_that_is_known(self) -> "Recipe":
        if self.scene.needs_ground and not self.camera.over_ground:
            raise ValueError(
                "scene.region: view needs camera=overhead with camera.altitude_m, camera.gsd_m or "
                "camera.extent_m, and camera.look_at_jitter=0; or use scene.region=rectangle"
            )
        return self

    @model_validator(mode="after")
    def _lens_makes_an_image(self) -> "Recipe":
        if self.camera.distortion.kind != "none":
            check_lens(self.camera, self.image.width, self.image.height)
        return self

    @property
    def image_folders(self) -> dict[str, str | None]:
        """Dict with the path of the user's images for each surface, each defect, and the environment maps.

        A path is that of a folder or of a single file. It is None if the settings name no images.
        """
        return {**self.scene.image_folders, ENVIRONMENT: self.light.environments.path}

    def load_catalogue(self) -> Catalogue:
        """Loads all meshes and images that the scenes use.

        Raises:
            CatalogueError: A mesh cannot be used.
            ImageError: An image cannot be read.
        """
        catalogue = load_catalogue(self.assets, self.image_folders, self.scene.furniture, self.looks)
        defects = {name: defect.supercategory for name, defect in self.scene.defects.items()}
        for name in catalogue.regions:
            if name in defects:
                raise CatalogueError(
                    f"scene.defects: {name!r} is also a region of a mesh; rename one of them"
                )
        return replace(catalogue, defects=defects)

    def split_of(self, scene: int) -> str:
        """Returns the name of the split of a scene, which depends only on the settings and the scene index.

        Among the first n scenes, for any n, each split has nearly the requested fraction.
        """
        return self.split.of(scene)

    def hold_out(self, catalogue: Catalogue) -> HeldOut:
        """Divides the assets and images of a catalogue among the splits, as the settings `split` say.

        Raises:
            CatalogueError: A category or surface has too few meshes, images or procedural variants to give
                each split at least one of its own.
        """
        return hold_out(self.split, self.seed, self.assets, self.scene, self.light.environments, catalogue)


def _calibrated(tree: Any) -> Any:
    """Replaces the path of a calibration file in the values of a Recipe with the calibration's numbers.

    The Recipe, and every file written from it, is therefore independent of the calibration file.
    """
    camera = tree.get("camera") if isinstance(tree, dict) else None
    if not isinstance(camera, dict) or not isinstance(camera.get("calibration"), str):
        return tree
    given = {name: f"{name}=null" for name in ("fx", "fy", "cx", "cy") if camera.get(name) is not None}
    lens = camera.get("distortion")
    if isinstance(lens, dict) and lens.get("kind", "none") != "none":
        given["distortion"] = "distortion.kind=none"  # camera presets have one
    if given:
        off = " ".join(f"camera.{setting}" for setting in given.values())
        raise ConfigError(
            f"camera.calibration: also sets {', '.join(given)}; leave out the calibration, or set {off}"
        )
    image = tree.get("image")
    try:
        size = ImageSettings.parse({} if image is None else image)
        found = calibration(camera["calibration"], size.width, size.height)
    except ValidationError:
        return tree  # parsing the Recipe reports the image settings
    except CalibrationError as error:
        raise ConfigError(f"camera.calibration: {error}") from error
    return {**tree, "camera": {**camera, **found, "calibration": None}}


def updated(tree: Any) -> Any:
    """Converts the parsed values of a Recipe from an older version to the current setting names.

    Missing image settings get their default values. The image settings are put into the current order.
    """
    if not isinstance(tree, dict) or not isinstance(tree.get("image"), dict):
        return tree
    codec = tree.get("export")
    given = {**tree["image"], **(codec if isinstance(codec, dict) else {})}
    image = {**json.loads(ImageSettings().model_dump_json()), **given}
    return {**{key: value for key, value in tree.items() if key != "export"}, "image": image}


def portable(recipe: Recipe) -> dict[str, Any]:
    """Converts the Recipe to JSON values; absolute paths are reduced to file names."""
    tree: dict[str, Any] = json.loads(recipe.model_dump_json())
    _strip_paths(tree)
    return tree


def _strip_paths(node: object) -> None:
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in ("path", "images") and isinstance(value, str):
            path = AssetPath.parse(value)
            node[key] = value if path.package else path.bare
        else:
            _strip_paths(value)


def digest(tree: object) -> str:
    """SHA-256 of JSON values in hex. It depends on the key order, because the order of categories matters."""
    return sha256(json.dumps(tree, separators=(",", ":")).encode()).hexdigest()
