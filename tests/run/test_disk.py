"""A disk that is too small, or full: the run is refused, or stops with one line, and is finished later."""

import errno
import logging
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim2coco import Recipe, generate
from sim2coco.engines.local import Local
from sim2coco.space import bytes_per_image, check_space
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from sim2coco.tally import Tally
from tests.commandline import TINY, run_here, tree

RECIPE = Recipe.parse(
    {
        "seed": 3,
        "views": 1,
        "image": {"width": 64, "height": 48},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": 2, "empty_share": 0.0},
    }
)
WANTED = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 60 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave_bytes: int = 0) -> Path:
    """Takes the space of a disk; the file that takes it can be removed."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC
        file.truncate(max(0, ballast.stat().st_size - leave_bytes))
    return ballast


def test_a_full_disk_stops_a_run_which_is_finished_when_there_is_space(disk: Path, tmp_path: Path) -> None:
    def stuff(tally: Tally) -> None:
        if tally.made >= 4 and not (disk / "ballast").exists():
            fill(disk)

    with pytest.raises(OSError, match="No space left on device") as stopped:
        generate(RECIPE, disk / "data", WANTED, workers=2, engine=Local(), progress=stuff)
    assert stopped.value.errno == errno.ENOSPC
    assert not list((disk / "data").glob("annotations/*"))
    with pytest.raises((OSError, StoreError)):  # as long as it is full
        generate(RECIPE, disk / "data", WANTED)
    (disk / "ballast").unlink()
    generate(RECIPE, disk / "data", WANTED)
    generate(RECIPE, tmp_path / "clean", WANTED)
    assert tree(disk / "data") == tree(tmp_path / "clean")


def test_a_disk_that_cannot_be_written_is_told(disk: Path, tmp_path: Path) -> None:
    """As the place of the data set, and as that of temporary files."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused = run_here(tmp_path, "generate", f"out={disk}/data", "num_images=1", *TINY)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == f"sim2coco: out: cannot write to {disk}/data: Read-only file system\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(disk))
        refused = run_here(tmp_path, "generate", "out=data", "num_images=1", *TINY)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "temporary files cannot be written (Read-only file system" in refused.err
    assert not list(tmp_path.glob("data/**/*.j*"))


def test_a_run_that_cannot_fit_is_refused_and_one_that_may_not_is_warned(
    disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(disk, 10_000_000)
    with pytest.raises(
        StoreError, match=r"9999 images need at least 20\.3 MB, but only \d+\.\d MB are free; name"
    ):
        generate(RECIPE, disk / "data", 9999)
    (disk / "ballast").unlink()
    fill(disk, int(WANTED * bytes_per_image(RECIPE) * 0.6))
    with caplog.at_level(logging.WARNING):
        generate(RECIPE, disk / "data", WANTED, card=False, report=False)
    assert "24 images need about 0.8 MB" in caplog.text


def test_small_images_may_take_less_than_is_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of 64x48 pixels with two objects, one takes 8 kB; and a disk of size 0 is one that does not tell."""
    for total, free, told in ((10**9, 10_000 * WANTED, True), (0, 0, False)):
        usage = SimpleNamespace(total=total, free=free)
        monkeypatch.setattr("shutil.disk_usage", lambda path, usage=usage: usage)
        caplog.clear()
        check_space(LocalStore(tmp_path), RECIPE, WANTED)
        assert ("24 images need about 0.8 MB" in caplog.text) == told
