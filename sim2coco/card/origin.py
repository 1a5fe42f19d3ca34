"""How a data set was made, as stated on its card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenes.assets.catalogue import Catalogue
from sim2coco.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Origin:
    """How a data set was made.

    Attributes:
        made: A dict from property, such as "seed", to its value as text without markup.
        meshes: A dict from category to the name and licence of each of its meshes; empty if unknown.
        limits: Sentences about what users of the data set should know, in Markdown.
        files: A dict from the name of a file or folder to its description, for all files other than images
            and annotations.
        ours: Whether `run.json` and the records of scenes exist.
    """

    made: Mapping[str, str] = field(default_factory=dict)
    meshes: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    limits: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False


def origin_of_run(
    recipe: Recipe, catalogue: Catalogue, run: Mapping[str, Any], files: Mapping[str, str]
) -> Origin:
    """Describes how a run made a data set.

    Args:
        recipe: The settings of the run.
        catalogue: The meshes.
        run: The content of `run.json`: versions and identity.
        files: A dict from the name of each file that the formats wrote to its description.
    """
    groups = zip(catalogue.names, catalogue.groups, strict=True)
    return Origin(
        made=dict(_made(recipe, run)),
        meshes={name: [(asset.name, asset.licence) for asset in group] for name, group in groups},
        limits=tuple(_limits(recipe)),
        files=files,
        ours=True,
    )


def _made(recipe: Recipe, run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    moves, recolors = recipe.augment.geometry, recipe.augment.pixels
    yield "program", f"sim2coco {run['versions']['sim2coco']}"
    yield "seed", str(recipe.seed)
    yield "scenes", f"{recipe.scene.kind}, physics by PyBullet {run['versions']['pybullet']}"
    yield "cameras", f"{recipe.camera.kind}, {recipe.views} per scene"
    if recipe.camera.sensor.effects:
        yield "sensor", ", ".join(recipe.camera.sensor.effects)
    yield "lights", f"{recipe.light.kind}, {recipe.lightings} per camera"
    yield "renderer", recipe.render.kind
    if recipe.image.extra:
        step = f"depth in steps of {recipe.image.depth_scale_mm:g} mm"
        yield "further files", f"{', '.join(recipe.image.extra)}; {step}"
    yield "splits", ", ".join(f"{name} {share:g}" for name, share in recipe.split.shares.items())
    yield "no two splits share", ", ".join(recipe.split.by)
    if moves or recolors:
        yield "augmentation", f"{', '.join([*moves, *recolors])}; of {', '.join(recipe.augment.splits)}"
    yield "Python", run["versions"]["python"]
    yield "identity", run["identity"]


def _limits(recipe: Recipe) -> Iterator[str]:
    yield (
        "The images are rendered, not photographed: there is no refraction, no mirror reflection of objects "
        "and no light from one object to another. Test models trained on these images on photographs."
    )
    yield "Objects, poses, cameras and lights are sampled from ranges; real distributions differ."
    if recipe.camera.aperture_mm[1] or recipe.camera.motion_px[1]:
        yield "Images are blurred by lens or motion; masks, boxes and depth belong to the sharp image."
    if recipe.camera.motion_px[1] and recipe.camera.sensor.readout[1]:
        yield "Rows were exposed one after the other; poses and cameras belong to the middle row."
