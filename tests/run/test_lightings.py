"""Several lights for each view: further images with the same labels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.records import Picture, Record, View, from_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from tests.commandline import tree

SMALL: dict[str, Any] = {
    "seed": 5,
    "views": 2,
    "image": {"width": 96, "height": 72},
    "assets": {
        "categories": {"nut": {"shape": "nut", "size_m": 0.06}, "box": {"shape": "box", "size_m": 0.08}}
    },
    "scene": {"kind": "drop", "num_objects": [2, 4]},
}
LIGHT = {
    "lamps": {"rim": {"elevation_deg": 25, "azimuth_deg": 180, "share": 0.5}},
    "environment": {"skies": ["clear", "room"]},
}


def recipe(**changes: object) -> Recipe:
    return Recipe.parse({**SMALL, **changes})


def pictures(out: Path) -> dict[str, bytes]:
    return {Path(name).name: content for name, content in tree(out).items() if name.startswith("images/")}


def views(out: Path) -> Iterator[tuple[Record, View]]:
    for path in sorted((out / "records").rglob("*.json")):
        record = from_bytes(path.read_bytes())
        for view in record.views:
            yield record, view


@pytest.fixture(scope="module", params=["relit", "tiny"])
def render(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(render: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenes of two views under three lights."""
    out = tmp_path_factory.mktemp("lightings") / "data"
    generate(recipe(lightings=3, render={"kind": render}, light=LIGHT), out, 12)
    return out


def test_each_view_has_an_image_for_each_light(made: Path) -> None:
    names = {
        f"s{scene:06d}_v{view:02d}{light}.jpg"
        for scene in (0, 1)
        for view in (0, 1)
        for light in ("", "_l1", "_l2")
    }
    assert pictures(made).keys() == names
    assert len(set(pictures(made).values())) == 12
    assert not check(made).faults


def test_the_first_light_equals_the_only_light_of_another_data_set(
    made: Path, render: str, tmp_path: Path
) -> None:
    generate(recipe(render={"kind": render}, light=LIGHT), tmp_path / "one", 4)
    for name, content in pictures(tmp_path / "one").items():
        assert pictures(made)[name] == content


def without_name(picture: Picture) -> object:
    return picture.camera, picture.annotations, picture.ignored


def test_lights_differ_and_cameras_and_labels_do_not(made: Path) -> None:
    seen: dict[tuple[int, int], list[View]] = {}
    for record, view in views(made):
        seen.setdefault((record.scene, view.view), []).append(view)
    for lit in seen.values():
        assert [view.lighting for view in lit] == [0, 1, 2]
        assert len({repr(view.shot.light) for view in lit}) == 3
        assert len({repr(view.shot.camera) for view in lit}) == 1
        first, *others = ([without_name(picture) for picture in view.pictures] for view in lit)
        assert all(other == first for other in others)


def test_every_light_is_replayed_to_the_same_bytes(made: Path) -> None:
    for name in ("s000001_v01", "s000001_v01_l2"):
        before, now = replay(DataSet(made), name)
        assert before == now


def test_a_data_set_may_end_between_the_lights_of_a_view(render: str, made: Path, tmp_path: Path) -> None:
    """Each light counts as an image; the data set can be extended from there."""
    ours = recipe(lightings=3, render={"kind": render}, light=LIGHT)
    generate(ours, tmp_path / "data", 4)
    assert sorted(pictures(tmp_path / "data")) == [
        *("s000000_v00.jpg", "s000000_v00_l1.jpg", "s000000_v00_l2.jpg", "s000000_v01.jpg"),
    ]
    assert not check(tmp_path / "data").faults
    generate(ours, tmp_path / "data", 12)
    assert tree(tmp_path / "data") == tree(made)


def test_augmentation_has_its_own_random_numbers_for_each_light(tmp_path: Path) -> None:
    augment = {
        "geometry": {"shift": {"name": "Affine", "translate_percent": [-0.2, 0.2], "p": 1.0}},
        "copies": 1,
    }
    out = tmp_path / "data"
    generate(recipe(lightings=2, augment=augment, split={"train": 1}), out, 8)
    assert {f"s000001_v00{end}.jpg" for end in ("", "_c1", "_l1", "_l1_c1")} <= pictures(out).keys()
    moved: dict[tuple[int, int], list[object]] = {}
    for _, view in views(out):
        for picture in view.pictures:
            boxes = [label.bbox for label in picture.annotations]
            moved.setdefault((view.lighting, picture.copy), []).extend(boxes)
    assert moved[0, 0] == moved[1, 0]
    assert moved[0, 1] != moved[1, 1]
    assert not check(out).faults


def test_checks_reject_each_light_separately(tmp_path: Path) -> None:
    light = {"ambient": 0.5, "exposure_ev": [-4.0, 2.0]}
    checks = {"dark": {"kind": "too_dark", "min_grey": 60.0}}
    ours = recipe(lightings=4, light=light, quality={"checks": checks}, augment={})
    generate(ours, tmp_path / "data", 12)
    verdicts = np.array([[bool(view.reasons), view.lighting] for _, view in views(tmp_path / "data")])
    by_view = verdicts[: len(verdicts) // 4 * 4, 0].reshape(-1, 4)
    assert (by_view.any(axis=1) & ~by_view.all(axis=1)).any()
    assert not check(tmp_path / "data").faults
