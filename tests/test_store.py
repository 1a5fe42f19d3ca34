"""Files are complete or absent."""

import errno
import fcntl
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim2coco.locking import PAUSE_S
from sim2coco.storage import LOCK, StoreError
from sim2coco.store import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "data")


def test_put_get_list_delete(store: LocalStore) -> None:
    store.put("b/2.txt", b"two")
    store.put("a/1.txt", iter([b"o", b"n", b"e"]))
    store.put("a/1.txt", b"one again")
    assert store.get("a/1.txt") == b"one again"
    assert list(store.list(".")) == ["a/1.txt", "b/2.txt"]
    assert list(store.list("nowhere")) == []
    store.delete("a/1.txt")
    store.delete("a/1.txt")
    assert list(store.list(".")) == ["b/2.txt"]
    assert not (store.root / "a").exists()


def test_the_first_writer_wins(store: LocalStore) -> None:
    assert store.put_new("x", b"first")
    assert not store.put_new("x", b"second")
    assert store.get("x") == b"first"
    assert list(store.list(".")) == ["x"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_never_followed(
    store: LocalStore, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    store.root.mkdir()
    for name in ("a", "b", LOCK):
        (store.root / name).symlink_to(tmp_path / "mine")
    (store.root / "c").symlink_to("nowhere")
    store.put("a", b"new")
    assert store.put_new("c", b"new")
    store.delete("b")
    with pytest.raises(StoreError, match="cannot write to"), store.claim():
        pass
    assert (tmp_path / "mine").read_text() == "mine"
    assert [store.get(name) for name in ("a", "c")] == [b"new", b"new"]
    assert not store.exists("b")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_not_read(store: LocalStore, make: Callable[[Path], None]) -> None:
    store.root.mkdir()
    make(store.root / "a")
    with pytest.raises(OSError, match="Is not a regular file"):
        store.get("a")


def _race(root: Path, number: int) -> bool:
    return LocalStore(root).put_new("x", bytes([number]) * 100_000)


def test_one_of_many_writers_wins(store: LocalStore) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        won = pool.starmap(_race, [(store.root, number) for number in range(20)])
    assert sum(won) == 1
    assert store.get("x") == bytes([won.index(True)]) * 100_000


def test_a_failed_write_keeps_the_old_content(store: LocalStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    store.put("x", b"old")
    with pytest.raises(OSError, match="disk full"):
        store.put("x", broken())
    assert store.get("x") == b"old"
    assert list(store.list(".")) == ["x"]


def test_a_claim_is_exclusive_and_a_sweep_removes_temporary_files(store: LocalStore) -> None:
    store.put("images/x", b"1")
    (store.root / "images" / f".tmp-{'0' * 32}").write_bytes(b"half")
    with store.claim():
        store.sweep()
        assert list(store.list("images")) == ["images/x"]
        with pytest.raises(StoreError, match="another run"), LocalStore(store.root).claim():
            pass
    with store.claim():
        pass
    assert list(store.list(".")) == ["images/x"]


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match=r"cannot write to .*file"),
        LocalStore(tmp_path / "file" / "data").claim(),
    ):
        pass


def test_a_shard_that_starts_while_another_one_finishes_waits_for_it(store: LocalStore) -> None:
    store.put(LOCK, b"")
    lock = os.open(store.path(LOCK), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)

    def finish() -> None:
        store.path(LOCK).unlink()
        os.close(lock)

    finishing = threading.Timer(4 * PAUSE_S, finish)
    finishing.start()
    with store.claim("0-of-2"):
        assert store.path(LOCK).exists()
    finishing.join()
    assert list(store.list(".")) == []


def test_the_owner_is_found_where_locks_need_files_open_for_writing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on NFS, where an exclusive lock of a file that is open for reading fails with EBADF."""
    flock = fcntl.flock

    def of_nfs(file: Any, how: int) -> None:
        number = file if isinstance(file, int) else file.fileno()
        if how & fcntl.LOCK_EX and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(number, how)

    with store.claim():
        monkeypatch.setattr(fcntl, "flock", of_nfs)
        assert f"process {os.getpid()} on " in str(store.owner())
