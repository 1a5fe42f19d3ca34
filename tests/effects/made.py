"""What a recipe makes: scenes as they are drawn, settled, seen and rendered, each when it is asked for."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from augment.pipeline import Augmenter
from scenes.assets.catalogue import Catalogue
from scenes.shot import Shot
from scenes.spec import Body, RejectedDraw, SceneSpec
from sim.annotate import annotate
from sim.render.raster.surfacenormals import surface_normals
from sim.render.sensor.rolling import rasterised
from sim.sample import Sample
from sim.settled import Settled
from sim2coco.cli.config import RunOptions
from sim2coco.context import WorkerContext
from sim2coco.pipeline import Outcome, aim, draw, draw_and_settle, make_view, sensed
from sim2coco.recipe import Recipe
from sim2coco.run import Result, generate
from tests.effects.files import DARK, LIBRARY, MESHES, REFERENCE, library, written
from tests.effects.starting import BASE, put

FEW_IMAGES = {"render": {"kind": "tiny"}, "num_images": 4}


class Studio:
    """Makes what recipes describe; recipes with the same meshes and images share what is loaded of them.

    Attributes:
        folder: Folder for temporary files.
        files: Paths for what stands in place of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = written(folder)
        self._runs = 0
        self._catalogues: dict[str, Catalogue] = {}
        self._contexts: dict[str, WorkerContext] = {}
        self._settled: dict[str, Settled | None] = {}

    def make(self, settings: Mapping[str, Any]) -> "Made":
        """What the base recipe makes with other settings, by key."""
        tree = deepcopy(BASE)
        for key, value in settings.items():
            put(tree, key, self._named(value))
        options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
        return Made(self, Recipe.parse(tree), RunOptions.parse(options), settings)

    def _named(self, value: Any) -> Any:
        """A value with the paths of files in place of what stands for them."""
        if isinstance(value, dict):
            return {key: self._named(entry) for key, entry in value.items()}
        if isinstance(value, str) and value in LATE and value not in self.files:
            self.files[value] = LATE[value](self)
        return self.files.get(value, value) if isinstance(value, str) else value

    def new_folder(self) -> Path:
        """The path of a folder that does not exist yet."""
        self._runs += 1
        return self.folder / f"run_{self._runs}"

    def catalogue(self, recipe: Recipe) -> Catalogue:
        """The meshes and images of a recipe."""
        key = self._loaded(recipe)
        if key not in self._catalogues:
            self._catalogues[key] = recipe.load_catalogue()
        return self._catalogues[key]

    def context(self, recipe: Recipe) -> WorkerContext:
        """The resources of a recipe."""
        key = self._loaded(recipe) + str(recipe.render)
        if key not in self._contexts:
            self._contexts[key] = WorkerContext(recipe, self.folder, self.catalogue(recipe))
        context = copy(self._contexts[key])
        vars(context).pop("held_out", None)
        context.recipe, context.augmenter = recipe, Augmenter(recipe.augment)
        return context

    def _loaded(self, recipe: Recipe) -> str:
        """What the catalogue of a recipe depends on."""
        defects = {name: defect.supercategory for name, defect in recipe.scene.defects.items()}
        return str((recipe.assets, recipe.scene.kind, recipe.looks, recipe.image_folders, defects))

    def settle(self, context: WorkerContext) -> Settled | None:
        """The first scene at rest, which most recipes share; None if all draws are rejected."""
        recipe = context.recipe
        parts = recipe.seed, recipe.scene, recipe.assets, recipe.looks, recipe.split
        if recipe.scene.needs_ground:
            return draw_and_settle(context, 0)[0]
        if (key := str(parts)) not in self._settled:
            self._settled[key] = draw_and_settle(context, 0)[0]
        return self._settled[key]

    def close(self) -> None:
        for context in reversed(self._contexts.values()):
            context.close()


class Made:
    """What a recipe makes.

    Attributes:
        recipe: The recipe.
        options: The settings of a run.
    """

    def __init__(
        self, studio: Studio, recipe: Recipe, options: RunOptions, settings: Mapping[str, Any]
    ) -> None:
        self.recipe, self.options = recipe, options
        self._studio, self._settings = studio, settings

    def other(self, settings: Mapping[str, Any]) -> "Made":
        """What the recipe makes with other settings, by key."""
        return self._studio.make({**self._settings, **settings})

    @cached_property
    def context(self) -> WorkerContext:
        return self._studio.context(self.recipe)

    @cached_property
    def catalogue(self) -> Catalogue:
        return self._studio.catalogue(self.recipe)

    @cached_property
    def catalogues(self) -> Mapping[str, Catalogue]:
        """What each split may use."""
        return self.recipe.hold_out(self.catalogue).catalogues

    @cached_property
    def spec(self) -> SceneSpec:
        """The first scene, before physics."""
        return self.draw(0)

    def specs(self, number: int) -> list[SceneSpec]:
        """The first scenes, before physics."""
        return [self.draw(scene) for scene in range(number)]

    def draw(self, scene: int) -> SceneSpec:
        """A scene before physics."""
        for attempt in range(self.recipe.scene.max_attempts):
            with suppress(RejectedDraw):
                return draw(self.context, scene, attempt)
        raise AssertionError("all draws are rejected")

    @property
    def bodies(self) -> list[Body]:
        """The labelled objects of the first scene, before physics."""
        return [body for body in self.spec.bodies if body.labelled]

    @property
    def furniture(self) -> list[Body]:
        return [body for body in self.spec.bodies if body.role == "furniture"]

    @cached_property
    def settled(self) -> Settled:
        """The first scene at rest."""
        settled = self._studio.settle(self.context)
        assert settled is not None, "all draws are rejected"
        return settled

    @cached_property
    def rejected(self) -> tuple[str, ...]:
        """Why draws of the first scene were rejected."""
        return draw_and_settle(self.context, 0)[1]

    @property
    def shot(self) -> Shot:
        """The first shot of the first view."""
        return self.seen(0)

    def shots(self, views: int) -> list[Shot]:
        """The first shot of each of some views of the first scene."""
        return [self.seen(view) for view in range(views)]

    def seen(self, view: int) -> Shot:
        """The first shot of a view of the first scene."""
        return aim(self.context, self.settled, view)[0]

    @cached_property
    def sample(self) -> Sample:
        """The first image with its labels, before checks and augmentation."""
        context, settled, shot = self.context, self.settled, self.shot
        gbuffer = rasterised(context.renderer, settled, shot)
        frame = context.composer.compose(context.renderer, gbuffer, settled, shot)
        sample = annotate(context.files, settled, shot, gbuffer, frame)
        normals = surface_normals(context.files, settled, shot.camera, gbuffer)
        return sensed(replace(sample, normals=normals), shot)

    @cached_property
    def run(self) -> Result:
        """A run in a new folder."""
        return self.run_in(self._studio.new_folder())

    def run_in(self, folder: Path) -> Result:
        """A run in a folder that may hold a data set."""
        options = self.options
        return generate(
            self.recipe,
            folder / options.out,
            options.num_images,
            workers=options.workers,
            engine=options.engine,
            formats=options.export.formats,
            card=options.export.card,
            report=options.export.report,
            rejected=options.export.rejected,
            retry_failed=options.retry_failed,
        )

    def new_folder(self) -> Path:
        return self._studio.new_folder()

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """The files of each shot of the first view, or why it is rejected."""
        return make_view(self.context, self.settled, aim(self.context, self.settled, 0))


LATE: dict[str, Callable[[Studio], str]] = {
    REFERENCE: lambda studio: str(studio.make({**FEW_IMAGES}).run.out),
    DARK: lambda studio: str(studio.make({**FEW_IMAGES, "scene.num_objects": 9, "camera.fill": 0.2}).run.out),
    LIBRARY: lambda studio: library(Path(studio.files[MESHES]), studio.new_folder()),
}
"""Files that take long to make, and are made when they are needed."""
