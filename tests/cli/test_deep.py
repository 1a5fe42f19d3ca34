"""`sim2coco check --deep` renders a data set again, and lists what differs."""

import json
from pathlib import Path

import pytest

from tests.commandline import Command

SMALL = [
    *(
        "num_images=4",
        "views=1",
        "image.width=96",
        "image.height=72",
        "augment=none",
        "assets=shapes",
        "seed=3",
    ),
    *(
        "scene.num_objects=3",
        "scene.num_distractors=0",
        "scene.empty_share=0",
        "quality=none",
        "split={all: 1}",
    ),
]


def test_deep_renders_again_and_lists_what_differs(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim2coco.cli.progress.PLAIN_INTERVAL_S", 0.0)
    assert command("generate", *SMALL, "out=data").code == 0
    done = command("check", "data", "--deep", "--scenes", "2")
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1].startswith("2/2 scenes, ")
    assert done.out.splitlines()[-1].endswith("2 images rendered again: no faults")
    place = here / "data/records/000/000001.json"
    record = json.loads(place.read_text())
    del record["sha256"]  # as in records of earlier versions: it would tell that there are edits
    record["views"][0]["shot"]["light"]["exposure_ev"] += 0.5
    place.write_text(json.dumps(record))
    assert command("check", "data").code == 0
    found = command("check", "data", "--deep")
    assert found.code == 1
    assert "s000001_v00.jpg: rendered again, images/all/s000001_v00.jpg has different bytes" in found.out
    listed = json.loads(command("check", "data", "--deep", "--json").out)
    assert [fault["where"] for fault in listed["faults"]] == ["s000001_v00.jpg"]


def test_deep_needs_the_records_of_sim2coco(command: Command, here: Path) -> None:
    (here / "other/annotations").mkdir(parents=True)
    tree: dict[str, list[object]] = {"images": [], "annotations": [], "categories": []}
    (here / "other/annotations/instances_train.json").write_text(json.dumps(tree))
    assert command("check", "other").code == 0
    refused = command("check", "other", "--deep")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "no readable run.json" in refused.err
