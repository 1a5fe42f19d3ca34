"""Objects that are put down on the floor, without physics."""

import runpy
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.catalogue import Catalogue
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.kinds.scatter import Scatter
from scenes.placing.footprint import area_m2, covered_share, footprint
from scenes.placing.places import are_inside, points_in
from scenes.scene import Scene
from scenes.spec import Body, RejectedDraw, SceneSpec
from tests.refusals import assert_refused
from tests.rig import catalogue_from, streams

Array = NDArray[np.float64]

TREES = Path(__file__).parents[2] / "docs" / "trees.py"
THINGS: Mapping[str, object] = {
    "spruce": {"shape": "cone", "size_m": [2.5, 20.0]},
    "pebble": {"shape": "wedge", "size_m": [0.5, 1.0]},
    "bus": {"path": "pybullet_data:duck.obj", "size_m": 12.0, "up": "y"},
}


@pytest.fixture(scope="module")
def things() -> Catalogue:
    """From half a metre to 20 m; the origin of none is at its foot."""
    return catalogue_from(THINGS)


def drawn(catalogue: Catalogue, index: int = 0, **settings: Any) -> SceneSpec:
    tree = {"num_objects": (20, 20), "empty_share": 0.0, "width_m": (60, 60), "depth_m": (50, 50), **settings}
    return Scatter.model_validate(tree).draw(index, "train", 0, catalogue, streams(index))


def points_of(catalogue: Catalogue, body: Body) -> Array:
    """All vertices (n, 3) of a body in the world."""
    return body.apply(catalogue.assets[body.asset].mesh.vertices_m)


def centers(catalogue: Catalogue, spec: SceneSpec) -> Array:
    """Centres of mass (n, 2) seen from above."""
    return np.array(
        [body.apply(np.array([catalogue.assets[body.asset].center_of_mass_m]))[0, :2] for body in spec.bodies]
    )


@pytest.mark.parametrize("upright", [True, False])
def test_every_foot_is_on_the_floor(things: Catalogue, upright: bool) -> None:
    for index in range(8):
        for body in drawn(things, index, upright=upright).bodies:
            points_m = points_of(things, body)
            assert abs(points_m[:, 2].min()) < 1e-9 * np.ptp(points_m, axis=0).max()


def test_the_trees_of_the_docs_stand_with_their_trunk_on_the_floor(tmp_path: Path) -> None:
    runpy.run_path(str(TREES))["write"](tmp_path)
    kinds = {name: {"path": str(tmp_path / name), "size_m": [2.5, 20.0]} for name in ("spruce", "broadleaf")}
    catalogue = catalogue_from(kinds)
    assert [len(group) for group in catalogue.groups] == [4, 4]
    for body in drawn(catalogue, overlap=(0.3, 0.3)).bodies:
        points_m = points_of(catalogue, body)
        height_m = np.ptp(points_m[:, 2])
        assert abs(points_m[:, 2].min()) < 1e-9 * height_m
        foot = points_m[points_m[:, 2] < 0.01 * height_m, :2]
        assert np.ptp(foot, axis=0).max() < 0.1 * height_m  # the trunk, not a branch


def test_bodies_from_a_centimetre_to_fifty_metres_stand() -> None:
    for size_m in (0.01, 50.0):
        catalogue = catalogue_from({"box": {"shape": "prism", "size_m": size_m}})
        tree: dict[str, Any] = {"width": (9, 9), "depth": (9, 9), "width_m": None, "depth_m": None}
        for body in drawn(catalogue, num_objects=(8, 8), **tree).bodies:
            points_m = points_of(catalogue, body)
            assert abs(points_m[:, 2].min()) < 1e-9 * size_m
            assert np.abs(points_m[:, :2]).max() < 4.5 * size_m * 1.1 + size_m


def test_what_stands_is_turned_about_the_vertical_only(things: Catalogue) -> None:
    turns = []
    for body in (body for index in range(10) for body in drawn(things, index).bodies):
        up = {0: (0, 0, 1), 1: (0, 0, 1), 2: (0, 1, 0)}[body.category or 0]
        np.testing.assert_allclose(body.pose.rotation() @ up, (0, 0, 1), atol=1e-12)
        if body.category == 0:
            turns.append(np.degrees(np.arctan2(*body.pose.rotation()[1::-1, 0])) % 360)
    assert min(turns) < 20
    assert max(turns) > 340
    lines = drawn(things, turn_deg=(90, 90), upright=True)
    quarter = [body.pose.rotation()[:, 0] for body in lines.bodies if body.category == 0]
    np.testing.assert_allclose(quarter, [(0, 1, 0)] * len(quarter), atol=1e-12)


def overlaps(catalogue: Catalogue, spec: SceneSpec) -> list[float]:
    """The share of the smaller footprint that is covered, for each two bodies, from all vertices."""
    outlines = [footprint(points_of(catalogue, body)) for body in spec.bodies]
    return [covered_share(one, other) for one, other in combinations(outlines, 2)]


@pytest.mark.parametrize("allowed", [0.0, 0.3])
def test_footprints_overlap_by_no_more_than_is_allowed(things: Catalogue, allowed: float) -> None:
    found = [max(overlaps(things, drawn(things, index, overlap=(allowed, allowed)))) for index in range(10)]
    assert max(found) <= allowed + 1e-3
    assert max(found) >= allowed * 0.9


def test_the_share_that_is_covered_is_that_of_the_smaller_one() -> None:
    square = np.array([(0, 0), (4, 0), (4, 4), (0, 4)], np.float64)
    small = np.array([(3, 3), (5, 3), (5, 5), (3, 5)], np.float64) + 0.5
    far = np.array([1000.0, -2000.0])
    assert covered_share(square, small) == pytest.approx(0.25 / 4)
    assert covered_share(small + far, square + far) == pytest.approx(0.25 / 4)
    assert covered_share(square, small - 2) == pytest.approx(1.0)
    assert covered_share(square, small + 10) == 0


def test_overlaps_agree_with_counting(rng: np.random.Generator) -> None:
    for _ in range(6):
        one, other = (footprint(rng.normal(size=(12, 3)) + rng.normal(size=3)) for _ in range(2))
        smaller = min((one, other), key=area_m2)
        inside = are_inside(other if smaller is one else one, points_in(smaller, rng, 2000))
        assert covered_share(one, other) == pytest.approx(np.mean(inside), abs=0.05)


def test_places_are_uniform_in_the_rectangle(things: Catalogue) -> None:
    flat: dict[str, Any] = {"num_objects": (40, 40), "width_m": (400, 400), "depth_m": (300, 300)}
    found = np.concatenate([centers(things, drawn(things, index, **flat)) for index in range(12)])
    assert (np.abs(found) <= (200, 150)).all()
    column, row = ((found - (-200, -150)) / (100, 75)).astype(int).T
    counts = np.bincount(4 * row + column, minlength=16)
    assert ((counts - 30) ** 2 / 30).sum() < 38  # chi squared with 15 degrees of freedom, 0.1 %


def test_density_gives_the_number(things: Catalogue) -> None:
    sides: dict[str, Any] = {"width_m": (200, 200), "depth_m": (100, 100)}
    counts = [len(drawn(things, index, density_m2=(0.00073, 0.00073), **sides).bodies) for index in range(40)]
    assert set(counts) == {14, 15}
    assert np.mean(counts) == pytest.approx(14.6, abs=0.25)
    with pytest.raises(RejectedDraw, match="too_many"):
        drawn(things, density_m2=(1, 1), **sides)


def nearest_m(places: Array) -> Array:
    """Distance (n,) from each place to the nearest other one."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    return np.asarray((apart + np.diag(np.full(len(places), np.inf))).min(axis=1))


def test_even_places_keep_their_distance(things: Catalogue) -> None:
    for index in range(4):
        given = nearest_m(centers(things, drawn(things, index, layout="even", spacing_m=(9, 9))))
        assert given.min() >= 9
        own = nearest_m(
            centers(things, drawn(things, index, layout="even", width_m=(300, 300), depth_m=(300, 300)))
        )
        assert own.min() >= 0.7 * np.sqrt(300 * 300 / 20)


def test_clusters_are_denser_than_chance(things: Catalogue) -> None:
    wide: dict[str, Any] = {"num_objects": (60, 60), "width_m": (900, 900), "depth_m": (900, 900)}
    clusters: dict[str, Any] = {"number": (3, 3), "spread_m": (30, 30)}
    for index in range(4):
        loose, dense = (
            np.median(
                nearest_m(centers(things, drawn(things, index, layout=layout, clusters=clusters, **wide)))
            )
            for layout in ("random", "clusters")
        )
        assert dense < loose / 3


def test_scenes_come_again_and_one_more_object_changes_no_other_draw(things: Catalogue) -> None:
    assert drawn(things, 3) == drawn(things, 3)
    assert drawn(things, 3) != drawn(things, 4)
    few, many = (drawn(things, num_objects=(n, n), upright=False) for n in (6, 7))
    for one, other in zip(few.bodies, many.bodies, strict=False):
        assert (one.asset, one.scale, one.look) == (other.asset, other.scale, other.look)
        assert one.pose.quat_xyzw == other.pose.quat_xyzw


def test_a_full_rectangle_is_rejected(things: Catalogue) -> None:
    with pytest.raises(RejectedDraw, match="no_place"):
        drawn(things, num_objects=(200, 200), width_m=(20, 20), depth_m=(20, 20))


@pytest.mark.parametrize("kind", [Drop, Floating, Scatter])
def test_lengths_in_metres_take_the_place_of_those_in_sizes(kind: type[Scene], things: Catalogue) -> None:
    def draw(**settings: Any) -> SceneSpec:
        scene = kind.model_validate({"num_objects": (2, 2), **settings})
        return scene.draw(0, "train", 0, things, streams(0))

    unit_m = things.typical_size_m
    if kind is not Floating:
        plain = {"textured": 0.0}  # materials have sizes of their own
        in_sizes: dict[str, Any] = {
            "floor": {**plain, "tile": (2, 2)},
            "walls": {**plain, "number": (2, 2), "gap": (3, 3), "height": (4, 4), "tile": (5, 5)},
        }
        in_metres: dict[str, Any] = {
            "floor": {**plain, "tile_m": (2 * unit_m, 2 * unit_m)},
            "walls": {
                **{**plain, "number": (2, 2), "gap_m": (3 * unit_m, 3 * unit_m)},
                **{"height_m": (4 * unit_m, 4 * unit_m), "tile_m": (5 * unit_m, 5 * unit_m)},
            },
        }
        assert draw(**in_metres) == draw(**in_sizes)
        soil = {"textured": 1.0, "textures": ("wood",), "tile_m": (7, 7)}
        floor = draw(floor=soil).floor
        assert floor is not None
        assert floor.tile_m == 7
    if kind is not Scatter:
        assert draw(spread_m=(3 * unit_m, 3 * unit_m)) == draw(spread=(3, 3))
    if kind is Drop:
        assert draw(drop_height_m=(unit_m / 2, unit_m / 2)) == draw(drop_height=(0.5, 0.5))


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"density_m2": 0}, "density_m2", "at least 1e-06"),
        ({"overlap": 1.1}, "overlap", "between 0 and 1"),
        ({"region": "seen"}, "region", "'rectangle' or 'view'"),
        ({"layout": "poisson"}, "layout", "'random', 'even' or 'clusters'"),
        ({"clusters": {"number": 0}}, "clusters.number", "between 1 and 1000"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(Scatter, tree, where, why)
