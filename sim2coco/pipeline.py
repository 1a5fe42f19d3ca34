"""The whole flow: a scene is drawn, settled, and seen by shots that are labelled, judged and augmented."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from scenes.assets.images import ENVIRONMENT
from scenes.geometry import Vec3, vec3
from scenes.shot import Shot
from scenes.spec import RejectedDraw, SceneSpec
from scenes.walls import walls_around
from sim.annotate import Measures, Sample, annotate, measure
from sim.render.raster.gbuffer import GBuffer, RejectedView
from sim.settle import Settled, settle
from sim2coco.context import WorkerContext
from sim2coco.labels import Written, written
from sim2coco.quality.judge import Verdict, judge
from sim2coco.records import FORMAT, Record, View, record_name, to_bytes
from sim2coco.seeding import rng_for
from sim2coco.store import Store

Outcome = tuple[list[Written], tuple[str, ...]]
"""What comes of a shot: its pictures, or the reasons why there are none."""


def make_scene(context: WorkerContext, scene: int) -> tuple[Record, list[Written]]:
    """One scene as a pure function of recipe and index: its record, and the files of its pictures."""
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
            views.append(View(view, shot.lighting, shot, reasons, told))
            files += pictures
    return Record(FORMAT, scene, split, "done", unlucky, None, settled, tuple(views)), files


def draw_and_settle(context: WorkerContext, scene: int) -> tuple[Settled | None, tuple[str, ...]]:
    """The first lucky draw of a scene, and the reasons of the unlucky ones before it."""
    recipe, split = context.recipe, context.recipe.split_of(scene)
    catalogue = context.held_out.catalogues[split]
    unlucky: list[str] = []
    for attempt in range(recipe.scene.max_attempts):
        streams = partial(_stream, recipe.seed, scene, attempt)
        try:
            spec = recipe.scene.draw(scene, split, attempt, catalogue, streams)
            return settle_inside_walls(context, spec), tuple(unlucky)
        except RejectedDraw as rejected:
            unlucky.append(rejected.reason)
    return None, tuple(unlucky)


def settle_inside_walls(context: WorkerContext, spec: SceneSpec) -> Settled:
    """The scene at rest, with its walls around it: no body meets them, so they are placed afterwards.

    Raises:
        RejectedDraw: The bodies do not come to rest, or leave the floor.
    """
    settled = settle(context.client, context.files, spec)
    points_m = [context.files.hull(body) for body in settled.spec.bodies]
    return replace(settled, walls=walls_around(spec.room, points_m))


def aim(context: WorkerContext, settled: Settled, view: int) -> tuple[Shot, ...]:
    """The shots of one view: one camera, under one light after the other."""
    recipe, spec = context.recipe, settled.spec
    stream = partial(_stream, recipe.seed, spec.scene, spec.attempt, view=view)
    catalogue = context.held_out.catalogues[spec.split]
    sphere = bounds(context, settled)
    camera = recipe.camera.aim(stream("camera"), view, recipe.image, sphere)
    sensor = stream("sensor")
    lens = recipe.camera.lens(sensor, camera, sphere)
    motion = recipe.camera.motion(sensor, camera, sphere)
    lights = [
        recipe.light.draw(partial(stream, lighting=lighting), catalogue.album(ENVIRONMENT))
        for lighting in range(recipe.lightings)
    ]
    return tuple(
        Shot(spec.scene, view, index, camera, light, lens, motion) for index, light in enumerate(lights)
    )


def make_view(context: WorkerContext, settled: Settled, shots: Sequence[Shot]) -> list[Outcome]:
    """What comes of each shot of one view, which is rasterised and labelled once."""
    try:
        gbuffer = context.renderer.rasterise(settled, shots[0])
        frame = context.composer.compose(context.renderer, gbuffer, settled, shots[0])
        sample = annotate(context.files, settled, shots[0], gbuffer, frame)
    except RejectedView as rejected:
        return [([], (rejected.reason,))] * len(shots)
    measures = measure(sample)
    outcomes = [finish(context, settled, shots[0], sample, measures)]
    for shot in shots[1:]:
        again = relight(context, settled, shot, gbuffer, sample)
        outcomes.append(finish(context, settled, shot, again, measures))
    return outcomes


def relight(context: WorkerContext, settled: Settled, shot: Shot, gbuffer: GBuffer, sample: Sample) -> Sample:
    """A view that is labelled already, under another light: no light moves a label."""
    if not context.composer.relights:
        gbuffer = context.renderer.rasterise(settled, shot)
    frame = context.composer.compose(context.renderer, gbuffer, settled, shot)
    return replace(sample, image=frame.image)


def finish(
    context: WorkerContext, settled: Settled, shot: Shot, sample: Sample, measures: list[Measures]
) -> Outcome:
    """What comes of one labelled shot: judge, augment, judge, encode."""
    verdict = judge(context.recipe.quality, sample, not labelled(settled), measures)
    if not verdict.accepted:
        return [], verdict.reasons
    pictures = []
    for copy, (finished, checked) in enumerate(augmented(context, settled, shot, sample, verdict)):
        if not checked.accepted:
            return [], tuple(f"augment:{reason}" for reason in checked.reasons)
        pictures.append(written(context.recipe.image, settled, shot, copy, finished, checked))
    return pictures, ()


def augmented(
    context: WorkerContext, settled: Settled, shot: Shot, sample: Sample, verdict: Verdict
) -> Iterator[tuple[Sample, Verdict]]:
    """The samples that a view is written as: copy 0 is the view itself, or what replaces it."""
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
    """The first augmentation that passes the checks, or the last one tried."""
    for tries_left in reversed(range(context.recipe.augment.tries)):
        changed = context.augmenter.augment(sample, rng)
        if changed is sample:
            return sample, unchanged
        verdict = judge(context.recipe.quality, changed, not labelled(settled))
        if verdict.accepted or not tries_left:
            return changed, verdict
    raise AssertionError("augment.tries is at least 1")


def labelled(settled: Settled) -> bool:
    """Whether the scene has an object that is to be labelled."""
    return any(body.labelled for body in settled.spec.bodies)


def bounds(context: WorkerContext, settled: Settled) -> tuple[Vec3, float]:
    """Centre and radius, in metres, of the sphere that cameras aim at, which holds at least a typical object.

    It holds all bodies but furniture, which would have objects on a large table seen from too far away; where
    there is nothing else, it holds the furniture.
    """
    bodies = settled.spec.bodies
    if not bodies:
        return (0.0, 0.0, 0.0), context.catalogue.typical_size_m
    aimed_at = [body for body in bodies if body.role != "furniture"] or bodies
    points = np.concatenate([context.files.hull(body) for body in aimed_at])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius_m = float(np.linalg.norm(points - center, axis=1).max())
    return vec3(center), max(radius_m, 0.5 * context.catalogue.typical_size_m)


def commit(store: Store, record: Record, pictures: list[Written]) -> None:
    """Writes the pictures of a scene, then its record: the record is the commit."""
    for picture in pictures:
        for name, content in picture.files.items():
            store.put(name, content, sync=False)
    store.put_new(record_name(record.scene), to_bytes(record))


def _stream(seed: int, scene: int, attempt: int, stream: str, **key: int | None) -> np.random.Generator:
    return rng_for(seed, scene=scene, attempt=attempt, stream=stream, **key)
