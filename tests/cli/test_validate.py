"""validate on the command line: what it prints and writes, and what it refuses."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim2coco.png import png
from tests.commandline import Command
from tests.validate.drawn import write


@pytest.fixture
def sets(here: Path) -> Path:
    """A data set with the splits train and val, and another with train only."""
    write(write(here / "a", "train", 16, 1), "val", 8, 2)
    write(here / "b", "train", 4, 3)
    return here


def _perfect(here: Path) -> str:
    tree = json.loads((here / "a/annotations/instances_val.json").read_text())
    rows = [entry | {"score": 0.5} for entry in tree["annotations"]]
    (here / "mine.json").write_text(json.dumps(rows))
    return "mine.json"


def test_predictions_are_scored(command: Command, sets: Path) -> None:
    done = command("validate", "--on", "a", "--predictions", _perfect(sets), "--out", "found")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"mine.json +1\.000 +1\.000 +1\.000 +1\.000 +- +-\n", done.out)
    assert re.search(r"disc +1\.000\nsquare +1\.000\n", done.out)
    assert sorted(path.name for path in Path("found").iterdir()) == [
        "precision.svg",
        "results.json",
        "worst_1.png",
    ]
    assert json.loads(Path("found/results.json").read_text())["results"][0]["ap50"]["mean"] == pytest.approx(
        1.0
    )


def test_trainings_are_compared(command: Command, sets: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: make torch")
    (sets / "photos").mkdir()
    (sets / "photos/one.png").write_bytes(png(np.zeros((40, 50, 3), np.uint8)))
    options = ("--seeds", "2", "--steps", "2", "--threads", "1", "--negatives", "photos", "--out", "found")
    assert command("report", "a").code == 0
    done = command("validate", "a", "b", "--on", "a", *options)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^4 trainings of 2 steps at \d\.\d\d s: about \d+ s\n", done.out, re.M)
    assert re.search(r"^a, seed 0: AP 0\.\d{3}, AP50 0\.\d{3}\n", done.out, re.M)
    assert re.search(r"^b +0\.\d{3} ± 0\.\d{3} ", done.out, re.M)
    names = ["loss.svg", "precision.svg", "results.json", "worst_1.png", "worst_2.png"]
    assert sorted(path.name for path in Path("found").iterdir()) == names
    tree = json.loads(Path("found/results.json").read_text())
    assert [(own["name"], own["images"], len(own["scores"])) for own in tree["results"]] == [
        ("a", 16, 2),
        ("b", 4, 2),
    ]
    _assert_in_report(Path("a/report.html").read_text(), tree["results"])


def _assert_in_report(page: str, results: list[dict[str, Any]]) -> None:
    """The report of a data set has the numbers, curves and images of its training."""
    (section,) = re.findall(r'<section id="validated".*?</section>', page, re.DOTALL)
    for own in results:
        assert f"{own['ap']['mean']:.3f} ± {own['ap']['deviation']:.3f}" in section
    assert section.count("<svg") == 2
    assert section.count("<img") >= 1


REFUSED = {
    "nothing to test": (("--on", "a"), "name data sets to train on, or a detector with --predictions"),
    "both": (("a", "--on", "b", "--predictions", "mine.json"), "name data sets to train on, or"),
    "no data set": (("a", "--on", "c"), "c: no such folder"),
    "its own images": (("b", "--on", "b"), "--on: b would be tested on the images it is trained on"),
    "twice": (("a", "a/", "--on", "b"), "a data set is given twice"),
    "no split": (("a", "--on", "b", "--split", "val"), "--split: b has no split 'val' with images"),
    "no photographs": (("a", "--on", "b", "--negatives", "empty"), "--negatives: empty has no images"),
    "no photograph": (("a", "--on", "b", "--negatives", "broken"), "x.jpg: cannot be read as an image"),
    "a full folder": (
        ("a", "--on", "b", "--out", "broken"),
        "--out: broken exists and is not an empty folder",
    ),
    "both budgets": (
        ("a", "--on", "b", "--steps", "2", "--minutes", "1"),
        "--steps and --minutes cannot both",
    ),
    "no minutes": (("a", "--on", "b", "--minutes", "0"), "'0' is not a number of minutes above 0"),
    "no GPU": (("a", "--on", "b", "--device", "cuda"), "--device: PyTorch finds no usable GPU"),
    "no model": (("--on", "b", "--predictions", "x.onnx"), "x.onnx: no such file"),
    "a broken model": (("--on", "b", "--predictions", "broken/x.onnx"), "OpenCV cannot read broken/x.onnx"),
}

WITHOUT_PYTORCH = ("nothing to test", "both", "no minutes", "no model", "a broken model")


@pytest.mark.parametrize("case", [*REFUSED])
def test_wrong_input_is_one_line(case: str, command: Command, sets: Path) -> None:
    if case not in WITHOUT_PYTORCH:
        pytest.importorskip("torch", reason="PyTorch is not installed: make torch")
    (sets / "empty").mkdir()
    (sets / "broken").mkdir()
    for name in ("x.jpg", "x.onnx"):
        (sets / "broken" / name).write_text("x")
    arguments, told = REFUSED[case]
    done = command("validate", *arguments)
    assert (done.code, len(done.err.splitlines())) == (2, 1), done
    assert told in done.err


def test_a_broken_pytorch_is_told(command: Command, sets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim2coco.cli.validating.find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "sim2coco.validate.comparing", None)
    done = command("validate", "a", "--on", "b")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "PyTorch cannot be imported" in done.err


def test_without_pytorch_the_command_to_install_it_is_told(
    command: Command, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim2coco.cli.validating.find_spec", lambda name: None)
    done = command("validate", "a", "--on", "b")
    assert (done.code, done.out) == (2, "")
    assert "PyTorch is not installed; pip install torch --index-url" in done.err
