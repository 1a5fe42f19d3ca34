"""Writes the results of a scene to the data set: its images first, and at last the record, which counts."""

from sim2coco.labels import Written
from sim2coco.records import Record, record_name, to_bytes
from sim2coco.store import Store, StoreError
from sim2coco.target.filling import left_out_as


def commit(store: Store, record: Record, pictures: list[Written]) -> None:
    """Writes the images of a scene, and then its record, which commits the scene.

    Files that are there already, of an earlier run, stay untouched if they are the same.

    Raises:
        StoreError: Another process has committed the scene, with other bytes.
    """
    name, content = record_name(record.scene), to_bytes(record)
    if store.exists(name):
        _check_same(store, name, record)
    for picture in pictures:
        for file, encoded in picture.files.items():
            if not _holds(store, file, encoded):
                store.put(file, encoded, sync=False)
    if not store.put_new(name, content):
        _check_same(store, name, record)


def _check_same(store: Store, name: str, record: Record) -> None:
    """Compares a record with that of another process which has made the same scene.

    If they differ, the files of the scene may be mixed, so the record is deleted: the scene is made again.
    Views that were left out for a target meanwhile are no difference.
    """
    there = store.get(name)
    if there != to_bytes(record) and there != to_bytes(left_out_as(record, there)):
        store.delete(name)
        what = f"{store}: {name} was made twice, with different bytes"
        raise StoreError(f"{what}; machines or versions differ: compare them, and run the same command again")


def _holds(store: Store, name: str, content: bytes) -> bool:
    """Whether there is a file with this content; one that cannot be read is replaced."""
    try:
        return store.exists(name) and store.get(name) == content
    except OSError:
        return False
