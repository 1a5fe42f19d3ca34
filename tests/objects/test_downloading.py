"""A copy of a data set in a folder is complete, is continued, and is never mixed with something else."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sim2coco.objects.downloading import planned
from sim2coco.objects.store import ObjectStore
from sim2coco.storage import LOCK, StoreError
from tests.commandline import tree

fsspec = pytest.importorskip("fsspec")
FILES = {"a/1": b"one", "a/2": b"two", "run.json": b'{"identity": "x"}'}


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    store = ObjectStore(f"memory://{uuid4().hex}/parts")
    store.put_all({**FILES, LOCK: b""})
    yield store
    fsspec.filesystem("memory").store.clear()


def copied(store: ObjectStore, folder: Path) -> tuple[str, ...]:
    """Copies a data set; returns the names of the files that were copied."""
    copy, shown = planned(store, folder), list[int]()
    copy.run(shown.append)
    assert shown == [*range(len(copy.sizes) - len(copy.missing), len(copy.sizes) + 1)]
    return copy.missing


def test_a_copy_is_complete_and_brings_what_is_missing_or_has_changed(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copy"
    download = store.download

    def stopped(name: str, file: Path) -> None:
        download(name, file)
        if name == "a/2":
            raise StoreError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(store, "download", stopped)
        with pytest.raises(StoreError, match="stopped"):
            planned(store, folder).run(lambda done: None)
    assert set(tree(folder)) <= {"a/1"}
    assert set(copied(store, folder)) >= {"a/2", "run.json"}
    assert tree(folder) == FILES
    assert copied(store, folder) == ()
    store.put("a/2", b"new")
    (folder / "a/1").write_bytes(b"longer")
    os.utime(folder / "a/2", (0, 0))
    assert copied(store, folder) == ("a/1", "a/2")
    assert tree(folder) == {**FILES, "a/2": b"new"}


def test_what_is_in_the_way_is_told(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"--out: .* contains other files \(notes\.txt\)"):
        planned(store, tmp_path)
    (tmp_path / "run.json").write_text('{"identity": "y"}')
    with pytest.raises(StoreError, match=r"--out: .* contains a different data set than memory://"):
        planned(store, tmp_path)
    with pytest.raises(StoreError, match=r"memory://.*/nothing: contains no files"):
        planned(ObjectStore(f"{store.url}/nothing"), tmp_path)
    assert sorted(tree(tmp_path)) == ["notes.txt", "run.json"]


def test_a_disk_that_is_too_small_is_told(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "sizes", lambda: {"a/1": 10**18})
    with pytest.raises(
        StoreError, match=r"--out: a copy of .* needs 1000000000\.0 GB, but only .* are free; name"
    ):
        planned(store, tmp_path)
