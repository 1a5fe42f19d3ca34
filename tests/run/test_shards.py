"""Shards: several runs, of which each makes a part of the scenes of one data set."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.records import from_bytes
from sim2coco.run import Result
from sim2coco.shard import Shard
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from tests.commandline import tree

IMAGES = 14


def recipe(seed: int = 5) -> Recipe:
    return Recipe.parse(
        {
            "seed": seed,
            "views": 2,
            "image": {"width": 64, "height": 48},
            "assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.06}}},
            "scene": {"kind": "drop", "num_objects": [1, 3]},
        }
    )


def made(out: Path, shard: str | None, num_images: int = IMAGES) -> Result:
    return generate(recipe(), out, num_images, engine=Inline(shard=shard), report=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "data"
    made(out, None)
    return out


def scenes(out: Path) -> set[int]:
    store = LocalStore(out)
    return {from_bytes(store.get(name)).scene for name in store.list("records")}


def test_shards_in_any_order_give_the_bytes_of_one_run(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    for index in (2, 0, 1):
        result = made(out, f"{index}/3")
        assert result.images >= IMAGES // 3
        assert result.shard == Shard(index, 3)
        assert not (out / "annotations").exists()
    assert {scene % 3 for scene in scenes(out)} == {0, 1, 2}
    made(out, None)
    assert tree(out) == tree(whole)


def test_a_shard_makes_its_scenes_only_and_makes_them_once(tmp_path: Path) -> None:
    out = tmp_path / "data"
    made(out, "1/4")
    assert scenes(out)
    assert {scene % 4 for scene in scenes(out)} == {1}
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")}
    made(out, "1/4")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")} == before


def test_shards_run_at_the_same_time(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(made, [(out, "0/2"), (out, "1/2")])
    made(out, None)
    assert tree(out) == tree(whole)


def test_folders_of_shards_can_be_put_together(whole: Path, tmp_path: Path) -> None:
    for index in range(2):
        made(tmp_path / str(index), f"{index}/2")
    shutil.copytree(tmp_path / "1", tmp_path / "0", dirs_exist_ok=True)
    made(tmp_path / "0", None)
    assert tree(tmp_path / "0") == tree(whole)


def test_files_of_other_shards_that_are_being_written_stay(tmp_path: Path) -> None:
    out = tmp_path / "data"
    made(out, "0/2")
    half = [out / folder / f".tmp-{'0' * 32}" for folder in (".", "records/000", "images/train")]
    for path in half:
        path.write_bytes(b"half")
    made(out, "1/2")
    assert all(path.exists() for path in half)
    made(out, None)
    assert not any(path.exists() for path in half)


def test_a_shard_runs_once_at_a_time_and_never_beside_a_whole_run(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "data")
    with store.claim("0-of-2"), LocalStore(store.root).claim("1-of-2"):
        for shard in (None, "0/2", "1/2"):
            with pytest.raises(StoreError, match="another run"):
                made(store.root, shard)
        assert store.owner()
    assert store.owner() is None
    assert list(store.list(".")) == []
    with store.claim(), pytest.raises(StoreError, match="another run"):
        made(store.root, "0/2")


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "data", "0/2")
    with pytest.raises(StoreError, match="contains another run's data"):
        generate(recipe(seed=8), tmp_path / "data", IMAGES, engine=Inline(shard="1/2"))


@pytest.mark.parametrize("text", ["8/8", "1", "1/0", "-1/2", "a/b", "1/2/3", "0/9999999", "٣/٤"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"shard"):
        Local(shard=text)
