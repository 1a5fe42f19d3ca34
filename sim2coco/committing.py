"""Makes a scene and writes it to the data set: first its images, then the record that commits the scene.

In commands with worker processes, only the workers import this module: it imports the renderers.
"""

from sim2coco.context import WorkerContext
from sim2coco.labels import Written
from sim2coco.pipeline import make_scene
from sim2coco.records import Record, Summary, codec, from_bytes, record_name, summary, to_bytes
from sim2coco.storage import Storage, StoreError
from sim2coco.target.filling import left_out_as

codec()  # built before workers are forked


def make_and_commit(context: WorkerContext, store: Storage, scene: int) -> Summary:
    """Makes one scene, writes its files and its record to the store, and returns its summary."""
    record, files = make_scene(context, scene)
    return summary(commit(store, record, files))


def commit(store: Storage, record: Record, pictures: list[Written]) -> Record:
    """Writes the images of a scene, and then its record, which commits the scene.

    Files that an earlier run wrote with the same content stay untouched.

    Returns:
        The committed record: `record`, or the record of another process that committed the scene first.

    Raises:
        StoreError: Another process has committed the scene with different content.
    """
    name = record_name(record.scene)
    if store.exists(name):
        return _first(store, record)
    store.put_all({file: encoded for picture in pictures for file, encoded in picture.files.items()})
    return record if store.put_new(name, to_bytes(record)) else _first(store, record)


def _first(store: Storage, record: Record) -> Record:
    """Returns the record of this scene that another process has committed.

    The two records may differ in two ways. The committed record may reject views that were not needed for the
    target distribution, which is decided after the commit. Or one of the records may be a failure, because
    time and memory limits may depend on the machine.

    Raises:
        StoreError: The records differ in any other way. The files of the scene may then come from both
            processes, so the committed record is deleted, and the next run makes the scene again.
    """
    name = record_name(record.scene)
    found = store.get(name)
    same = found in (to_bytes(record), to_bytes(left_out_as(record, found)))
    try:
        first = from_bytes(found)
        if same or "failed" in (record.status, first.status):
            return first
    except ValueError:  # the other record is damaged
        pass
    store.delete(name)
    what = f"{store}: {name} was made twice, with different content"
    raise StoreError(f"{what}; compare the machines and package versions, and run the same command again")
