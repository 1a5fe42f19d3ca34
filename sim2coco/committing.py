"""Writes the results of a scene to the data set: its images first, and at last the record, which counts."""

from sim2coco.labels import Written
from sim2coco.records import Record, from_bytes, record_name, to_bytes
from sim2coco.storage import Storage, StoreError
from sim2coco.target.filling import left_out_as


def commit(store: Storage, record: Record, pictures: list[Written]) -> Record:
    """Writes the images of a scene, and then its record, which commits the scene.

    Files that are there already, of an earlier run, stay untouched if they are the same.

    Returns:
        The record that counts: this one, or that of another process which was first.

    Raises:
        StoreError: Another process has committed the scene, with other bytes.
    """
    name = record_name(record.scene)
    if store.exists(name):
        return _first(store, record)
    store.put_all({file: encoded for picture in pictures for file, encoded in picture.files.items()})
    return record if store.put_new(name, to_bytes(record)) else _first(store, record)


def _first(store: Storage, record: Record) -> Record:
    """The record of another process, which has committed the scene before this one.

    If that process made other bytes, the files of the scene may be mixed, so the record is deleted: the scene
    is made again. Views that were left out for a target meanwhile are no difference. A scene that failed in
    one process only has died of time or memory, which may differ.
    """
    name = record_name(record.scene)
    found = store.get(name)
    same = found in (to_bytes(record), to_bytes(left_out_as(record, found)))
    try:
        first = from_bytes(found)
        if same or "failed" in (record.status, first.status):
            return first
    except ValueError:  # it is damaged
        pass
    store.delete(name)
    what = f"{store}: {name} was made twice, with different bytes"
    raise StoreError(f"{what}; machines or versions differ: compare them, and run the same command again")
