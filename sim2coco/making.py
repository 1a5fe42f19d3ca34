"""Makes the scenes of a run that are missing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import PurePosixPath

from sim2coco.engines.engine import Engine, Job, Preparing
from sim2coco.records import (
    Record,
    Summary,
    from_bytes,
    kept_views,
    picture_files,
    record_name,
    summary,
)
from sim2coco.shard import Shard
from sim2coco.space import check_space
from sim2coco.store import Store
from sim2coco.tally import Tally

Progress = Callable[[Tally], None]


def make_missing(
    job: Job, engine: Engine, tally: Tally, retry_failed: bool, progress: Progress | None
) -> None:
    """Generates scenes until the finished scenes, counted in order, have enough accepted views.

    Scenes that earlier runs have finished are counted, and made again if a file of theirs has changed.

    Args:
        job: The run.
        engine: Where scenes are made.
        tally: Counts the scenes, and says which is the next.
        retry_failed: Whether scenes that failed before are made again.
        progress: As in `generate`.

    Raises:
        StoreError: There is far too little free space.
        GenerationError: Too few views are accepted.
    """
    known = dict(_finished(job, tally, engine.part, retry_failed))
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


def _finished(
    job: Job, tally: Tally, shard: Shard | None, retry_failed: bool
) -> Iterator[tuple[int, Summary]]:
    """Yields the complete scenes from earlier runs; deletes records of incomplete ones.

    Records of failed scenes are also deleted if `retry_failed` is True. Those of other shards stay.
    """
    limit = tally.wanted
    for name in list(job.store.list("records")):
        if shard is not None and not _belongs(name, shard):
            continue
        record = _whole(job.store, name, limit)
        if record is None or (retry_failed and record.status == "failed"):
            job.store.delete(name)
            continue
        limit -= sum(not view.reasons for view in record.views)
        yield record.scene, summary(record)


def _belongs(name: str, shard: Shard) -> bool:
    """Whether a file is the record of a scene of a shard."""
    stem = PurePosixPath(name).stem
    return stem.isdecimal() and shard.holds(int(stem))


def _whole(store: Store, name: str, limit: int) -> Record | None:
    """The record if the images of its first `limit` accepted views are complete and unchanged, else None."""
    try:
        record = from_bytes(store.get(name))
        for view in kept_views(record, limit):
            for picture in view.pictures:
                for file, digest in picture_files(record.split, picture).items():
                    if sha256(store.get(file)).hexdigest() != digest:
                        return None
    except (OSError, ValueError):
        return None
    return record if name == record_name(record.scene) else None
