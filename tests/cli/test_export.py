"""`sim2coco export`: a data set in other formats, in a folder of its own."""

import json
import shutil
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.export.panoptic import Panoptic
from sim2coco.export.roboflow import Roboflow
from tests.cocosets import small
from tests.commandline import Command, tree

RECIPE = Recipe.parse(
    {
        "views": 2,
        "image": {"width": 64, "height": 64},
        "assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.06}}},
    }
)
FOLDERS = ("annotations", "annotations_amodal", "images", "panoptic", "roboflow")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of ours with three formats."""
    out = tmp_path_factory.mktemp("made") / "own"
    generate(RECIPE, out, 4, formats=[Panoptic(), Roboflow()])
    return out


@pytest.fixture
def own(made: Path, here: Path) -> Path:
    """A copy of this data set."""
    return Path(shutil.copytree(made, here / "own"))


def test_an_export_has_the_files_of_a_run(command: Command, here: Path, own: Path) -> None:
    outcome = command("export", "own", "--format", "coco,panoptic,roboflow", "--out", "new")
    assert (outcome.code, outcome.err) == (0, "")
    labels = sum(len(json.loads(file.read_text())["annotations"]) for file in own.glob("annotations/inst*"))
    assert outcome.out == f"new: 4 images, {labels} labels as coco, panoptic, roboflow\n"
    files = {name: text for name, text in tree(own).items() if name.partition("/")[0] in FOLDERS}
    assert {name: text for name, text in tree(here / "new").items() if name != "export.json"} == files
    images = [name for name in files if name.startswith("images/")]
    assert len(images) == 4
    assert all((here / "new" / name).samefile(own / name) for name in images)
    assert command("check", "own").code == 0
    assert command("check", "new").code == 0


def test_the_same_export_is_completed(command: Command, here: Path, own: Path) -> None:
    words = ("export", "own", "--format", "coco", "--out", "new")
    assert command(*words).code == 0
    before = tree(here / "new")
    (here / "new" / "annotations" / "instances_train.json").unlink()
    next((here / "new" / "images").rglob("*.jpg")).unlink()
    assert command(*words).code == 0
    assert tree(here / "new") == before
    generate(RECIPE, own, 6)
    assert command(*words).out.startswith("new: 6 images")
    outcome = command(*words, "--set", "rle=uncompressed")
    assert outcome.code == 2
    assert outcome.err == "sim2coco: --out: new contains another export; name an empty folder\n"


@pytest.fixture
def other(here: Path) -> Path:
    """A COCO data set of another tool."""
    small().write(
        here / "other" / "annotations" / "instances_train.json", here / "other" / "images" / "train"
    )
    return here / "other"


@pytest.mark.parametrize(
    ("words", "masks"),
    [
        (("coco",), str),
        (("coco", "--set", "rle=uncompressed"), list),
        (("{kind: coco, rle: uncompressed}",), list),
        (("[{kind: coco, rle: uncompressed}]",), list),
    ],
)
def test_data_sets_of_others(
    command: Command, here: Path, other: Path, words: tuple[str, ...], masks: type
) -> None:
    outcome = command("export", "other", "--out", "new", "--format", *words)
    assert (outcome.code, outcome.err) == (0, "")
    coco = json.loads((here / "new" / "annotations" / "instances_train.json").read_text())
    assert {type(entry["segmentation"]["counts"]) for entry in coco["annotations"]} == {masks}
    assert command("check", "new").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--format coca --out new", "--format: unknown kind 'coca'; did you mean 'coco'?"),
        (
            "--format coco --set rl=1 --out new",
            "--set: these formats have no setting 'rl'; did you mean 'rle'?",
        ),
        ("--format coco --set rle --out new", "--set: 'rle' must be KEY=VALUE"),
        ("--format coco --set rle=x --out new", "must be 'compressed' or 'uncompressed' (got \"x\")"),
        ("--format {kind:coco --out new", "--format: '[{kind:coco]' is not a list of names"),
        ("--format  --out new", "--format: '' is not a list of names"),
        ("--format coco", "required: --out"),
        ("--out new", "required: --format"),
        ("--format coco --out other/new", "--out: other/new is inside the data set other"),
        ("--format coco --out .", "--out: . contains other files"),
        (
            "--format coco --out full",
            "--out: full contains other files (file); name an empty folder",
        ),
        ("--format coco,coco --out new", "--format: 'coco' is listed twice"),
    ],
)
def test_what_is_wrong_is_said(command: Command, here: Path, other: Path, words: str, told: str) -> None:
    (here / "full").mkdir()
    (here / "full" / "file").touch()
    outcome = command("export", "other", *words.split(" "))
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (here / "new").exists()


def test_an_unfinished_run_is_refused(command: Command, here: Path, own: Path) -> None:
    run = json.loads((own / "run.json").read_text())
    (own / "run.json").write_text(json.dumps(run | {"num_images": 0}))
    outcome = command("export", "own", "--format", "coco", "--out", "new")
    said = "has no images yet; `sim2coco status own` shows the progress of its run"
    assert (outcome.code, outcome.err) == (2, f"sim2coco: own: {said}\n")


def test_help_names_the_formats(command: Command) -> None:
    outcome = command("export", "--help")
    assert outcome.code == 0
    assert all(f"\n  {name} " in outcome.out for name in ("coco", "panoptic", "roboflow"))
