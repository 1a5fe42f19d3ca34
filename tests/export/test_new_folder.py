"""The folder of a new data set: refused at the start where it could not be made in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim2coco.datasets.merging import merged
from sim2coco.datasets.reading import open_dataset
from sim2coco.datasets.splitting import divided
from sim2coco.export.derived import write_derived
from sim2coco.export.newfolder import new_folder
from sim2coco.storage import LOCK, StoreError
from tests.cocosets import small
from tests.commandline import tree


def test_a_link_leads_to_the_folder(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    for name in ("disk", "absent"):
        link = tmp_path / f"to_{name}"
        link.symlink_to(name)
        with new_folder(link) as store:
            store.put("file", b"x")
        assert link.is_symlink()
        assert tree(tmp_path / name) == {"file": b"x"}
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "absent", "to_disk", "to_absent"}


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with (
        pytest.raises(StoreError, match=r"^--out: cannot write .*a: its symbolic links form a loop$"),
        new_folder(tmp_path / "a"),
    ):
        pass


def mount_points() -> Iterator[Path]:
    """Empty folders at which file systems are mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = Path(line.split()[1])
        try:
            if place.is_dir() and not any(place.iterdir()) and place != Path("/"):
                yield place
        except OSError:
            continue


def test_a_mount_point_is_refused_at_the_start() -> None:
    place = next(mount_points(), None)
    if place is None:
        pytest.skip("no empty file system is mounted")
    with pytest.raises(StoreError, match=f"^--out: cannot write {place}: "), new_folder(place):
        pytest.fail("the work has begun")
    assert not place.with_name(f".{place.name}.partial").exists()


def test_only_left_overs_of_our_own_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / ".new.partial"
    folder.mkdir()
    (folder / "thesis.tex").write_bytes(b"years of work")
    with (
        pytest.raises(StoreError, match=r"\.new\.partial was not left by an interrupted run"),
        new_folder(tmp_path / "new"),
    ):
        pass
    assert tree(folder) == {"thesis.tex": b"years of work"}
    folder.rename(tmp_path / "mine")
    folder.symlink_to("mine")
    with (
        pytest.raises(StoreError, match=r"\.new\.partial was not left by an interrupted run"),
        new_folder(tmp_path / "new"),
    ):
        pass
    assert tree(tmp_path / "mine") == {"thesis.tex": b"years of work"}
    folder.unlink()
    folder.mkdir()
    for name in (LOCK, "half"):
        (folder / name).write_bytes(b"")
    with new_folder(tmp_path / "new") as store:
        store.put("file", b"x")
    assert tree(tmp_path / "new") == {"file": b"x"}
    assert not folder.exists()


@pytest.mark.parametrize("place", ["one", "one/new", "two/images/new", "link/new"])
def test_a_folder_in_a_source_is_refused(tmp_path: Path, place: str) -> None:
    for name in ("one", "two"):
        small(prefix=name).write(tmp_path / name / "labels.json", tmp_path / name / "images")
    (tmp_path / "link").symlink_to("one")
    before = tree(tmp_path)
    sets = {name: open_dataset(tmp_path / name) for name in ("one", "two")}
    with pytest.raises(StoreError, match=r"^--out: .* is inside the data set .*; name a folder outside$"):
        write_derived(merged(sets), tmp_path / place, lambda done: None)
    with pytest.raises(StoreError, match=r"^--out: "):
        write_derived(divided(sets[place[:3].replace("lin", "one")], {"val": 0.5}), tmp_path / place, print)
    assert tree(tmp_path) == before
