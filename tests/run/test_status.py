"""`status` counts what a run has made: while it runs, after it was stopped, and in the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.datasets.errors import DataSetError
from sim2coco.review.status import Status, sentences, status
from sim2coco.tally import Tally
from tests.commandline import run_here

RECIPE = Recipe.parse(
    {
        "seed": 3,
        "views": 2,
        "image": {"width": 64, "height": 48},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": 1, "empty_share": 0.0},
        "quality": {"checks": {"visible": {"kind": "visible", "min_px": 1400}}},
    }
)
WANTED = 8


class Stop(Exception):
    """Stops a run."""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Tally, Status]]]:
    """A data set whose run was stopped half-way, and what was counted on the way."""
    out = tmp_path_factory.mktemp("status") / "data"
    seen: list[tuple[Tally, Status]] = []

    def progress(tally: Tally) -> None:
        seen.append(
            (
                Tally(
                    **{key: getattr(tally, key) for key in ("wanted", "patience", "min_yield", "accepted")}
                ),
                status(out),
            )
        )
        if tally.accepted >= WANTED // 2:
            raise Stop

    with pytest.raises(Stop):
        generate(RECIPE, out, WANTED, progress=progress)
    return out, seen


def test_while_it_runs(stopped: tuple[Path, list[tuple[Tally, Status]]]) -> None:
    for tally, found in stopped[1]:
        assert (found.accepted, found.asked_for, found.finished) == (tally.accepted, WANTED, 0)
        assert found.left == WANTED - tally.accepted
        assert found.owner is not None and f"process {os.getpid()} on" in found.owner
        first, *others = sentences(found)
        assert first == f"running: {tally.accepted} of 8 images, {found.left} left"
        assert others[-1].startswith(f"process {os.getpid()} on ") and others[-1].endswith("is writing to it")


def test_after_it_was_stopped(stopped: tuple[Path, list[tuple[Tally, Status]]]) -> None:
    found = status(stopped[0])
    assert found.owner is None
    assert found.per_s is not None and found.left_s == found.left / found.per_s
    first, *others = sentences(found)
    assert first.startswith("stopped: ") and others[-1] == "run the same command to continue it"


def test_in_the_end(tmp_path: Path) -> None:
    result = generate(RECIPE, tmp_path / "data", WANTED)
    found = status(tmp_path / "data")
    assert (found.left, found.left_s, found.finished) == (0, 0.0, WANTED)
    assert found.accepted >= WANTED
    assert found.scenes["done"] + found.scenes["rejected"] == result.scenes
    assert found.reasons >= result.reasons and result.reasons.total() > 0  # also views of the last scene
    assert next(sentences(found)) == "finished: 8 of 8 images, 0 left"


def test_a_folder_of_data_sets_tells_of_each(
    stopped: tuple[Path, list[tuple[Tally, Status]]], tmp_path: Path
) -> None:
    (tmp_path / "sweep").mkdir()
    for name in ("0", "1"):
        (tmp_path / "sweep" / name).symlink_to(stopped[0])
    done = run_here(tmp_path, "status", "sweep")
    firsts = [line for line in done.out.splitlines() if line.startswith("sweep/")]
    assert [line.partition(" of ")[0] for line in firsts] == [
        f"sweep/{name}: stopped: {status(stopped[0]).accepted}" for name in ("0", "1")
    ]
    numbers = json.loads(run_here(tmp_path, "status", "sweep", "--json").out)
    assert numbers["sweep/0"] == numbers["sweep/1"]


def test_failed_scenes_and_damaged_records_are_named(tmp_path: Path) -> None:
    generate(RECIPE, tmp_path / "data", 4)
    first, second = sorted((tmp_path / "data/records/000").iterdir())[:2]
    record = json.loads(first.read_text())
    first.write_text(json.dumps({**record, "status": "failed", "views": [], "error": "a worker died"}))
    second.write_text('{"scene": 1, "sta')
    lines = list(sentences(status(tmp_path / "data")))
    assert "scene 0 failed: a worker died; retry_failed=true retries it" in lines
    assert "records/000/000001.json: cannot be read; the next run generates this scene again" in lines


def test_the_numbers_are_json(stopped: tuple[Path, list[tuple[Tally, Status]]]) -> None:
    program = [sys.executable, "-m", "sim2coco.cli", "status", str(stopped[0]), "--json"]
    numbers = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
    found = status(stopped[0])
    assert numbers["scenes"] == {"done": found.scenes["done"]} and numbers["reasons"] == dict(found.reasons)
    assert (numbers["accepted"], numbers["left"]) == (found.accepted, found.left)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"num_images": "x"}'])
def test_what_is_no_data_set(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataSetError, match="not a data set"):
        status(tmp_path)


def test_a_run_that_lacks_only_its_annotations_is_not_finished(tmp_path: Path) -> None:
    generate(RECIPE, tmp_path / "data", 4)
    run = json.loads((tmp_path / "data/run.json").read_text())
    (tmp_path / "data/run.json").write_text(json.dumps({**run, "num_images": 0}))
    (tmp_path / f"data/records/000/.tmp-{'0' * 32}").write_text("half")
    first, *others = sentences(status(tmp_path / "data"))
    assert first == "stopped: 4 of 4 images, 0 left"
    assert others[-1].startswith(
        "run the same command, without engine.shard if it has one, to write the anno"
    )
    assert not any("cannot be read" in line for line in others)
