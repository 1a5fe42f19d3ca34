"""Runs that keep sampling until their histograms are those of a target."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.committing import commit
from sim2coco.datasets.reading import open_dataset
from sim2coco.engines.engine import Engine, Job, record_failure
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.labels import Written
from sim2coco.messages import ConfigError
from sim2coco.records import Summary, from_bytes, picture_files, record_name, summary
from sim2coco.review.deep import check_deep
from sim2coco.run import Result
from sim2coco.statistics.histograms import Histogram, earth_movers_distance, histograms
from sim2coco.statistics.measuring import measure
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from sim2coco.target.choosing import Chooser
from sim2coco.target.filling import left_out
from sim2coco.target.settings import TARGET, Target
from tests.commandline import tree
from tests.failingdisk import KILLED, in_child, kill_at, watched

SCENES, VIEWS, IMAGES = 24, 4, 16
WANTED = Target.parse({"brightness": [0] * 8 + [1] * 4, "categories": {"nut": 1, "box": 3}})
"""Dark images, with more boxes than nuts."""


def recipe(target: object = WANTED, **quality: object) -> Recipe:
    target = json.loads(target.model_dump_json()) if isinstance(target, Target) else target
    weights = {"nut": 4.0, "box": 1.0}
    return Recipe.parse(
        {
            "seed": 5,
            "views": VIEWS,
            "image": {"width": 64, "height": 48},
            "split": {"train": 0.7, "val": 0.3},
            "assets": {
                "categories": {
                    name: {"shape": name, "size_m": 0.06, "weight": weight}
                    for name, weight in weights.items()
                }
            },
            "scene": {"kind": "floating", "num_objects": [1, 3], "empty_share": 0.1},
            "light": {"exposure_ev": [-2, 1]},
            "quality": {"checks": {"instances": {"kind": "instances"}}, "target": target, **quality},
        }
    )


class Recorded(Engine):
    """Commits scenes that were made before, `ahead` of them at a time in reversed order."""

    kind: str
    made: str
    ahead: int = 1

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        while some := [scene for _, scene in zip(range(self.ahead), scenes, strict=False)]:
            yield from (self.commit(job, scene) for scene in reversed(some) if scene is not None)

    def commit(self, job: Job, scene: int) -> Summary:
        done = LocalStore(Path(self.made))
        record = from_bytes(done.get(record_name(scene)))
        pictures = [picture for view in record.views for picture in view.pictures]
        files = [{name: done.get(name) for name in picture_files(record.split, one)} for one in pictures]
        commit(job.store, record, list(map(Written, pictures, files)))
        return summary(from_bytes(job.store.get(record_name(scene))))


class Failing(Recorded):
    """The same, but scene 3 fails."""

    def commit(self, job: Job, scene: int) -> Summary:
        return record_failure(job, 3, "it dies") if scene == 3 else super().commit(job, scene)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes about which nothing is decided, as a shard leaves them."""
    out = tmp_path_factory.mktemp("drawn") / "data"
    generate(recipe(), out, VIEWS * SCENES, engine=Inline(shard="0/1"))
    return out


def made(drawn: Path, out: Path, images: int = IMAGES, ahead: int = 1, **changes: object) -> Result:
    engine = Recorded(kind="recorded", made=str(drawn), ahead=ahead)
    return generate(recipe(**changes), out, images, engine=engine, card=False, report=False)


@pytest.fixture(scope="module")
def filled(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("filled") / "data"
    assert made(drawn, out).images == IMAGES
    return out


def reasons(out: Path) -> Counter[str]:
    store = LocalStore(out)
    records = [from_bytes(store.get(name)) for name in store.list("records")]
    return Counter(reason for record in records for view in record.views for reason in view.reasons)


def wanted(name: str, of: dict[str, Histogram]) -> Histogram:
    """The histogram that the target asks for."""
    own = of[name]
    shares = WANTED.shares(name) if name == "brightness" else np.array([1, 3]) / 4
    return Histogram(name, own.edges, np.round(1e6 * shares).astype(np.int64), labels=own.labels)


def distances(out: Path) -> dict[str, float]:
    """How far the histograms of a finished data set are from the target, by the code of `report`."""
    data = open_dataset(out)
    found = histograms(measure(data), data.info.categories)
    return {
        name: earth_movers_distance(found[name], wanted(name, found)) for name in ("brightness", "categories")
    }


def test_histograms_come_nearer_to_the_target(drawn: Path, filled: Path, tmp_path: Path) -> None:
    made(drawn, tmp_path / "plain", target_effort=1)
    before, after = distances(tmp_path / "plain"), distances(filled)
    for name, distance in after.items():
        assert distance <= before[name] / 2


def test_views_that_are_left_out_are_recorded_and_their_files_removed(filled: Path) -> None:
    assert reasons(filled)[TARGET] > IMAGES
    assert check(filled).faults == ()
    assert len([*filled.glob("images/*/*.jpg")]) == IMAGES


def test_the_order_of_scenes_and_extensions_change_nothing(drawn: Path, filled: Path, tmp_path: Path) -> None:
    made(drawn, tmp_path / "ahead", ahead=7)
    assert tree(tmp_path / "ahead") == tree(filled)
    for images in (1, IMAGES // 2, IMAGES, IMAGES):
        made(drawn, tmp_path / "extended", images)
    assert tree(tmp_path / "extended") == tree(filled)


def test_shards_draw_and_the_run_that_completes_them_chooses(
    drawn: Path, filled: Path, tmp_path: Path
) -> None:
    shutil.copytree(drawn, tmp_path / "data")
    result = made(tmp_path / "none", tmp_path / "data")
    assert result.images == IMAGES
    assert tree(tmp_path / "data") == tree(filled)


def test_a_run_that_is_killed_at_any_call_ends_the_same(drawn: Path, filled: Path, tmp_path: Path) -> None:
    out, expected = tmp_path / "data", tree(filled)
    with watched(out) as watch:
        made(drawn, out)
    calls = [number for number, call in enumerate(watch.calls) if call.name in ("replace", "unlink")]
    for number in calls[:: len(calls) // 4]:
        shutil.rmtree(out)
        with watched(out, after=kill_at(number)):
            assert in_child(lambda: made(drawn, out)) == KILLED
        made(drawn, out)
        assert tree(out) == expected


def test_a_scene_that_failed_and_is_tried_again_gives_the_same(
    drawn: Path, filled: Path, tmp_path: Path
) -> None:
    failing = Failing(kind="failing", made=str(drawn))
    out, engine = tmp_path / "data", Recorded(kind="recorded", made=str(drawn))
    assert generate(recipe(), out, IMAGES, engine=failing, card=False, report=False).failed
    assert tree(out) != tree(filled)
    generate(recipe(), out, IMAGES, engine=engine, retry_failed=True, card=False, report=False)
    assert tree(tmp_path / "data") == tree(filled)


def test_check_deep_compares_the_bins_of_all_views(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "data")
    assert check_deep(filled, scenes=3).faults == ()
    store = LocalStore(tmp_path / "data")
    text = store.get(record_name(0))
    assert b'"bins":{"objects":[' in text
    store.put(record_name(0), text.replace(b'"bins":{"objects":[', b'"bins":{"objects":[1', 1))
    (fault,) = check_deep(tmp_path / "data", scenes=1).faults
    assert "different bins" in str(fault)


def test_a_data_set_is_a_target(filled: Path, tmp_path: Path) -> None:
    target = recipe(str(filled)).quality.target
    assert isinstance(target, Target)
    found = histograms(measure(open_dataset(filled)), ("nut", "box"))
    for name in ("objects", "box_size", "occlusion", "brightness"):
        assert list(getattr(target, name)) == found[name].counts.tolist()
    assert list((target.categories or {}).values()) == found["categories"].counts.tolist()
    only = recipe(str(filled), target_histograms=["objects"]).quality.target
    assert isinstance(only, Target)
    assert only.brightness is None
    config = json.loads(recipe(str(filled)).model_dump_json())
    assert Recipe.parse(config) == recipe(str(filled))  # the data set is not needed again


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere", r"quality.target: nowhere: no such folder"),
        ({"categories": {"car": 1, "dog": 1}}, "has no usable histogram"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused(target: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        generate(recipe(target), tmp_path / "data", 1, engine=Inline())
    assert not (tmp_path / "data").exists()


def test_the_best_of_so_many_views_are_kept_if_the_target_cannot_be_reached() -> None:
    target = Target.parse({"brightness": [0] * 31 + [1]})
    chooser = Chooser(target, (), tolerance=0.05, effort=5)
    rng = np.random.Generator(np.random.PCG64(1))
    values = rng.integers(5, 25, 1000).tolist()
    kept = [value for value in values if chooser.take({"brightness": (value,)})]
    assert 0.15 < len(kept) / len(values) < 0.25
    assert np.mean(kept) > np.quantile(values, 0.8)
    assert chooser.missing() == "brightness: 0.0% from 248 to 256; the target is 100.0%"


def test_the_first_images_are_chosen_among_as_many_views_as_later_ones() -> None:
    target = Target.parse({"brightness": [0] * 31 + [1]})
    kept = []
    for seed in range(20):
        chooser = Chooser(target, (), tolerance=0.05, effort=5)
        values = np.random.Generator(np.random.PCG64(seed)).integers(5, 25, 100).tolist()
        kept.append([value for value in values if chooser.take({"brightness": (value,)})][:5])
    assert np.mean(kept, axis=0).min() > 20  # the mean of all is 14.5, that of the best of five is 21


def test_images_without_labels_keep_their_share() -> None:
    chooser = Chooser(Target.parse({"categories": {"a": 1, "b": 1}}), ("a", "b"), tolerance=0.0, effort=5)
    rng = np.random.Generator(np.random.PCG64(1))
    kept = [empty for empty in rng.random(1000) < 0.1 if chooser.take({"categories": () if empty else (0,)})]
    assert abs(np.mean(kept) - 0.1) < 0.02


def test_a_scene_that_is_committed_again_is_the_same(drawn: Path, filled: Path, tmp_path: Path) -> None:
    """As by a machine that was taken for dead."""
    shutil.copytree(filled, tmp_path / "data")
    store = LocalStore(tmp_path / "data")
    record = from_bytes(LocalStore(drawn).get(record_name(0)))
    assert left_out(from_bytes(store.get(record_name(0))))
    commit(store, record, [])
    assert store.get(record_name(0)) == LocalStore(filled).get(record_name(0))
    with pytest.raises(StoreError, match="made twice, with different content"):
        commit(store, replace(record, views=record.views[:1]), [])


@pytest.mark.slow
def test_workers_change_nothing(filled: Path, tmp_path: Path) -> None:
    generate(recipe(), tmp_path / "data", IMAGES, workers=2, engine=Local(), card=False, report=False)
    assert tree(tmp_path / "data") == tree(filled)
