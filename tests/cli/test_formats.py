"""Annotation formats and image formats on the command line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.export.format import Add, Format
from sim2coco.storage import Store
from tests.commandline import TINY, Command

BEGIN = ("generate", "out=data", "num_images=2", *TINY)


@pytest.fixture
def counting() -> Iterator[None]:
    """A format that is defined only in this file."""

    class Counting(Format):
        kind: Literal["counting"] = "counting"
        unit: str = "pictures"
        """What is counted."""

        @contextmanager
        def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
            names: list[str] = []
            yield lambda image: names.append(image.name)
            target.put("count.txt", f"{len(names)} {self.unit}".encode())

    yield
    del Format.family["counting"]


def test_a_list_of_names(command: Command, here: Path, counting: None) -> None:
    outcome = command(*BEGIN, "export.formats=[coco,counting]")
    assert (outcome.code, outcome.err) == (0, "")
    assert (here / "data" / "count.txt").read_text() == "2 pictures"
    outcome = command(*BEGIN, "export.formats=[{kind: counting, unit: images}]")
    assert (outcome.code, outcome.err) == (0, "")
    assert (here / "data" / "count.txt").read_text() == "2 images"
    assert command("check", "data").code == 0


def test_a_choice_of_ones_own(command: Command, here: Path, counting: None) -> None:
    (here / "own" / "export").mkdir(parents=True)
    (here / "own" / "export" / "mine.yaml").write_text("# Counts.\nformats: [{kind: counting}]\n")
    words = [word for word in BEGIN if not word.startswith("export.")]  # the choice has no such settings
    outcome = command(*words, "--config-dir=own", "export=mine")
    assert (outcome.code, outcome.err) == (0, "")
    assert (here / "data" / "count.txt").exists()


def test_help_names_formats_and_their_settings(command: Command, counting: None) -> None:
    words = " ".join(command("generate", "--help").out.split())
    assert re.search(r"export\.formats\.kind One of [a-z, ]*coco, counting, [a-z, ]*\.", words)
    assert "export.formats.unit = pictures What is counted. [counting]" in words


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("{kind: counting, unt: x}", "export.formats.unt: no such setting; did you mean 'unit'?"),
        ("{kind: counting, unit: [3]}", "export.formats.unit: must be a string (got [3])"),
        ("countin", "export.formats: unknown kind 'countin'; did you mean 'counting'?"),
    ],
)
def test_what_is_wrong_is_said(command: Command, here: Path, counting: None, wrong: str, words: str) -> None:
    outcome = command(*BEGIN, f"export.formats=[{wrong}]")
    assert (outcome.code, outcome.err) == (2, f"sim2coco: {words}\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "begins"), [("image.format=png", b"\x89PNG"), ("image.format=jpg", b"\xff\xd8")]
)
def test_the_format_of_pictures(command: Command, here: Path, words: str, begins: bytes) -> None:
    assert command(*BEGIN, words).code == 0
    pictures = list((here / "data" / "images").rglob("*.*"))
    assert len(pictures) == 2
    assert all(path.read_bytes().startswith(begins) for path in pictures)
    assert {path.suffix for path in pictures} == {f".{words.rpartition('=')[2]}"}


def test_a_lower_quality_is_a_smaller_file(command: Command, here: Path) -> None:
    sizes = []
    for quality in (95, 60):
        out = f"out=q{quality}"
        assert command("generate", out, *BEGIN[2:], f"image.jpeg_quality={quality}").code == 0
        sizes.append(sum(path.stat().st_size for path in (here / f"q{quality}" / "images").rglob("*.jpg")))
    assert sizes[0] > 1.2 * sizes[1]
