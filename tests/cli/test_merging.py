"""merge, split and show on the command line, with data sets of a sweep and of other tools."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sim2coco.datasets.reading import open_dataset
from sim2coco.png import png
from tests.cocosets import HEIGHT, WIDTH, small
from tests.commandline import TINY, Command, tree


def test_the_four_jobs_of_a_sweep_are_one_data_set(command: Command, here: Path) -> None:
    axes = ("scene.num_objects=1,2", "light=day,dusk", "num_images=3", "out=s/${hydra.job.num}")
    assert command("generate", "-m", *axes, *TINY).code == 0
    jobs = [f"s/{number}" for number in range(4)]
    merged = command("merge", *jobs, "--out", "all")
    assert (merged.code, merged.err) == (0, "")
    checked = command("check", "all")
    assert checked.code == 0
    assert "note: merged from 4 data sets (sources.json)\n" in checked.out
    parts, whole = [open_dataset(here / job) for job in jobs], open_dataset(here / "all")
    assert whole.info.categories == parts[0].info.categories
    assert whole.info.amodal
    areas: Counter[Any] = Counter(
        (image.split, whole.info.categories[label.category], label.area)
        for part in parts
        for image in part.images()
        for label in image.labels
    )
    assert areas == Counter(
        (image.split, whole.info.categories[label.category], label.area)
        for image in whole.images()
        for label in image.labels
    )
    sizes = [size for part in parts for size in part.sizes().values()]
    assert sum(size.images for size in whole.sizes().values()) == sum(size.images for size in sizes) >= 12
    assert command("merge", *reversed(jobs), "--out", "again").code == 0
    assert tree(here / "again") == tree(here / "all")
    shares = command("merge", "--share", "s/0=0.5", "s/3=0.5", "--seed", "3", "--out", "half")
    assert (shares.code, shares.err, command("check", "half").code) == (0, "", 0)
    assert command("show", "all").out == "all_sheet.png: 12 images\n"
    assert command("export", "all", "--format", "roboflow", "--out", "other").code == 0
    twice = command("merge", "other/roboflow", "half", "--out", "no")
    assert (twice.code, len(twice.err.splitlines())) == (2, 1)
    assert "merge each data set once" in twice.err
    small().write(here / "more/labels.json", here / "more/images")
    assert command("merge", "other/roboflow", "more", "--out", "last").code == 0
    assert command("check", "last").code == 0
    names = ["again", "all", "all_sheet.png", "half", "last", "more", "other", "s"]
    assert sorted(path.name for path in here.iterdir()) == names


@pytest.fixture
def other(here: Path) -> Path:
    """A data set of another tool in the layout of COCO 2017."""
    small(images=8).write(here / "other/annotations/instances_val2017.json", here / "other/val2017")
    return here / "other"


def test_split_on_the_command_line(command: Command, other: Path) -> None:
    outcome = command("split", "other", "--val", "0.3", "--out", "new", "--seed", "2")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == "other: 8 images, 24 annotations"
    assert command("check", "new").code == 0
    again = command("split", "new", "--val", "0.3", "--out", "newer")
    said = "already has the splits train, val; only a data set with one split or none can be split"
    assert (again.code, again.err) == (2, f"sim2coco: new: {said}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("merge other --out new", "name at least two data sets"),
        ("merge other other/ --out new", "a data set is given twice"),
        ("merge other none --out new", "none: no such folder"),
        (
            "merge other x --share other=1 --out new",
            "--share: x has no share; add x=NUMBER, or leave out the data set",
        ),
        ("merge other x --share y=1 --out new", "--share: y is not among the data sets: other, x"),
        ("merge --share other=0 x=1 --out new", "'other=0' is not FOLDER=NUMBER, with a number above 0"),
        ("merge --share other --out new", "'other' is not FOLDER=NUMBER"),
        ("merge other x", "the following arguments are required: --out; see sim2coco merge --help"),
        ("split other --val 1.5 --out new", "'1.5' is not a number between 0 and 1"),
        ("split other --val 0.6 --test 0.4 --out new", "leave nothing for train: their sum must be below 1"),
        ("split other --val 0.5 --seed -1 --out new", "'-1' is not a whole number of at least 0"),
        ("split other --val 0.5 --out other", "--out: other is inside the data set other"),
        ("show other --split val", "--split: no split 'val'; did you mean 'val2017'?"),
        ("show other img9", "other: no image 'img9'"),
        ("show other --category cow", "--category: no category 'cow'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(command: Command, other: Path, arguments: str, words: str) -> None:
    before = tree(other)
    outcome = command(*arguments.split())
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert line.startswith("sim2coco: ")
    assert words in line
    assert tree(other) == before and not Path("new").exists()


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path).convert("RGB"), int)


@pytest.mark.parametrize("flags", [(), ("--boxes",), ("--outlines",), ("--category", "dog")])
def test_show_draws_the_labels_of_other_tools(
    command: Command, other: Path, here: Path, flags: tuple[str, ...]
) -> None:
    outcome = command("show", "other", "img1", *flags, "--to", "one.png")
    assert outcome.out == f"one.png: {'1 label' if 'dog' in flags else '3 labels'}\n"
    times = 512 // WIDTH + 1
    plain = pixels(other / "val2017/img1.png").repeat(times, axis=0).repeat(times, axis=1)
    changed = (pixels(here / "one.png") != plain).any(axis=2)
    inside = changed[times * 4 : times * 6, times * 4 : times * 8]  # of the first label, a cat
    assert inside.all() == (not flags)
    assert command("show", "other", *flags, "--split", "val2017").out == "other_sheet.png: 8 images\n"
    assert pixels(here / "other_sheet.png").shape[1] == 8 * 324


@pytest.mark.parametrize("words", [("show", "other", "img0"), ("show", "other", "--sheet", "2")])
def test_no_command_writes_into_an_image_that_is_linked(
    command: Command, other: Path, here: Path, words: tuple[str, ...]
) -> None:
    before = tree(other)
    os.link(other / "val2017/img0.png", here / "mine.png")
    assert command(*words, "--to", "mine.png", "--force").code == 0
    assert tree(other) == before
    assert not (other / "val2017/img0.png").samefile(here / "mine.png")


def test_show_tells_hostile_images_in_one_line(command: Command, other: Path, here: Path) -> None:
    target = other / "val2017/img0.png"
    bomb = png(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    huge = bomb[:16] + (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big") + bomb[24:]
    for content, words in (
        (b"no picture", "cannot be read as an image"),
        (huge, "cannot be read as an image"),
        (png(np.zeros((7, 9, 3), np.uint8)), f"is 9x7 pixels, but its entry says {WIDTH}x{HEIGHT}"),
        (None, "does not exist in "),
    ):
        target.unlink()
        if content is None:
            os.mkfifo(target)
        else:
            target.write_bytes(content)
        for words_of_command in (("show", "other", "img0"), ("show", "other")):
            outcome = command(*words_of_command)
            assert (outcome.code, outcome.out) == (2, "")
            (line,) = outcome.err.splitlines()
            assert words in line and "img0.png" in line
    assert [path.name for path in here.iterdir()] == ["other"]


def test_images_that_are_rotated_by_exif(command: Command, here: Path) -> None:
    """Labels are of the rotated image, as browsers show it, or of the stored one; the sizes say which."""
    for name, size in (("stored", (WIDTH, HEIGHT)), ("rotated", (HEIGHT, WIDTH))):
        file = small(images=1)
        file.write(here / name / "labels.json", here / name / "images")
        exif = Image.Exif()
        exif[0x112] = 6
        Image.new("RGB", size).save(here / name / "images/img0.png", exif=exif)
        assert command("show", name, "img0", "--to", f"{name}.png").code == 0
        assert pixels(here / f"{name}.png").shape == (13 * HEIGHT, 13 * WIDTH, 3)


@pytest.mark.parametrize(("width", "height"), [(1, 9000), (9000, 1)])
def test_images_that_are_long(command: Command, here: Path, width: int, height: int) -> None:
    file = small(images=1)
    file.images[0] |= {"width": width, "height": height}
    file.annotations = [
        {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [-1e9, 0, 2e12, 1], "area": 1}
    ]
    file.write(here / "long/labels.json", here / "long/images")
    assert command("show", "long").out == "long_sheet.png: 1 image\n"
    assert pixels(here / "long_sheet.png").shape[0] <= 700
    assert command("show", "long", "img0").out == "img0.png: 1 label\n"
