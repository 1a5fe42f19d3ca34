"""Files that commands write for the user: complete, and without harm to what shares their bytes."""

import os
import stat
from pathlib import Path

import pytest

from sim2coco.outputs import write_file
from sim2coco.storage import StoreError


def test_a_hard_link_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    image = tmp_path / "image.png"
    image.write_bytes(b"of a data set")
    os.link(image, tmp_path / "mine.png")
    write_file(tmp_path / "mine.png", b"drawn", "--to", replace=True)
    assert (image.read_bytes(), (tmp_path / "mine.png").read_bytes()) == (b"of a data set", b"drawn")
    (tmp_path / "link.png").symlink_to("image.png")
    write_file(tmp_path / "link.png", b"drawn", "--to", replace=True)
    assert image.read_bytes() == b"of a data set"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.png", "link.png", "mine.png"]


def test_a_file_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    write_file(tmp_path / "mine.png", b"drawn", "--to", replace=False)
    (tmp_path / "dangling").symlink_to("nothing")
    for name in ("mine.png", "dangling"):
        with pytest.raises(StoreError, match=rf"^--to: .*{name} exists; add --force to replace it$"):
            write_file(tmp_path / name, b"other", "--to", replace=False)
    with pytest.raises(StoreError, match=r"^--to: cannot write .*: is a folder$"):
        write_file(tmp_path, b"other", "--to", replace=True)
    assert (tmp_path / "mine.png").read_bytes() == b"drawn"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "mine.png"]


def test_pipes_are_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_file(tmp_path / "pipe", b"drawn", "--to", replace=True)
    assert os.read(reader, 99) == b"drawn"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
