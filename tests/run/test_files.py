"""Images with several files: all are written, checked by hash, removed and replayed together."""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.records import from_bytes, picture_files
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from sim2coco.tally import Tally
from tests.commandline import tree

RECIPE = Recipe.parse(
    {
        "seed": 3,
        "views": 2,
        "image": {"width": 64, "height": 48, "format": "png"},
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "scene": {"kind": "drop", "num_objects": [1, 3]},
    }
)
WITH_DEPTH = RECIPE.model_copy(update={"image": RECIPE.image.model_copy(update={"extra": ("depth",)})})


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A data set of six images."""
    generate(WITH_DEPTH, tmp_path / "data", 6)
    return tmp_path / "data"


def names(out: Path, folder: str) -> list[str]:
    return sorted(path.relative_to(out / folder).as_posix() for path in (out / folder).rglob("*.png"))


def test_every_file_is_written_and_its_hash_is_in_the_record(made: Path) -> None:
    assert len(names(made, "images")) == 6
    assert names(made, "depth") == names(made, "images")
    for record, _, picture in DataSet(made).pictures():
        files = picture_files(record.split, picture)
        assert list(files) == [f"{folder}/{record.split}/{picture.name}" for folder in ("images", "depth")]
        assert {name: sha256((made / name).read_bytes()).hexdigest() for name in files} == files
    assert check(made).faults == ()


def test_records_of_single_files_have_no_other_files(tmp_path: Path) -> None:
    generate(RECIPE, tmp_path / "data", 2)
    record = (tmp_path / "data" / "records" / "000" / "000000.json").read_bytes()
    assert b"other_files" not in record
    assert from_bytes(record).views[0].pictures[0].other_files == {}


def test_a_finished_data_set_is_kept_and_a_damaged_one_repaired(made: Path) -> None:
    before = tree(made)
    times = {path: path.stat().st_mtime_ns for path in made.rglob("*.png")}
    generate(WITH_DEPTH, made, 6)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    first, second, *_ = sorted((made / "depth").rglob("*.png"))
    first.unlink()
    second.write_bytes(b"half")
    generate(WITH_DEPTH, made, 6)
    assert tree(made) == before


def test_files_beyond_the_wanted_images_are_removed(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "more"

    def stop(tally: Tally) -> None:
        if tally.accepted >= 11:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        generate(WITH_DEPTH, out, 20, progress=stop)
    assert len(names(out, "depth")) > 6
    generate(WITH_DEPTH, out, 6)
    assert tree(out) == tree(made)


NOT_OURS = [
    "s999999_v00.png",
    "my notes/s999999_v00.png",
    "images/s999999_v00.png",
    "images/train/s999999_v00_mine.png",
    "images/train/s999999_v00.png.orig",
    "images/train/s999999_v0.png",
    "images/train/s999999_v000.png",
    "images/train/s999999_v00_l0.png",
    "images/train/more/s999999_v00.png",
    "masks/train/s999999_v00.png",
]
OURS = ["images/train/s999999_v00.png", "images/val/s999999_v00_l2_c1.jpg", "depth/train/s999999_v07.png"]


def test_files_that_sim2coco_has_not_written_stay(made: Path) -> None:
    for name in [*NOT_OURS, *OURS]:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(b"mine")
    generate(WITH_DEPTH, made, 6)
    assert [name for name in NOT_OURS if not (made / name).exists()] == []
    assert [name for name in OURS if (made / name).exists()] == []


def test_check_reports_changed_stray_and_missing_files(made: Path) -> None:
    name = names(made, "depth")[0]
    right = (made / "depth" / name).read_bytes()
    (made / "depth" / name).write_bytes(right + b"x")
    (made / "depth" / "stray.png").write_bytes(right)
    (differs, stray) = map(str, check(made).faults)
    assert differs.endswith(f"sha256 differs: depth/{name} was changed after it was written")
    assert stray == "depth/stray.png: no record lists it"
    (made / "depth" / "stray.png").unlink()
    (made / "depth" / name).unlink()
    (missing,) = map(str, check(made).faults)
    assert missing.startswith(f"depth/{name}: missing: records/")


@pytest.mark.parametrize(
    "name",
    ["../secret.png", "images/train/s000000_v00.txt", "depth/train/s000001_v00.png", "depth/s000000_v00.png"],
)
def test_check_opens_no_file_with_an_unexpected_name(made: Path, name: str) -> None:
    path = made / "records" / "000" / "000000.json"
    record = json.loads(path.read_text())
    picture = record["views"][0]["pictures"][0]
    picture["other_files"] = {name: "0" * 64}
    path.write_text(json.dumps(record))
    assert f"other_files: '{name}' is not FOLDER/{record['split']}/" in "\n".join(
        map(str, check(made).faults)
    )


def test_all_files_are_replayed(made: Path) -> None:
    before, now = replay(DataSet(made), "s000000_v01")
    assert before == now
    assert [name.split("/")[0] for name in now] == ["images", "depth"]
