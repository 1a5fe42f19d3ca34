"""Objects on table tops lie on the table, which stands on the floor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.catalogue import Catalogue
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.kinds.tabletop import Tabletop
from scenes.spec import RejectedDraw
from tests.refusals import assert_refused
from tests.rig import Rig, streams

ASSETS = {"nut": {"shape": "nut", "size_m": 0.06}, "brick": {"shape": "box", "size_m": 0.1}}


@pytest.fixture(scope="module")
def things() -> Catalogue:
    return load_catalogue(Assets.parse({"categories": ASSETS}), None, Tabletop().furniture)


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["rectangular", "round"])
def test_objects_lie_on_the_table(rig: Callable[..., Rig], things: Catalogue, share: float) -> None:
    made = rig(things)
    scene = Tabletop.parse({"num_objects": 7, "empty_share": 0, "table": {"round": share, "friction": 1.0}})
    settled, _ = made.drawn(scene, 2)
    objects, (top, *legs) = settled.spec.bodies[:7], settled.spec.bodies[7:]
    top_m = top.pose.position_m[2] + top.axes[2] / 2
    assert things.assets[top.asset].name == ("disc" if share else "cube")
    for body in objects:
        points = body.apply(things.assets[body.asset].mesh.vertices_m)
        assert points[:, 2].min() > top_m - 0.001
        assert (np.abs(points.mean(axis=0)[:2]) < np.array(top.axes[:2]) / 2).all()
    assert len(legs) == 4
    for leg in legs:
        assert leg.look == top.look
        assert leg.pose.position_m[2] == pytest.approx(leg.axes[2] / 2)  # it stands on the floor
        assert leg.axes[2] + top.axes[2] == pytest.approx(top_m)
        outer = np.abs(leg.pose.position_m[:2]) + np.array(leg.axes[:2]) / 2
        reach = (
            np.linalg.norm(outer) if share else (outer - np.array(top.axes[:2]) / 2).max() + top.axes[0] / 2
        )
        assert reach <= top.axes[0] / 2 + 1e-9  # no leg reaches beyond the table


def test_flat_things_come_to_rest_on_a_table(rig: Callable[..., Rig]) -> None:
    sizes = {"nut": {"shape": "nut", "size_m": [0.04, 0.08]}}
    nuts = load_catalogue(Assets.parse({"categories": sizes}), None, Tabletop().furniture)
    made, scene = rig(nuts), Tabletop(num_objects=(12, 12), empty_share=0.0)
    for index in range(6):  # some of the nuts of draws 3 and 5 once rocked from corner to corner for ever
        settled = made.settle(scene.draw(index, "train", 0, nuts, streams(index)))
        assert settled.seconds < 3.0


def test_what_falls_off_rejects_the_draw(rig: Callable[..., Rig], things: Catalogue) -> None:
    scene = Tabletop.parse(
        {"num_objects": 6, "empty_share": 0, "spread": 3.0, "physics": {"max_seconds": 30.0}}
    )
    spec = scene.draw(0, "train", 0, things, streams(0))
    with pytest.raises(RejectedDraw, match="out_of_bounds"):
        rig(things).settle(spec)


def test_nothing_rests_beside_a_round_table(rig: Callable[..., Rig], things: Catalogue) -> None:
    settings = {"num_objects": 1, "num_distractors": 0, "empty_share": 0, "table": {"round": 1.0}}
    spec = Tabletop.parse(settings).draw(0, "train", 0, things, streams(0))
    body, top = spec.bodies[:2]
    x, y, z = 0.45 * top.axes[0], 0.45 * top.axes[1], body.pose.position_m[2]
    beside = replace(body, pose=replace(body.pose, position_m=(x, y, z)))
    with pytest.raises(RejectedDraw, match="out_of_bounds"):
        rig(things).settle(replace(spec, bodies=(beside, *spec.bodies[1:])))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"height": 0.2}, "height must be larger than thickness"),
        ({"overhang": 3.0}, "overhang plus leg must be at most half"),
    ],
    ids=["height", "overhang"],
)
def test_a_table_stands_on_legs(table: object, why: str) -> None:
    assert_refused(Tabletop, {"table": table}, "table", why)
    Tabletop.parse({"table": {"height": 0.6, "overhang": 2.2}})


def test_cameras_see_the_horizon() -> None:
    low, high = Tabletop().viewpoints.elevation_deg
    assert low < 10 < high
