"""`sim2coco check` on data sets of other tools: lines, their number, and JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cocosets import small
from tests.commandline import Command


@pytest.fixture
def boxes(here: Path) -> dict[str, Any]:
    """A data set of one image with 60 boxes, in `boxes`; its annotation file as a tree."""
    (here / "boxes/train").mkdir(parents=True)
    Image.new("RGB", (64, 48)).save(here / "boxes/train/a.png")
    numbers = range(1, 61)
    common = {"image_id": 1, "category_id": 1, "iscrowd": 0}
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
        "categories": [{"id": 1, "name": "nut"}],
        "annotations": [
            {"id": number, **common, "bbox": [number / 4, 1, 9, 9], "area": 81} for number in numbers
        ],
    }


def write(here: Path, tree: dict[str, Any]) -> None:
    (here / "boxes/train/_annotations.coco.json").write_text(json.dumps(tree))


def test_a_data_set_without_faults(command: Command, here: Path, boxes: dict[str, Any]) -> None:
    write(here, boxes)
    outcome = command("check", "boxes")
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        "boxes: 1 image, 60 annotations: no faults\n",
        "",
    )


def test_many_faults_of_a_kind_are_counted_and_json_has_all(
    command: Command, here: Path, boxes: dict[str, Any]
) -> None:
    for annotation in boxes["annotations"]:
        annotation.update(bbox=[60, 1, 9, 9 + annotation["id"]])
    boxes["annotations"][7].update(category_id=4)
    write(here, boxes)
    outcome = command("check", "boxes")
    lines = outcome.out.splitlines()
    assert (outcome.code, len(lines)) == (1, 1 + 20 + 1 + 1)
    assert lines[-2:] == [
        "and 39 more of the kind outside: a box extends beyond its image",
        "boxes: 1 image, 60 annotations: 60 faults",
    ]
    outcome = command("check", "boxes", "--json")
    report = json.loads(outcome.out)
    assert (outcome.code, len(report["faults"]), report["counts"]) == (1, 60, {"dangling": 1, "outside": 59})
    assert report["faults"][0] == {
        "file": "train/_annotations.coco.json",
        "where": "annotation 8",
        "kind": "dangling",
        "message": "category_id 4 is not the id of an entry of this file",
    }


def test_progress_is_told_beside_the_output(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim2coco.cli.progress.PLAIN_INTERVAL_S", 0.0)
    small(images=6).write(here / "data/labels.json", here / "data/images")
    outcome = command("check", "data")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "data: 6 images, 18 annotations: no faults")
    assert outcome.err.splitlines()[-1].startswith("6/6 images, ")
    outcome = command("check", "data", "--json")
    assert (json.loads(outcome.out)["images"], outcome.err) == (6, "")
    outcome = command("check", "data", "--fix", "copy")
    assert [line.partition(",")[0] for line in outcome.err.splitlines()[-2:]] == ["5/6 images", "6/6 images"]
    outcome = command("check", "data", "--fix", "again", "--json")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_repaired_copy_passes(command: Command, here: Path, boxes: dict[str, Any]) -> None:
    for annotation in boxes["annotations"]:
        del annotation["iscrowd"]
    boxes["annotations"][0].update(bbox=[60, 1, 9, 9])
    write(here, boxes)
    outcome = command("check", "boxes", "--fix", "copy")
    lines = outcome.out.splitlines()
    assert (outcome.code, outcome.err, len(lines)) == (0, "", 1 + 20 + 3)
    assert lines[1].endswith("annotations[0]: bbox [60, 1, 9, 9] clipped to [60, 1, 4, 9]")
    assert lines[-3:] == [
        "and 40 more of the kind iscrowd: iscrowd set to 0, as it was absent",
        "copy: 61 changes, listed in copy/changes.txt",
        "copy: 1 image, 60 annotations: no faults",
    ]
    assert len((here / "copy/changes.txt").read_text().splitlines()) == 61
    outcome = command("check", "boxes", "--fix", "copy")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "sim2coco: --fix: copy exists; name a new or empty folder\n"
    outcome = command("check", "boxes", "--fix", "again", "--json")
    assert (outcome.code, json.loads(outcome.out)["counts"]) == (0, {"iscrowd": 60, "bbox": 1})
    assert command("check", "boxes", "--fix", "more", "--deep").err.startswith(
        "sim2coco: --fix: cannot be combined with --deep"
    )
