"""A run that fails, is killed or loses power at any system call ends up the same when it is started again."""

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.committing import commit
from sim2coco.engines.engine import Engine, Job, record_failure
from sim2coco.labels import Written
from sim2coco.records import Summary, from_bytes, picture_files, record_name, summary
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from tests.commandline import tree
from tests.failingdisk import KILLED, Call, Disk, fail_at, in_child, kill_at, watched

RECIPE = Recipe.parse(
    {
        "seed": 3,
        "views": 2,
        "image": {"width": 64, "height": 48},
        "split": {"train": 1.0},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": 2, "empty_share": 0.0},
    }
)
BEFORE, WANTED = 2, 3
"""The data set is extended, so that there are old files."""


class Recorded(Engine):
    """Commits scenes that were made before."""

    kind: str
    made: str

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        done = LocalStore(Path(self.made))
        for scene in scenes:
            assert scene is not None
            record = from_bytes(done.get(record_name(scene)))
            pictures = [picture for view in record.views for picture in view.pictures]
            files = [picture_files(record.split, picture) for picture in pictures]
            contents = [{name: done.get(name) for name in names} for names in files]
            commit(job.store, record, list(map(Written, pictures, contents)))
            yield summary(record)


class Unreadable(LocalStore):
    """Images that are there already cannot be read."""

    def get(self, name: str) -> bytes:
        if name.startswith("images/"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)
        return super().get(name)


class Dying(Recorded):
    """The worker of the first scene dies when it has written the images."""

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        list(super().run(job, islice(scenes, 1)))
        job.store.delete(record_name(0))
        yield record_failure(job, 0, "its process died (SIGKILL)")
        yield from super().run(job, scenes)


class Case:
    """The recorded scenes; a folder to write to, with the images of the first run; and how it must end."""

    def __init__(self, folder: Path) -> None:
        self.engine = Recorded(kind="recorded", made=str(folder / "scenes"))
        self.out = folder / "data"
        generate(RECIPE, folder / "scenes", 4, card=False)
        self.old = self.finished(BEFORE)
        self.new = self.finished(WANTED)

    def finished(self, images: int = WANTED) -> dict[str, bytes]:
        generate(RECIPE, self.out, images, engine=self.engine, card=False)
        return tree(self.out)

    def reset(self, files: dict[str, bytes]) -> None:
        for path in sorted(self.out.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, content in files.items():
            (self.out / name).parent.mkdir(parents=True, exist_ok=True)
            (self.out / name).write_bytes(content)

    def check_annotations(self, found: dict[str, bytes]) -> None:
        """They are old, complete or absent; and if the data set is called finished, all of it is there."""
        for name, content in found.items():
            if name.startswith("annotations") and ".tmp-" not in name:
                assert content in (self.old.get(name), self.new.get(name)), name
        with suppress(KeyError, ValueError):
            finished = json.loads(found["run.json"])["num_images"]
            whole = {BEFORE: self.old, WANTED: self.new}[finished]
            lacking = [name for name in whole if not found.get(name)]
            assert not lacking


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("failpoints"))


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of killed processes, which would remain."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_images_of_a_scene_that_failed_while_they_were_written_are_removed(
    case: Case, tmp_path: Path
) -> None:
    engine = Dying(kind="dying", made=case.engine.made)
    made = generate(RECIPE, tmp_path / "data", 2, engine=engine, card=False, report=False)
    assert [scene for scene, _ in made.failed] == [0]
    assert sorted(path.name[:7] for path in (tmp_path / "data" / "images").rglob("*.jpg")) == ["s000001"] * 2


def test_an_old_image_that_cannot_be_read_is_replaced(case: Case, tmp_path: Path) -> None:
    record = from_bytes(case.new[record_name(0)])
    picture = record.views[0].pictures[0]
    (name,) = picture_files(record.split, picture)
    for _ in range(2):
        commit(Unreadable(tmp_path), record, [Written(picture, {name: case.new[name]})])
    assert (tmp_path / name).read_bytes() == case.new[name]


def calls_of(case: Case, start: dict[str, bytes]) -> list[Call]:
    case.reset(start)
    with watched(case.out) as watch:
        case.finished()
    return watch.calls


def fail(case: Case, start: dict[str, bytes], number: int, how: str) -> None:
    """Lets a call of a run fail, and starts the run again."""
    case.reset(start)
    if how in ("ENOSPC", "EIO"):
        with (
            watched(case.out, before=fail_at(number, getattr(errno, how))),
            pytest.raises((OSError, StoreError)),
        ):
            case.finished()
    else:
        with watched(case.out, **{how: kill_at(number)}):
            assert in_child(case.finished) == KILLED
    case.check_annotations(tree(case.out))
    assert case.finished() == case.new


MODES = ("before", "ENOSPC", "after", "EIO")


@pytest.mark.parametrize("extended", [False, True], ids=["new", "extended"])
def test_each_call_may_fail_or_be_the_last(case: Case, extended: bool) -> None:
    """Every third call fails in one of the ways; all calls in all ways in the long test."""
    start = case.old if extended else {}
    for number in range(extended, len(calls_of(case, start)), 3):
        fail(case, start, number, MODES[number % len(MODES)])


@pytest.mark.slow
@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("extended", [False, True], ids=["new", "extended"])
def test_each_call_may_fail_in_every_way(case: Case, extended: bool, how: str) -> None:
    start = case.old if extended else {}
    for number in range(len(calls_of(case, start))):
        fail(case, start, number, how)


def checked_failures(case: Case, without: str = "") -> list[dict[str, bytes]]:
    """What a power failure after each call of a new run may leave, each once; none of it misleads.

    Args:
        case: The run.
        without: A call that has no effect.
    """
    calls, found = calls_of(case, {}), list[dict[str, bytes]]()
    for names_first in (False, True):
        disk = Disk(case.out, names_first)
        for call in calls:
            of_folder = call.name == "fsync" and disk.names[call.paths[0]] is None
            if without != ("fsync of a folder" if of_folder else call.name):
                disk.add(call)
            if (left := without_lock(disk.tree())) not in found:
                case.check_annotations(left)
                found.append(left)
        assert without_lock(disk.tree()) == case.new  # the program has said that it is finished
    return found


def without_lock(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name != ".lock"}


def test_a_power_failure_costs_only_time(case: Case) -> None:
    for left in checked_failures(case)[::10]:
        case.reset(left)
        assert case.finished() == case.new


@pytest.mark.parametrize("call", ["fsync", "fsync of a folder", "syncfs"])
def test_a_power_failure_would_damage_what_is_not_waited_for(case: Case, call: str) -> None:
    """So the test above fails if a call is taken out of the program."""
    with pytest.raises(AssertionError):
        checked_failures(case, without=call)
