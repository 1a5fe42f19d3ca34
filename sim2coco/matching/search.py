"""Searches for settings whose images resemble a data set, trial by trial.

Each trial renders images of new scenes and measures them, and the settings are then adjusted. The adjustments
become smaller from trial to trial, so that noise averages out (stochastic approximation, Robbins and Monro
1951).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.temporary import temporary_folder
from sim2coco.datasets.reading import open_dataset
from sim2coco.engines.engine import Engine
from sim2coco.matching.observed import Observed, observe
from sim2coco.matching.proposal import Tree, follow, size_of
from sim2coco.messages import ConfigError
from sim2coco.recipe import Recipe
from sim2coco.run import generate
from sim2coco.tally import Tally

LONGER_PX = 640
"""Trials of larger images are made with this longer side; the quantities are relative to the image size."""
IN_PIXELS = {"fx": "width", "fy": "height", "cx": "width", "cy": "height"}
"""Camera settings in pixels, with the side of the image with which they scale."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The result of a search.

    Attributes:
        original: The original recipe as JSON values.
        found: The final recipe as JSON values.
        before: Measurements of images with the original settings.
        after: Measurements of images with the final settings, made with a seed that the search has not used.
    """

    original: Tree
    found: Tree
    before: Observed
    after: Observed


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a search, and the engine and processes that it uses.

    Attributes:
        images: Number of images of each trial.
        trials: Number of times that the settings are adjusted; `trials` + 1 sets of images are made.
        engine: The engine that makes the scenes, for example in worker processes.
        workers: Number of worker processes.
    """

    images: int
    trials: int
    engine: Engine
    workers: int


def match(recipe: Recipe, real: Observed, plan: Plan, progress: Progress = lambda done: None) -> Match:
    """Searches for settings whose images resemble a data set.

    Args:
        recipe: The settings to begin with.
        real: The data set.
        plan: How many images are made, and where.
        progress: Called with the number of images made so far. An exception from it stops the search.

    Raises:
        ConfigError: The recipe has intrinsics in pixels, for an image size that differs from the data set's.
        GenerationError: The images of a trial are rejected.
    """
    made = _Trials(plan, progress)
    original: Tree = recipe.model_dump(mode="json")
    check_size(original, real)
    tree = size_of(original, real)
    seen = before = made.run(original)
    for trial in range(plan.trials):
        tree = follow(tree, real, seen, step=2 / (2 + trial))
        seen = made.run({**tree, "seed": tree["seed"] + 1 + trial})
    return Match(original, tree, before, seen)


@dataclass
class _Trials:
    """Makes images, and measures them."""

    plan: Plan
    progress: Progress
    done: int = 0

    def run(self, tree: Tree) -> Observed:
        """Makes the images of one trial, one view per scene, and measures them."""
        recipe = Recipe.parse({**reduced(tree), "views": 1, "lightings": 1})

        def report(tally: Tally) -> None:
            self.progress(self.done + tally.made)

        with temporary_folder() as folder:
            out = Path(folder) / "trial"
            generate(
                recipe,
                out,
                self.plan.images,
                workers=self.plan.workers,
                engine=self.plan.engine,
                card=False,
                report=False,
                progress=report,
            )
            self.done += self.plan.images
            images = open_dataset(out).images(_augmented_split(recipe))
            size = tree["image"]["width"], tree["image"]["height"]
            return observe(images, size=size)


def reduced(tree: Tree) -> Tree:
    """Returns settings for fast trials: smaller images, no extra files, and no `quality.target`."""
    image, camera = tree["image"], tree["camera"]
    factor = min(1.0, LONGER_PX / max(image["width"], image["height"]))
    sides = {side: max(1, round(factor * image[side])) for side in ("width", "height")}
    scales = {side: sides[side] / image[side] for side in sides}
    given = {key: side for key, side in IN_PIXELS.items() if camera.get(key) is not None}
    numbers = {key: [scales[side] * bound for bound in camera[key]] for key, side in given.items()}
    small = {**image, **sides, "extra": [], "depth_sensor": None}
    quality = {**tree["quality"], "target": None}
    return {**tree, "image": small, "camera": {**camera, **numbers}, "quality": quality}


def check_size(tree: Tree, real: Observed) -> None:
    """Checks that camera intrinsics in pixels, if any, refer to the data set's image size.

    Raises:
        ConfigError: The intrinsics refer to another image size.
    """
    given = [key for key in IN_PIXELS if tree["camera"].get(key) is not None]
    own = tree["image"]["width"], tree["image"]["height"]
    if given and own != real.size:
        width, height = real.size
        raise ConfigError(
            f"camera.{given[0]}: is in pixels for images of {own[0]}x{own[1]}, but most images of the data "
            f"set are {width}x{height}: set image.width={width} image.height={height} and the intrinsics for "
            "that size (a calibration is scaled), or use camera.fov_deg"
        )


def _augmented_split(recipe: Recipe) -> str | None:
    """Returns the split whose images are measured: the first augmented one. None stands for all images."""
    # Training uses augmented images, so these are measured.
    return next(iter(recipe.augment.splits), None) if len(recipe.split.shares) > 1 else None
