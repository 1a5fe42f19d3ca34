"""Finds floating objects in sim2coco data sets: resumes the simulation briefly and detects sinking bodies."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sim.settle import sinking_m
from sim.temporary import temporary_folder
from sim2coco.context import WorkerContext
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.runs import REPAIR
from sim2coco.records import Record
from sim2coco.review.dataset import DataSet
from sim2coco.review.renderable import unrenderable
from sim2coco.review.replay import context_for

SINKING_M = 0.003
"""A body that sinks by at least this is unsupported; bodies at rest move by less than 1 mm."""


def floating(
    root: Path, folders: tuple[Path, ...] = (), progress: Callable[[int], None] = lambda _: None
) -> dict[int, str]:
    """Returns a dict from the index of each scene with floating objects to a text: what sinks, and how far.

    Args:
        root: The data set, with its records.
        folders: Folders to search for meshes, as for `replay`.
        progress: Called with the number of scenes done so far.

    Raises:
        DataSetError: A record cannot be read, or a mesh is missing or has changed.
    """
    data = DataSet(root)
    records = records_of(data)
    views = [(record, record.views[0]) for record in records if record.views]
    found: dict[int, str] = {}
    with (
        temporary_folder() as scratch,
        closing(context_for(data, views, folders, Path(scratch))) as context,
    ):
        for done, record in enumerate(records, 1):
            sinking = ", ".join(sunk(context, record))
            if sinking:
                found[record.scene] = sinking
            progress(done)
    return found


def records_of(data: DataSet) -> list[Record]:
    """Returns one record for each scene that has images and was simulated with physics."""
    found: dict[int, Record] = {}
    for record, _, _ in data.pictures():
        if record.settled is not None and record.settled.spec.physics is not None:
            found.setdefault(record.scene, record)
    return [*found.values()]


def sunk(context: WorkerContext, record: Record) -> Iterator[str]:
    """Yields a description of each sinking body of a scene: its asset and how far it sinks.

    Raises:
        DataSetError: The scene cannot be simulated again.
    """
    assert record.settled is not None
    if why := unrenderable(context.recipe, record.settled, record.views[0].shot):
        raise DataSetError(f"scene {record.scene}: cannot be simulated again: in its record, {why}; {REPAIR}")
    try:
        sinking = sinking_m(context.client, context.files, record.settled)
    except (KeyError, ValueError) as error:
        raise DataSetError(f"scene {record.scene}: cannot be simulated again ({error})") from error
    for body, metres in zip(record.settled.spec.bodies, sinking, strict=True):
        if metres >= SINKING_M:
            yield f"{body.asset.rpartition('@')[0]} sinks by {1000 * metres:.0f} mm"
