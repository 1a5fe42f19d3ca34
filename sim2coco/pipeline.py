"""The pipeline of a scene: sample, settle, render, label, check, augment, encode."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.images import DEFECTS, ENVIRONMENT
from scenes.decal import NamedRegion
from scenes.defects import DefectCategory, with_defects
from scenes.drift import with_drift
from scenes.geometry import Vec3, scaled_after, vec3
from scenes.settings import Streams
from scenes.shot import Shot
from scenes.spec import Body, RejectedDraw, SceneSpec
from scenes.walls import walls_around
from sim.annotate import annotate
from sim.render.raster.gbuffer import GBuffer, RejectedView
from sim.render.raster.surfacenormals import surface_normals
from sim.render.sensor.depthsensor import measured_depth
from sim.render.sensor.rolling import rasterised
from sim.sample import Measures, Sample, measure
from sim.settle import settle
from sim.settled import Settled
from sim2coco.context import WorkerContext
from sim2coco.labels import Written, written
from sim2coco.quality.judge import Verdict, judge
from sim2coco.records import FORMAT, Record, View
from sim2coco.seeding import rng_for
from sim2coco.seeing import camera_kind, ground_seen
from sim2coco.target.bins import bins_of_view

NEEDS_NORMALS = {"normals", "sensor_depth"}
"""The further files of an image that are computed from normals."""

BELOW_FLOOR = "below_floor"
"""The reason for rejecting a view whose camera is below the floor, whatever the kind of camera or scene."""
LENS_FOLDS = "lens_folds"
"""The reason for rejecting a view whose sampled distortion is not one-to-one within the image."""

Outcome = tuple[list[Written], tuple[str, ...]]
"""The result of a shot: its images, or the reasons why it was rejected."""


def make_scene(context: WorkerContext, scene: int) -> tuple[Record, list[Written]]:
    """Makes one scene; returns its record and encoded images.

    The result depends only on the recipe and the scene index.
    """
    settled, unlucky = draw_and_settle(context, scene)
    split = context.recipe.split_of(scene)
    if settled is None:
        return Record(FORMAT, scene, split, "rejected", unlucky, None, None, ()), []
    views: list[View] = []
    files: list[Written] = []
    for view in range(context.recipe.views):
        shots = aim(context, settled, view)
        for shot, (pictures, reasons) in zip(shots, make_view(context, settled, shots), strict=True):
            told = tuple(picture.picture for picture in pictures)
            bins = None if reasons else bins_of_view(context.recipe.quality.target, pictures)
            views.append(View(view, shot.lighting, shot, reasons, told, bins))
            files += pictures
    from_file = tuple(
        scaled_after(context.catalogue.assets[body.asset].from_file, body.scale)
        for body in settled.spec.bodies
    )
    return Record(FORMAT, scene, split, "done", unlucky, None, settled, tuple(views), from_file), files


def draw_and_settle(context: WorkerContext, scene: int) -> tuple[Settled | None, tuple[str, ...]]:
    """Samples a scene until a sample can be used.

    Returns the sampled scene at rest (None if all samples are rejected), and the reason for each rejected
    sample.
    """
    unlucky: list[str] = []
    for attempt in range(context.recipe.scene.max_attempts):
        try:
            spec = draw(context, scene, attempt)
            context.drawn(spec)
            return settle_inside_walls(context, spec), tuple(unlucky)
        except RejectedDraw as rejected:
            unlucky.append(rejected.reason)
    return None, tuple(unlucky)


def draw(context: WorkerContext, scene: int, attempt: int) -> SceneSpec:
    """Samples a scene; its bodies are not yet at rest.

    Raises:
        RejectedDraw: The sampled scene cannot be used.
    """
    recipe, split = context.recipe, context.recipe.split_of(scene)
    catalogue = context.held_out.catalogues[split]
    streams = partial(_stream, recipe.seed, scene, attempt)
    ground_m = ground_seen(recipe, streams)
    spec = recipe.scene.draw_over(ground_m, scene, split, attempt, catalogue, streams)
    return with_regions(draw_defects(context, spec, catalogue, streams), catalogue)


def draw_defects(
    context: WorkerContext, spec: SceneSpec, catalogue: Catalogue, streams: Streams
) -> SceneSpec:
    """Returns the scene with random defects on its objects, sampled from separate random streams."""
    defects = [
        DefectCategory(index, settings, catalogue.album(f"{DEFECTS}.{name}").images)
        for index, (name, settings) in enumerate(context.recipe.scene.defects.items(), len(catalogue.names))
    ]
    return with_defects(spec, defects, catalogue.names, streams, context.corners, context.sides)


def with_regions(spec: SceneSpec, catalogue: Catalogue) -> SceneSpec:
    """Returns the scene with the mesh regions of the assets added to its labelled bodies."""
    index = {name: number for number, name in enumerate(catalogue.categories)}

    def labelled(body: Body) -> Body:
        regions = catalogue.assets[body.asset].regions
        if regions is None or not body.labelled:
            return body
        own = (NamedRegion(index[area.name], area.name) for area in regions.areas)
        return replace(body, regions=tuple(own))

    return replace(spec, bodies=tuple(map(labelled, spec.bodies))) if catalogue.regions else spec


def settle_inside_walls(context: WorkerContext, spec: SceneSpec) -> Settled:
    """Returns the scene at rest, with its walls.

    Bodies do not collide with walls: the walls are placed around the bodies that have come to rest.

    Raises:
        RejectedDraw: The bodies do not come to rest, or they leave the floor.
    """
    settled = settle(context.client, context.files, spec)
    points_m = [context.files.hull(body) for body in settled.spec.bodies]
    return replace(settled, walls=walls_around(spec.room, points_m))


def aim(context: WorkerContext, settled: Settled, view: int) -> tuple[Shot, ...]:
    """Returns the shots of one view, which have the same camera but different lights."""
    recipe, spec = context.recipe, settled.spec
    stream = partial(_stream, recipe.seed, spec.scene, spec.attempt, view=view)
    catalogue = context.held_out.catalogues[spec.split]
    sphere = bounds(context, settled)
    kind = camera_kind(recipe, partial(_stream, recipe.seed, spec.scene, spec.attempt), view)
    camera = kind.distorted(kind.aim(stream("camera"), view, recipe.image, sphere))
    sensor = stream("sensor")
    lens = recipe.camera.lens(sensor, camera, sphere)
    motion = recipe.camera.motion(sensor, camera, sphere)
    motion = with_drift(motion, spec.drift_m, camera, sphere)
    depth_sensors = [
        recipe.image.draw_depth_sensor(stream("depth_sensor", lighting=lighting))
        for lighting in range(recipe.lightings)
    ]
    lights = [
        recipe.light.draw(partial(stream, lighting=lighting), catalogue.album(ENVIRONMENT))
        for lighting in range(recipe.lightings)
    ]
    sensors = [
        recipe.camera.sensor.draw(stream("imaging"), stream("imaging", lighting=lighting))
        for lighting in range(recipe.lightings)
    ]
    return tuple(
        Shot(spec.scene, view, index, camera, light, lens, motion, sensor, depth_sensor)
        for index, (light, sensor, depth_sensor) in enumerate(
            zip(lights, sensors, depth_sensors, strict=True)
        )
    )


def make_view(context: WorkerContext, settled: Settled, shots: Sequence[Shot]) -> list[Outcome]:
    """Returns the result of each shot of one view.

    The view is labelled once. It is rasterised once if the composer can change the light afterwards;
    otherwise, it is rasterised for each shot.
    """
    unfit = [reason for reason, holds in UNFIT.items() if holds(settled, shots[0])]
    if unfit:
        return [([], tuple(unfit))] * len(shots)
    try:
        gbuffer = rasterised(context.renderer, settled, shots[0])
        frame = context.composer.compose(context.renderer, gbuffer, settled, shots[0])
        sample = annotate(context.files, settled, shots[0], gbuffer, frame)
        if NEEDS_NORMALS & set(context.recipe.image.extra):
            normals = surface_normals(context.files, settled, shots[0].camera, gbuffer)
            sample = replace(sample, normals=normals)
    except RejectedView as rejected:
        return [([], (rejected.reason,))] * len(shots)
    measures = measure(sample)
    outcomes = [finish(context, settled, shots[0], sample, measures)]
    for shot in shots[1:]:
        again = relight(context, settled, shot, gbuffer, sample)
        outcomes.append(finish(context, settled, shot, again, measures))
    return outcomes


def lens_folds(settled: Settled, shot: Shot) -> bool:
    """Whether the lens distortion is not one-to-one within the image, so that a point may appear twice."""
    return shot.camera.distortion is not None and shot.camera.distortion.folds


def below_floor(settled: Settled, shot: Shot) -> bool:
    """Whether the camera is below the floor, where objects would be seen from underneath."""
    return settled.spec.floor is not None and shot.camera.pose.position_m[2] <= 0


UNFIT = {BELOW_FLOOR: below_floor, LENS_FOLDS: lens_folds}
"""Conditions that make a camera unfit, by the reason with which its view is rejected."""


def relight(context: WorkerContext, settled: Settled, shot: Shot, gbuffer: GBuffer, sample: Sample) -> Sample:
    """Renders the view again, lit as in `shot`; returns `sample` with the new image and unchanged labels."""
    if not context.composer.relights:
        gbuffer = rasterised(context.renderer, settled, shot)
    frame = context.composer.compose(context.renderer, gbuffer, settled, shot)
    return replace(sample, image=frame.image)


def finish(
    context: WorkerContext, settled: Settled, shot: Shot, sample: Sample, measures: list[Measures]
) -> Outcome:
    """Checks, augments, checks again and encodes one labelled shot.

    Returns the encoded images and no reasons or, if the shot is rejected, no images and the reasons.
    """
    sample = sensed(sample, shot)
    verdict = judge(context.recipe.quality, sample, not settled.has_objects, measures)
    if not verdict.accepted:
        context.rejected(sample.image)
        return [], verdict.reasons
    pictures = []
    for copy, (finished, checked) in enumerate(augmented(context, settled, shot, sample, verdict)):
        if not checked.accepted:
            context.rejected(finished.image)
            return [], tuple(f"augment:{reason}" for reason in checked.reasons)
        categories = len(context.catalogue.categories)
        pictures.append(written(context.recipe.image, settled, shot, copy, finished, checked, categories))
    return pictures, ()


def sensed(sample: Sample, shot: Shot) -> Sample:
    """Adds the depth that the shot's depth camera measures to a sample with normals.

    Without a depth camera or normals, returns the sample unchanged.
    """
    if shot.depth_sensor is None or sample.normals is None:
        return sample
    assert sample.camera is not None
    measured = measured_depth(shot.depth_sensor, sample.camera, sample.depth_m, sample.normals, sample.image)
    return replace(sample, sensor_depth_m=measured)


def augmented(
    context: WorkerContext, settled: Settled, shot: Shot, sample: Sample, verdict: Verdict
) -> Iterator[tuple[Sample, Verdict]]:
    """Yields the samples to write for one shot, each with the result of its checks.

    The first is the unchanged sample. If the split is augmented, `augment.copies` augmented samples follow;
    if this setting is 0, one augmented sample is yielded instead of the unchanged one.
    """
    settings = context.recipe.augment
    if settled.spec.split not in settings.splits:
        yield sample, verdict
        return
    if settings.copies:
        yield sample, verdict
    for copy in range(1, settings.copies + 1) if settings.copies else range(1):
        key = {"view": shot.view, "lighting": shot.lighting, "copy": copy}
        rng = _stream(context.recipe.seed, shot.scene, settled.spec.attempt, "augment", **key)
        yield _augmented_once(context, settled, sample, verdict, rng)


def _augmented_once(
    context: WorkerContext, settled: Settled, sample: Sample, unchanged: Verdict, rng: np.random.Generator
) -> tuple[Sample, Verdict]:
    """Returns the first augmented sample that passes the checks, or the last one if none passes."""
    for tries_left in reversed(range(context.recipe.augment.tries)):
        changed = context.augmenter.augment(sample, rng)
        if changed is sample:
            return sample, unchanged
        verdict = judge(context.recipe.quality, changed, not settled.has_objects)
        if verdict.accepted or not tries_left:
            return changed, verdict
    raise AssertionError("augment.tries is at least 1")


def bounds(context: WorkerContext, settled: Settled) -> tuple[Vec3, float]:
    """Returns the centre and radius, in metres, of the sphere at which cameras aim.

    The sphere contains all bodies except furniture: with a large table inside the sphere, the cameras would
    be too far away from the objects on the table. If all bodies are furniture, the sphere contains all of
    them. Its diameter is at least the typical size of an asset.
    """
    bodies = settled.spec.bodies
    if not bodies:
        return (0.0, 0.0, 0.0), context.catalogue.typical_size_m
    aimed_at = [body for body in bodies if body.role != "furniture"] or bodies
    points = np.concatenate([context.files.hull(body) for body in aimed_at])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius_m = float(np.linalg.norm(points - center, axis=1).max())
    return vec3(center), max(radius_m, 0.5 * context.catalogue.typical_size_m)


def _stream(seed: int, scene: int, attempt: int, stream: str, **key: int | None) -> np.random.Generator:
    return rng_for(seed, scene=scene, attempt=attempt, stream=stream, **key)
