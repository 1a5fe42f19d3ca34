"""Data sets with defocus, motion blur and walls: the images change, the labels do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.records import Record, from_bytes, record_name, to_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from sim2coco.store import LocalStore

PLAIN: dict[str, Any] = {
    "seed": 3,
    "views": 2,
    "image": {"width": 96, "height": 72},
    "assets": {
        "categories": {
            "nut": {"shape": "nut", "size_m": [0.05, 0.08]},
            "box": {"shape": "box", "size_m": 0.08, "color": "random"},
        }
    },
    "scene": {"kind": "drop", "num_objects": [2, 4], "empty_share": 0.0},
    "quality": {"checks": {}},
    "augment": {"splits": []},
}
BLURRED = {"camera": {"kind": "shell", "aperture_mm": [10.0, 20.0], "motion_px": [2.0, 4.0]}}


def made(out: Path, **changes: object) -> tuple[Record, list[bytes]]:
    """The first scene of a data set of two images, and the content of the images."""
    generate(Recipe.parse({**PLAIN, **changes}), out, num_images=2)
    data = DataSet(out)
    pictures = [data.content(record, picture) for record, _, picture in data.pictures()]
    return from_bytes(LocalStore(out).get(record_name(0))), pictures


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, list[bytes]]:
    return made(tmp_path_factory.mktemp("plain") / "data")


def check_and_replay(out: Path) -> None:
    report = check(out)
    assert not report.faults, report.faults
    data = DataSet(out)
    for _, _, picture in data.pictures():
        there, again = replay(data, picture.name)
        assert there == again


def labels(record: Record) -> list[Any]:
    return [picture.annotations for view in record.views for picture in view.pictures]


def test_defocus_and_motion_change_only_the_images(plain: tuple[Record, list[bytes]], tmp_path: Path) -> None:
    record, pictures = made(tmp_path / "data", **BLURRED)
    assert record.settled == plain[0].settled
    assert labels(record) == labels(plain[0])
    for view, other in zip(record.views, plain[0].views, strict=True):
        assert (view.shot.camera, view.shot.light) == (other.shot.camera, other.shot.light)
        assert (other.shot.lens, other.shot.motion) == (None, None)
        assert view.shot.lens is not None
        assert view.shot.motion is not None
    assert all(soft != sharp for soft, sharp in zip(pictures, plain[1], strict=True))
    check_and_replay(tmp_path / "data")


@pytest.mark.parametrize("render", ["relit", "tiny"])
def test_walls_change_images_and_no_label(
    plain: tuple[Record, list[bytes]], tmp_path: Path, render: str
) -> None:
    walls = {"scene": {**PLAIN["scene"], "walls": {"number": [2, 4], "gap": 0.5}}}
    record, pictures = made(tmp_path / "data", render={"kind": render}, **walls)
    assert record.settled is not None
    assert plain[0].settled is not None
    assert record.settled.walls
    assert record.settled.spec.bodies == plain[0].settled.spec.bodies
    assert [view.shot for view in record.views] == [view.shot for view in plain[0].views]
    assert labels(record) == labels(plain[0])
    assert all(inside != outside for inside, outside in zip(pictures, plain[1], strict=True))
    check_and_replay(tmp_path / "data")


def test_records_of_versions_without_walls_can_be_read(plain: tuple[Record, list[bytes]]) -> None:
    tree = json.loads(to_bytes(plain[0]))
    del tree["settled"]["walls"], tree["settled"]["spec"]["room"]
    for view in tree["views"]:
        del view["shot"]["lens"], view["shot"]["motion"]
    assert repr(from_bytes(json.dumps(tree).encode())) == repr(plain[0])
