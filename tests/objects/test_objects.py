"""Objects are complete or absent; one run at a time owns a data set; a copy brings its changes back."""

import json
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sim.temporary import machine
from sim2coco.objects import copying, lease
from sim2coco.objects.store import ObjectStore
from sim2coco.objects.urls import checked_url, is_url
from sim2coco.places import open_store
from sim2coco.storage import LOCK, StoreError
from sim2coco.store import LocalStore

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    """A place in the memory of this process, in which each process that connects sees the same."""
    store = ObjectStore(f"memory://{uuid4().hex}/parts")
    yield store
    fsspec.filesystem("memory").store.clear()


def test_put_get_list_delete(store: ObjectStore) -> None:
    store.put("b/2.txt", b"two")
    store.put("a/1.txt", iter([b"o", b"n", b"e"]))
    store.put_all({"a/1.txt": b"one again", "c.txt": b""})
    other: ObjectStore = pickle.loads(pickle.dumps(store))  # noqa: S301 (made here)
    assert other.get("a/1.txt") == b"one again"
    assert list(other.list(".")) == ["a/1.txt", "b/2.txt", "c.txt"]
    assert list(other.list("a")) == ["a/1.txt"]
    assert [name for name, time in other.times("a") if time > 1e9] == ["a/1.txt"]
    assert (other.exists("a/1.txt"), other.exists("a"), other.exists("a/2.txt")) == (True, False, False)
    store.delete("a/1.txt")
    store.delete("a/1.txt")
    assert list(other.list("nowhere")) == []
    with pytest.raises(FileNotFoundError):
        other.get("a/1.txt")


def test_the_first_writer_wins(store: ObjectStore) -> None:
    assert store.put_new("x", b"first")
    assert not ObjectStore(store.url).put_new("x", b"second")
    assert store.get("x") == b"first"


def test_one_run_owns_a_data_set_and_shards_share_it(store: ObjectStore) -> None:
    other = ObjectStore(store.url)
    with store.claim():
        assert str(other.owner()).startswith("another run (process ")
        for shard in ("", "0-of-2"):
            with pytest.raises(StoreError, match=r"another run .* is writing to memory"), other.claim(shard):
                pass
    with store.claim("0-of-2"), other.claim("1-of-2"):
        for shard in ("", "1-of-2"):
            with pytest.raises(StoreError, match="another run"), ObjectStore(store.url).claim(shard):
                pass
    assert (list(store.list(".")), store.owner()) == ([], None)


def owner(**changes: object) -> bytes:
    stated = {"process": 2**22 + 1, "host": socket.gethostname(), "machine": machine()}
    return json.dumps(stated | changes).encode()


def test_the_lock_of_a_killed_run_is_void_at_once_here_and_later_elsewhere(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(LOCK, owner())
    assert store.owner() is None
    with store.claim():
        pass
    store.put(LOCK, owner(host="far", machine="elsewhere"))
    assert store.owner() == f"another run (process {2**22 + 1} on far)"
    monkeypatch.setattr(lease, "LEASE_S", 0.2)
    monkeypatch.setattr(lease, "LOOK_S", 0.05)
    with store.claim():
        assert not store.put_new(LOCK, b"")
    assert not store.exists(LOCK)


def test_a_lock_that_is_renewed_is_held(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.02)
    monkeypatch.setattr(lease, "LOOK_S", 0.05)
    monkeypatch.setattr(lease, "machine", lambda: "here")
    with store.claim():
        monkeypatch.setattr(lease, "machine", lambda: "elsewhere")
        before = json.loads(store.get(LOCK))
        with pytest.raises(StoreError, match="is writing to"), ObjectStore(store.url).claim():
            pass
        assert json.loads(store.get(LOCK))["turn"] > before["turn"]


def test_a_run_whose_lock_was_taken_over_writes_nothing_more(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    with store.claim():
        held = store._lease
        assert held
        store.replace(LOCK, owner(process=7, host="far"))
        held._thread.join(10)
        for write in (
            lambda: store.put("x", b""),
            lambda: store.put_new("x", b""),
            lambda: store.delete("y"),
        ):
            with pytest.raises(StoreError, match=r"another run \(process 7 on far\) has taken over memory"):
                write()
    assert list(store.list(".")) == [LOCK]  # which is that of the other


def test_a_server_that_replaces_what_it_must_not_is_refused(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(name: str, content: bytes) -> bool:
        store.replace(name, content)
        return True

    monkeypatch.setattr(store, "put_new", careless)
    with pytest.raises(StoreError, match="so two runs could mix their images"), store.claim():
        pass
    assert not store.exists(LOCK)


def test_a_copy_brings_its_changes_back(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_all({"a/1": b"one", "a/2": b"two", "run.json": b"old", LOCK: b"", "run.log": b"said"})
    uploads: list[str] = []
    upload = store.upload

    def noted(file: Path, name: str) -> None:
        uploads.append(name)
        upload(file, name)

    monkeypatch.setattr(store, "upload", noted)
    with store.near() as near:
        assert list(near.list(".")) == ["run.json", "a/1", "a/2"]
        near.put("run.json", b"new")
        near.delete("a/1")
        near.link(near.path("a/2"), "b/2")
    assert uploads == ["b/2", "run.json"]
    names = sorted(["b/2", "a/2", "run.json", LOCK, "run.log"])
    assert list(store.list(".")) == names
    assert (store.get("b/2"), store.get("run.json")) == (b"two", b"new")
    with pytest.raises(ZeroDivisionError), store.near() as near:
        near.put("run.json", b"newer")
        raise ZeroDivisionError
    assert store.get("run.json") == b"new"


def test_names_that_lead_out_of_a_folder_and_a_full_disk_are_refused(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hostile(ObjectStore):
        def sizes(self) -> dict[str, int]:
            return {"a/../../b": 1}

    with pytest.raises(StoreError, match="contains other objects"), Hostile(store.url).near():
        pass
    store.put("a", b"content")
    monkeypatch.setattr(copying, "ROOM", 1e18)
    with pytest.raises(StoreError, match=r"GB, .* are free; set TMPDIR"), store.near():
        pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/parts", "file:// is not supported; allowed: folders, s3://, gs://, az://"),
        ("memory://a/b", "memory://"),
        ("simplecache::s3://bucket/parts", "simplecache::s3:// is not supported"),
        ("s3://key:secret@bucket/parts", "s3://BUCKET/FOLDER without anything else"),
        ("s3://bucket/parts?endpoint_url=http://a", "without anything else"),
        ("s3://bucket/parts#x", "without anything else"),
        ("s3://bucket", "BUCKET/FOLDER"),
        ("s3://bucket/", "BUCKET/FOLDER"),
        ("s3://bucket/a//b", "BUCKET/FOLDER"),
        ("s3://bucket/a/../b", "BUCKET/FOLDER"),
        ("s3:///parts", "BUCKET/FOLDER"),
        ("s3://bucket/a*", "BUCKET/FOLDER"),
        ("s3://bucket/a::b", "BUCKET/FOLDER"),
    ],
)
def test_urls_that_are_refused(url: str, words: str) -> None:
    with pytest.raises(StoreError) as refused:
        open_store(url)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_urls_and_folders(tmp_path: Path) -> None:
    assert checked_url("s3://bucket/big parts/2//") == "s3://bucket/big parts/2"
    assert not is_url("data/s3:/x")
    assert isinstance(open_store(str(tmp_path)), LocalStore)
    with pytest.raises(StoreError, match="pass a URL as a string"):
        open_store(Path("s3://bucket/parts"))


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme, package in (("s3", "'sim2coco[s3]'"), ("gs", "gcsfs")):
        monkeypatch.setitem(__import__("sys").modules, {"s3": "s3fs", "gs": "gcsfs"}[scheme], None)
        with pytest.raises(StoreError, match=f"pip install {package}".replace("[", r"\[")):
            open_store(f"{scheme}://bucket/parts")
