"""Progress output without a terminal."""

import re
from io import StringIO

import pytest
from rich.console import Console

from sim2coco.cli import progress
from sim2coco.cli.progress import ProgressBar


def shown(*calls: tuple[int, bool], title: str = "", note: str = "") -> list[str]:
    text = StringIO()
    with ProgressBar(Console(file=text, width=200), 8, "meshes", title) as bar:
        for done, known in calls:
            bar.show(done, note, known)
    return text.getvalue().splitlines()


def test_what_was_done_before_is_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_S", 0.0)
    assert shown((0, False), (1, True), (5, True), (6, False)) == []
    (line,) = shown((5, False), (6, False), (7, False), note="rejected: none")
    assert re.fullmatch(r"7/8 meshes, \d+\.\d/s, \d+ s left, rejected: none", line)


def test_the_title_comes_first_and_lines_are_few() -> None:
    assert shown(*((done, False) for done in range(9)), title="data: 8 meshes") == ["data: 8 meshes"]
    assert shown(title="data: 8 meshes") == []


def test_the_time_left_follows_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight meshes with 20 MB in all, the last one has 10 MB; 1 MB took 2 s."""
    clock, text = iter([0.0, 10.0, 20.0, 40.0]), StringIO()
    monkeypatch.setattr("sim2coco.cli.progress.time.monotonic", lambda: next(clock))
    with ProgressBar(Console(file=text, width=200), 8, "meshes", work=20e6) as bar:
        for done, megabytes in ((0, 0), (2, 0), (7, 10)):
            bar.show(done, work=megabytes * 1e6)
    assert text.getvalue().splitlines() == ["7/8 meshes, 15.0/min, 20 s left"]


def test_what_is_waited_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_S", 0.0)
    text = StringIO()
    with ProgressBar(Console(file=text, width=200), 8, "images") as bar:
        bar.show(0, "rejected: none")
        bar.show(0, "simplifying large meshes: 1 of 2 done", waiting=True)
    assert text.getvalue().splitlines() == ["0/8 images, simplifying large meshes: 1 of 2 done"]


def test_the_time_left_follows_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of eight items were there before; one new item every 60 s leaves 4 minutes at 4 of 8."""
    clock = iter([0.0, 10.0, 70.0, 130.0])
    monkeypatch.setattr("sim2coco.cli.progress.time.monotonic", lambda: next(clock))
    lines = shown((2, False), (3, False), (4, False))
    assert lines == ["4/8 meshes, 1.0/min, 4 min left"]
