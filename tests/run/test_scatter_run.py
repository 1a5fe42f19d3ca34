"""Data sets of trees seen from above."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pydantic
import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.records import from_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from sim2coco.seeing import camera_kind, ground_seen
from tests.commandline import tree
from tests.rig import streams

ABOVE: Mapping[str, object] = {"kind": "overhead", "altitude_m": [100, 400], "gsd_m": 0.4}
SPHERE = ((4.0, -2.0, 3.0), 30.0)
"""Bounds of objects; what such a camera shows does not depend on them."""


def recipe(**changes: object) -> Recipe:
    return Recipe.parse(
        {
            "seed": 5,
            "views": 1,
            "image": {"width": 100, "height": 75, "format": "png"},
            "assets": {
                "categories": {
                    "spruce": {"shape": "cone", "size_m": [2.5, 20]},
                    "oak": {"shape": "sphere", "size_m": [2.5, 12]},
                }
            },
            "scene": {"kind": "scatter", "region": "view", "num_objects": [5, 12], "empty_share": 0.0},
            "camera": ABOVE,
            "augment": {"splits": []},
            **changes,
        }
    )


def test_trees_from_above_pass_check_and_come_again(tmp_path: Path) -> None:
    told: list[float] = []
    generate(recipe(), tmp_path / "one", 3, progress=lambda tally: told.append(tally.typical_size_m))
    assert set(told) == {(11.25 + 7.25) / 2}  # the middle of the sizes of both categories
    generate(recipe(), tmp_path / "two", 3)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert [str(fault) for fault in check(tmp_path / "one").faults] == []
    name = min((tmp_path / "one" / "images" / "train").iterdir()).stem
    before, again = replay(DataSet(tmp_path / "one"), name, [])
    assert before == again


def test_each_tree_stands_in_the_image(tmp_path: Path) -> None:
    generate(recipe(), tmp_path / "one", 3)
    for path in sorted((tmp_path / "one" / "records").rglob("*.json")):
        record = from_bytes(path.read_bytes())
        assert record.settled is not None
        assert record.settled.spec.physics is None
        camera = record.views[0].shot.camera
        feet = np.array([(*body.pose.position_m[:2], 0.0) for body in record.settled.spec.bodies])
        pixels, _ = camera.project(feet)
        assert (pixels > -1e-3).all()
        assert (pixels < np.array([100, 75]) + 1e-3).all()


@pytest.mark.parametrize("tilt", [0, 40])
def test_the_ground_seen_is_that_of_all_views(tilt: float) -> None:
    made = recipe(views=3, camera={**ABOVE, "tilt_deg": [0, tilt], "gsd_m": [0.2, 0.4]})
    drawn = streams(0, seed=5)
    ground_m = ground_seen(made, drawn)
    assert ground_m is not None
    for view, corners_m in enumerate(np.split(ground_m, 3)):
        camera = camera_kind(made, drawn, view).aim(drawn("camera", view=view), view, made.image, SPHERE)
        pixels, _ = camera.project(np.column_stack([corners_m, np.zeros(4)]))
        np.testing.assert_allclose(pixels, [(0, 0), (100, 0), (100, 75), (0, 75)], atol=1e-6)
    assert ground_seen(recipe(scene={"kind": "scatter"}), drawn) is None


@pytest.mark.parametrize(
    "camera",
    [{"kind": "shell"}, {"kind": "overhead"}, {**ABOVE, "look_at_jitter": 0.5}],
    ids=["shell", "no ground", "jitter"],
)
def test_a_view_that_depends_on_the_objects_is_refused(camera: object) -> None:
    with pytest.raises(pydantic.ValidationError, match="region: view needs camera=overhead"):
        recipe(camera=camera)
