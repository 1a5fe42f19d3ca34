"""Whole runs: the same bytes with any engine, after interruptions, extensions and crashes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from scenes.assets.loading import load_catalogue
from sim2coco import GenerationError, Recipe, generate
from sim2coco.check import check
from sim2coco.engines import local
from sim2coco.engines.engine import Job, record_failure
from sim2coco.engines.local import Local
from sim2coco.preloaded import PRELOADED
from sim2coco.records import from_bytes
from sim2coco.review.status import status
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from tests.forkservers import one_fork_server
from tests.processes import children, descendants, wait_for_the_end_of

SMALL = {
    "seed": 5,
    "views": 3,
    "image": {"width": 96, "height": 72},
    "assets": {
        "categories": {
            "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1},
            "nut": {"shape": "nut", "size_m": [0.05, 0.08]},
            "box": {"shape": "box", "size_m": 0.08},
        },
        "distractors": {"cone": {"shape": "cone", "size_m": 0.06}},
    },
    "scene": {"kind": "drop", "num_objects": [1, 5]},
    "quality": {
        "checks": {
            "visible": {"kind": "visible"},
            "instances": {"kind": "instances"},
            "truncated": {"kind": "truncated", "max_truncation": 0.4},
        }
    },
    "augment": {"geometry": {"flip": {"name": "HorizontalFlip", "p": 0.5}}},
}
COMMAND = (
    "from sim2coco import Recipe, generate; from sim2coco.engines.local import Local; import json, sys;"
    "generate(Recipe.parse(json.loads(sys.argv[1])), sys.argv[2], int(sys.argv[3]), workers=int(sys.argv[4]),"
    " engine=Local())"
)


def recipe(**changes: object) -> Recipe:
    return Recipe.parse({**SMALL, **changes})


def tree(root: Path) -> dict[str, bytes]:
    """Every file of a data set except the log."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "run.log"
    }


def start(out: Path, images: int, workers: int) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", COMMAND, json.dumps(SMALL), str(out), str(images), str(workers)]
    return subprocess.Popen(arguments, start_new_session=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reference") / "data"
    generate(recipe(), out, 30)
    return out


def test_the_worker_count_and_the_engine_change_nothing(reference: Path, tmp_path: Path) -> None:
    with one_fork_server(local, [*PRELOADED, "albumentations"]):
        generate(recipe(), tmp_path / "one", 30, workers=1, engine=Local())
        generate(recipe(), tmp_path / "two", 30, workers=2, engine=Local())
    assert tree(tmp_path / "one") == tree(reference)
    assert tree(tmp_path / "two") == tree(reference)


def test_an_extended_data_set_equals_one_made_at_once(reference: Path, tmp_path: Path) -> None:
    generate(recipe(), tmp_path / "data", 20)
    first = tree(tmp_path / "data")
    generate(recipe(), tmp_path / "data", 30)
    assert tree(tmp_path / "data") == tree(reference)
    pictures = {name: content for name, content in first.items() if name.startswith("images/")}
    assert len(pictures) == 20
    assert pictures.items() <= tree(reference).items()


def test_a_finished_data_set_is_not_modified(reference: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (reference / "images").rglob("*.jpg")}
    generate(recipe(), reference, 30)
    assert {path: path.stat().st_mtime_ns for path in (reference / "images").rglob("*.jpg")} == before


@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_moments_ends_up_the_same(tmp_path: Path, kills: int) -> None:
    images, out, rng = 90, tmp_path / "data", np.random.Generator(np.random.PCG64(1))
    generate(recipe(), tmp_path / "whole", images)
    for kill in range(kills):
        before = records(out)
        run = start(out, images, 2)
        if kill % 3 == 0:  # while it loads, locks the folder, or reads what exists
            time.sleep(rng.uniform(0.1, 2.0))
        while kill % 3 and records(out) <= before and run.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.1))
        assert run.poll() is None, "finished before it could be killed"
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    generate(recipe(), out, images)
    assert tree(out) == tree(tmp_path / "whole")


def records(out: Path) -> int:
    return len(list(out.glob("records/*/*.json")))


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    run = start(tmp_path / "data", 10_000, 2)
    while not records(tmp_path / "data"):
        assert run.poll() is None
        time.sleep(0.05)
    below = descendants(run.pid)
    assert len(below) >= 3  # Python's resource tracker, what workers are forked from, and one of them
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_for_the_end_of(below)


def test_nothing_is_left_of_a_run_that_is_killed_while_its_workers_start(tmp_path: Path) -> None:
    run = start(tmp_path / "data", 10_000, 2)
    while len(descendants(run.pid)) < 2:
        assert run.poll() is None
        time.sleep(0.002)
    below = descendants(run.pid)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_for_the_end_of(below)


def test_workers_may_lose_what_they_are_forked_from(reference: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "data", 30, 2)
    while not records(tmp_path / "data"):
        assert run.poll() is None
        time.sleep(0.02)
    server, *_ = [child for child in children(run.pid) if children(child)]
    workers = children(server)
    os.kill(server, signal.SIGKILL)
    wait_for_the_end_of(workers)
    assert run.wait() == 0
    assert tree(tmp_path / "data") == tree(reference)


def test_damage_is_repaired(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    generate(recipe(), out, 30)
    pictures = sorted((out / "images").rglob("*.jpg"))
    pictures[0].write_bytes(pictures[0].read_bytes()[:100])
    pictures[7].unlink()
    records = sorted((out / "records").rglob("*.json"))
    records[3].write_bytes(b"")
    (out / "annotations" / "instances_train.json").write_text("{")
    (out / "images" / "train" / f".tmp-{'a' * 32}").write_bytes(b"x")
    generate(recipe(), out, 30)
    assert tree(out) == tree(reference)


def cpu_ticks(pid: int) -> int:
    """CPU time of a process, in clock ticks: fields 14 and 15 of proc(5)'s stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_the_scene_of_a_crashed_worker_is_tried_again(reference: Path, tmp_path: Path) -> None:
    run = start(tmp_path / "data", 30, 2)
    while records(tmp_path / "data") < 3:  # by then CPU time tells which worker has begun
        assert run.poll() is None
        time.sleep(0.02)
    # What workers are forked from has children, Python's resource tracker has none. The worker that has
    # computed most made the record; another one may still be starting.
    workers = [worker for child in children(run.pid) for worker in children(child)]
    os.kill(max(workers, key=cpu_ticks), signal.SIGSEGV)
    assert run.wait() == 0
    assert tree(tmp_path / "data") == tree(reference)


def test_a_scene_that_takes_too_long_is_recorded_as_failed(tmp_path: Path) -> None:
    slow = recipe(views=30, image={"width": 1024, "height": 768}, quality={"patience": 2, "min_yield": 1.0})
    with pytest.raises(GenerationError, match="rejected: failed 2"):
        generate(slow, tmp_path / "data", 60, engine=Local(retries=0, timeout_s=0.3))
    record = from_bytes((tmp_path / "data" / "records" / "000" / "000000.json").read_bytes())
    assert (record.status, record.error) == ("failed", "took too long")


def test_a_run_without_accepted_views_stops_with_the_reasons(tmp_path: Path) -> None:
    checks = {"dark": {"kind": "too_dark", "min_grey": 255.0}}
    with pytest.raises(GenerationError, match=r"0 of the last 20 views were accepted; rejected: dark \d+"):
        generate(recipe(quality={"checks": checks, "patience": 20}), tmp_path / "data", 5)


@pytest.mark.parametrize(
    ("change", "images", "words"),
    [
        ({"seed": 6}, 30, "seed: 5 there, 6 here"),
        ({"views": 2}, 30, "views: 3 there, 2 here"),
        ({}, 29, "already contains 30 images"),
    ],
    ids=["seed", "views", "fewer"],
)
def test_another_recipe_or_fewer_images_are_refused(
    reference: Path, change: dict[str, object], images: int, words: str
) -> None:
    before = tree(reference)
    with pytest.raises(StoreError, match=words):
        generate(recipe(**change), reference, images)
    assert tree(reference) == before


@pytest.mark.parametrize("group", ["categories", "split", "transforms"])
def test_another_order_is_another_data_set(tmp_path: Path, group: str) -> None:
    """The order determines ids, random draws and pixels, so it is part of the identity of a data set."""

    def ordered(step: int) -> Recipe:
        assets: dict[str, object] = {**SMALL["assets"], "distractors": {}}  # type: ignore[dict-item]
        pixels = {"blur": {"name": "Blur", "p": 1.0}, "noise": {"name": "GaussNoise", "p": 1.0}}
        tree: dict[str, object] = {"split": {"train": 0.5, "val": 0.5}, "assets": assets}
        if group == "categories":
            categories = list(assets["categories"].items())  # type: ignore[attr-defined]
            tree["assets"] = {**assets, "categories": dict(categories[::step])}
        if group == "split":
            tree["split"] = dict([("train", 0.5), ("val", 0.5)][::step])
        if group == "transforms":
            tree["augment"] = {"pixels": dict(list(pixels.items())[::step])}
        return recipe(**tree)

    generate(ordered(1), tmp_path / "data", 2)
    with pytest.raises(StoreError, match="order of"):
        generate(ordered(-1), tmp_path / "data", 4)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "home"
    (out / "sub").mkdir(parents=True)
    (out / "thesis.tex").write_text("years of work")
    (out / "sub" / ".tmp-important").write_text("more of it")
    before = tree(out)
    with pytest.raises(StoreError, match="contains other files"):
        generate(recipe(), out, 2)
    assert tree(out) == before


def test_other_files_among_the_records_are_left_alone_and_told(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(reference, out)
    others = [
        out / "records" / name
        for name in ("notes.txt", "000/000000.json.orig", "000/7.json", "001/000000.json")
    ]
    (out / "records/001").mkdir()
    for file in others:
        file.write_text("mine")
    generate(recipe(), out, 30)
    assert [file.read_text() for file in others] == ["mine"] * len(others)
    assert not status(out).unreadable
    names = {file.relative_to(out).as_posix() for file in others}
    assert {fault.file for fault in check(out).faults} == names
    for file in others:
        file.unlink()
    (out / "records/001").rmdir()
    assert tree(out) == tree(reference)


def test_temporary_files_of_killed_workers_are_removed(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    generate(recipe(), out, 20)
    for folder in ("records/000", "images/train"):
        (out / folder / f".tmp-{'0' * 32}").write_bytes(b"half")
    generate(recipe(), out, 30)
    assert tree(out) == tree(reference)


def test_a_failure_does_not_undo_a_commit(reference: Path, tmp_path: Path) -> None:
    """A process can crash between its commit and its answer."""
    shutil.copytree(reference, tmp_path / "data")
    ours = recipe()
    job = Job(ours, load_catalogue(ours.assets), LocalStore(tmp_path / "data"), tmp_path, 1)
    assert record_failure(job, 0, "its process died").status == "done"
    assert tree(tmp_path / "data") == tree(reference)


def test_an_interrupted_run_can_be_finished_with_fewer_images(tmp_path: Path) -> None:
    run = start(tmp_path / "data", 5000, 1)
    while not records(tmp_path / "data"):
        assert run.poll() is None
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert generate(recipe(), tmp_path / "data", 6).images == 6
    assert not check(tmp_path / "data").faults


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with LocalStore(tmp_path / "data").claim(), pytest.raises(StoreError, match="another run"):
        generate(recipe(), tmp_path / "data", 1)


def test_check_finds_nothing_wrong(reference: Path) -> None:
    report = check(reference)
    assert (report.images, [str(fault) for fault in report.faults]) == (30, [])


def test_no_path_of_this_machine_is_in_the_data_set(tmp_path: Path) -> None:
    mesh = tmp_path / "secret_folder" / "thing.obj"
    mesh.parent.mkdir()
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n")
    assets = {"categories": {"thing": {"path": str(mesh), "size_m": 0.1}}}
    generate(recipe(assets=assets), tmp_path / "data", 3)
    for name, content in tree(tmp_path / "data").items():
        assert b"secret_folder" not in content, name
        assert str(Path.home()).encode() not in content, name
        assert str(tmp_path).encode() not in content, name


def annotation_files(root: Path) -> Iterator[COCO]:
    for path in sorted(root.glob("annotations*/*.json")):
        yield COCO(str(path))


def test_masks_boxes_and_areas_agree(reference: Path) -> None:
    count = 0
    for truth in annotation_files(reference):
        for annotation in truth.loadAnns(truth.getAnnIds()):
            mask = truth.annToMask(annotation)
            again = coco_mask.encode(np.asfortranarray(mask))
            assert again["counts"].decode() == annotation["segmentation"]["counts"]
            assert annotation["area"] == mask.sum() == coco_mask.area(again)
            assert annotation["bbox"] == list(coco_mask.toBbox(again))
            count += 1
    assert count > 100


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_ground_truth_against_itself_is_perfect(reference: Path, kind: str) -> None:
    for truth in annotation_files(reference):
        found = truth.loadRes([{**entry, "score": 1.0} for entry in truth.loadAnns(truth.getAnnIds())])
        evaluation = COCOeval(truth, found, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] == pytest.approx(1.0)


def test_views_3_is_a_prefix_of_views_5(reference: Path, tmp_path: Path) -> None:
    generate(recipe(views=5), tmp_path / "five", 40)
    three, five = tree(reference), tree(tmp_path / "five")
    shared = [name for name in three if name.startswith("images/") and name in five]
    assert len(shared) > 15
    assert all(three[name] == five[name] for name in shared)


def test_light_does_not_change_masks(tmp_path: Path) -> None:
    bright = {"ambient": 0.9, "elevation_deg": 80}
    dark = {"ambient": 0.3, "elevation_deg": 20, "hue": 0.08, "saturation": 0.5, "shadow": 0.9}
    plain: dict[str, object] = {"augment": {}, "quality": {}}
    records = []
    for name, light in (("bright", bright), ("dark", dark)):
        generate(recipe(light=light, **plain), tmp_path / name, 9)
        paths = sorted((tmp_path / name / "records").rglob("*.json"))
        records.append([from_bytes(path.read_bytes()) for path in paths])
    for first, second in zip(*records, strict=True):
        assert first.settled == second.settled
        for one, other in zip(first.views, second.views, strict=True):
            assert [p.annotations for p in one.pictures] == [p.annotations for p in other.pictures]
            assert [p.sha256 for p in one.pictures] != [p.sha256 for p in other.pictures]


def test_splits_keep_their_fractions_in_every_prefix() -> None:
    ours = recipe(split={"train": 0.7, "val": 0.2, "test": 0.1})
    drawn = np.array([ours.split_of(scene) for scene in range(5000)])
    for name, share in ours.split.shares.items():
        cumulated = np.cumsum(drawn == name)
        for size in (50, 200, 1000, 5000):
            assert abs(cumulated[size - 1] / size - share) < 3 / size
    assert ours.split_of(0) == "train"


def test_a_split_without_images_writes_no_file(tmp_path: Path) -> None:
    generate(recipe(split={"train": 0.999, "val": 0.001}), tmp_path / "data", 3)
    assert sorted(path.name for path in (tmp_path / "data").glob("annotations*/*")) == [
        "amodal_train.json",
        "instances_train.json",
    ]


def test_copies_are_written_in_addition(tmp_path: Path) -> None:
    augment = {**SMALL["augment"], "copies": 2, "splits": ["train", "val"]}  # type: ignore[dict-item]
    result = generate(recipe(augment=augment), tmp_path / "data", 4)
    names = sorted(path.name for path in (tmp_path / "data" / "images").rglob("*.jpg"))
    assert (result.images, len(names)) == (4, 12)
    stem = names[0].removesuffix(".jpg")
    assert {f"{stem}.jpg", f"{stem}_c1.jpg", f"{stem}_c2.jpg"} <= set(names)
