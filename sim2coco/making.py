"""Makes the missing scenes of a run."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from sim2coco.engines.engine import Engine, Job, Preparing
from sim2coco.readahead import read_ahead
from sim2coco.records import (
    Record,
    Summary,
    from_bytes,
    is_intact,
    kept_views,
    picture_files,
    record_name,
    record_names,
    summary,
)
from sim2coco.shard import Shard
from sim2coco.space import check_space
from sim2coco.storage import Storage
from sim2coco.tally import Tally
from sim2coco.target.filling import Filling, left_out

Progress = Callable[[Tally], None]


def make_missing(
    job: Job,
    engine: Engine,
    tally: Tally,
    retry_failed: bool,
    progress: Progress | None,
    filling: Filling | None = None,
    complete: bool = False,
) -> None:
    """Generates scenes until enough views are accepted.

    Scenes are counted in the order of their indices; a scene counts only once all scenes before it are
    finished.

    Scenes finished by earlier runs are kept; a scene is made again if any of its files has changed.

    Args:
        job: The run.
        engine: The engine that makes the scenes.
        tally: Counts the scenes, and determines the next one.
        retry_failed: Whether scenes that failed before are made again.
        progress: As in `generate`.
        filling: Chooses those of the accepted views that bring the data set close to a target; None if there
            is no target.
        complete: Whether an earlier run has finished the data set with the same number of images.

    Raises:
        StoreError: There is far too little free space.
        GenerationError: Too few views are accepted.
    """
    # Views that the target has not chosen yet count as accepted: how many it keeps is known at the end.
    limit = sys.maxsize if filling and not complete else tally.wanted
    known = dict(_finished(job, limit, engine.part, retry_failed))
    tally.ahead = sum(map(_accepted, known.values()))
    waiting: dict[int, Summary] = {}
    report = progress or (lambda _: None)

    def missing() -> Iterator[int | None]:
        scene = tally.scene
        while not tally.done:
            scene = max(scene, tally.scene)  # `known` no longer contains counted scenes
            if tally.accepted + sum(map(_accepted, waiting.values())) >= tally.wanted:
                yield None  # enough views are finished; only earlier scenes that take longer are missing
            elif scene in known:
                scene += tally.step
            else:
                yield scene
                scene += tally.step

    def count() -> None:
        while not tally.done and (tally.scene in waiting or tally.scene in known):
            scene = waiting.pop(tally.scene) if tally.scene in waiting else known.pop(tally.scene)
            tally.ahead -= _accepted(scene)
            if filling is not None:
                scene = filling.decided(scene, tally.wanted - tally.accepted)
            tally.add(scene)

    count()
    report(tally)
    if tally.done:
        return
    check_space(job.store, job.recipe, tally.wanted - tally.made)
    with closing(engine.run(job, missing())) as made:  # type: ignore[type-var]
        for scene in made:
            tally.preparing = scene if isinstance(scene, Preparing) else None
            if isinstance(scene, Summary):
                waiting[scene.scene] = scene
                tally.ahead += _accepted(scene)
                count()
            report(tally)
            if tally.done:
                return
    raise AssertionError("the engine ended before the run")


def _accepted(scene: Summary) -> int:
    """Number of accepted views of a scene."""
    return sum(not reasons for reasons in scene.views)


def _finished(job: Job, limit: int, shard: Shard | None, retry_failed: bool) -> Iterator[tuple[int, Summary]]:
    """Yields the index and summary of each complete scene from earlier runs.

    Deletes the records of incomplete scenes and, with `retry_failed`, of failed scenes. If the record of a
    failed scene is deleted, the records of later scenes with views that were left out for `quality.target`
    are deleted too, because which views are left out depends on all earlier scenes. Records of other shards
    stay.

    Args:
        job: The run.
        limit: The files of the first `limit` accepted views are compared with their records; the files of
            later views are not.
        shard: The shard; None for all scenes.
        retry_failed: As in `generate`.
    """
    retried, store = False, job.store
    names = list(record_names(store, shard))

    def found() -> Iterator[Found]:
        nonlocal limit
        for name, record in zip(names, read_ahead(partial(_record, store), names, store.reads), strict=True):
            yield Found(name, record, limit)
            limit -= _views(record)

    for one, whole in read_ahead(partial(_checked, store), found(), store.reads):
        record, failed = one.record, whole and one.record is not None and one.record.status == "failed"
        if record is None or not whole or (retry_failed and (failed or (retried and left_out(record)))):
            retried = retried or failed
            limit += _views(record)
            store.delete(one.name)
            continue
        yield record.scene, summary(record)


class Found(NamedTuple):
    """A record found in the data set at the start of a run.

    Attributes:
        name: The file name of the record.
        record: The record; None if it is unreadable.
        limit: Maximum number of accepted views, counted from the first view of the record, whose files are
            checked.
    """

    name: str
    record: Record | None
    limit: int


def _record(store: Storage, name: str) -> Record | None:
    """Reads a record by its file name; None if it is unreadable, damaged or belongs to another scene."""
    try:
        content = store.get(name)
        record = from_bytes(content)
    except (OSError, ValueError):
        return None
    return record if name == record_name(record.scene) and is_intact(record, content) else None


def _views(record: Record | None) -> int:
    """Number of accepted views of a record; 0 if the record is None."""
    return 0 if record is None else sum(not view.reasons for view in record.views)


def _checked(store: Storage, found: Found) -> tuple[Found, bool]:
    """Returns `found`, and whether the files of its first `limit` accepted views exist and are unchanged."""
    if found.record is None:
        return found, False
    try:
        for view in kept_views(found.record, found.limit):
            for picture in view.pictures:
                for file, digest in picture_files(found.record.split, picture).items():
                    if sha256(store.get(file)).hexdigest() != digest:
                        return found, False
    except (OSError, ValueError):
        return found, False
    return found, True
