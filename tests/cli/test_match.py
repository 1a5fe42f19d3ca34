"""Settings that make images resemble those of a data set."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from sim2coco.check import check
from tests.commandline import TINY, Command

HIDDEN = (
    *("scene.num_objects=[9,11]", "scene.empty_share=0", "camera.fill=[0.45,0.5]", "views=1"),
    *("light.exposure_ev=[-2,-1.7]", "light.ambient=0.55", "light.diffuse=0.2", "augment=none"),
)
SMALL = ("assets=shapes", "image.width=96", "image.height=72", "engine=inline", "quality=none")


def make(command: Command, number: int) -> None:
    """Makes or extends a data set with settings that `match` does not know."""
    sides = ("image.width=80", "image.height=80", "assets=shapes", "engine=inline", "quality=none")
    assert command("generate", "out=real", f"num_images={number}", "seed=7", *sides, *HIDDEN).code == 0


@pytest.fixture
def real(command: Command, here: Path) -> Path:
    """A small data set with these settings."""
    make(command, 6)
    return here / "real"


@pytest.mark.slow
def test_each_quantity_comes_at_least_half_of_the_way(command: Command, real: Path, here: Path) -> None:
    make(command, 40)
    told = command("match", "real", "--num=40", "--trials=4", *SMALL)
    assert (told.code, told.err) == (0, "")
    rows = re.findall(r"^(\S.*?\S) {2,}(?:[\d.,]+ +){3}([\d.,]+) +([\d.,]+) *$", told.out, re.MULTILINE)
    assert len(rows) == 5
    for name, before, after in rows:
        assert float(after) <= 0.5 * float(before), name
    choice = here / "matched" / "experiment" / "real.yaml"
    settings = yaml.safe_load(choice.read_text())
    assert settings["image"] == {"width": 80, "height": 80}
    page = choice.with_suffix(".html").read_text()
    assert page.count("<svg") >= 8
    assert "exposure_ev" in page
    line = next(line for line in told.out.splitlines() if line.startswith("sim2coco generate "))
    assert "image.width" not in line  # it would win over the width that was found
    words = line.split()[1:]
    assert command(*words, "num_images=1").code == 0
    run = json.loads((here / "data" / "real" / "run.json").read_text())["recipe"]
    assert run["scene"]["num_objects"] == settings["scene"]["num_objects"]
    assert not check(here / "data" / "real").faults
    again = command("match", "real", "--num=40", "--trials=4", *SMALL)
    assert again.code == 2
    assert "add --force" in again.err


def test_annotations_and_images_may_lie_apart(command: Command, real: Path, here: Path) -> None:
    shutil.move(real / "annotations" / "instances_train.json", here / "mine.json")
    shutil.move(real / "images" / "train", here / "pictures")
    told = command("match", "mine.json", "--images", "pictures", "--num=4", "--trials=1", *SMALL)
    assert told.code == 0, told.err  # so few images say little, of which it warns
    assert (here / "matched" / "experiment" / "mine.yaml").exists()
    assert "Brightness" in told.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing",), "nothing: no such folder"),
        (("real", "--images", "nothing"), "--images: nothing: no such folder"),
        (("real", "--images", "real"), "real is not an annotation file"),
        (("real", "--out", "a.json"), "--out: 'a.json' must end in .yaml"),
        (("real", "--num", "0"), "must be from 1 to 10000"),
        (("real", "-m"), "does not accept -m"),
        (("real", "scene.num_object=3"), "did you mean 'scene.num_objects'?"),
    ],
)
def test_mistakes_are_told_in_one_line(
    command: Command, here: Path, words: tuple[str, ...], told: str
) -> None:
    (here / "real").mkdir()
    found = command("match", *words, *TINY)
    assert found.code == 2
    assert found.err.count("\n") == 1
    assert told in found.err
