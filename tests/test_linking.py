"""Image files come into other folders as links, or as equal copies."""

import errno
import os
from pathlib import Path

import pytest

from sim2coco.store import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "data")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "picture.jpg").write_bytes(b"pixels")
    return tmp_path / "picture.jpg"


def test_a_file_is_linked_once(store: LocalStore, picture: Path) -> None:
    store.link(picture, "images/train/a.jpg")
    store.link(picture, "images/train/a.jpg")
    store.link(store.path("images/train/a.jpg"), "images/train/a.jpg")
    assert store.path("images/train/a.jpg").samefile(picture)
    assert list(store.list(".")) == ["images/train/a.jpg"]


def test_the_file_of_a_symbolic_link_is_linked(store: LocalStore, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "other.jpg").symlink_to(picture)
    store.link(tmp_path / "other.jpg", "a.jpg")
    assert not store.path("a.jpg").is_symlink()
    assert store.path("a.jpg").samefile(picture)


def test_another_file_of_that_name_is_replaced(store: LocalStore, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"older!")
    store.link(tmp_path / "old", "a.jpg")
    store.link(picture, "a.jpg")
    assert store.get("a.jpg") == b"pixels"
    assert (tmp_path / "old").read_bytes() == b"older!"


def test_a_written_file_is_not_written_through_its_links(store: LocalStore, picture: Path) -> None:
    store.link(picture, "a.jpg")
    store.put("a.jpg", b"new")
    assert picture.read_bytes() == b"pixels"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.ENOTSUP])
def test_without_hard_links_files_are_copied(
    store: LocalStore, picture: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", no_link)
    store.link(picture, "a.jpg")
    before = store.path("a.jpg").stat()
    store.link(picture, "a.jpg")
    after = store.path("a.jpg").stat()
    assert store.get("a.jpg") == b"pixels"
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert before.st_ino != picture.stat().st_ino


def test_a_missing_file_leaves_nothing(store: LocalStore, picture: Path) -> None:
    store.link(picture, "a.jpg")
    picture.unlink()
    with pytest.raises(FileNotFoundError):
        store.link(picture, "b.jpg")
    assert list(store.list(".")) == ["a.jpg"]
