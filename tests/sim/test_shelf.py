"""Products on shelves stand on their boards, face forward, and neither touch each other nor fall off."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from scenes.assets.catalogue import Catalogue
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.stance import can_stand
from scenes.geometry import rotation
from scenes.kinds.shelf import Shelf
from scenes.placing.shelving import Column, Product
from scenes.spec import Body, SceneSpec
from tests.rig import Array, Rig, catalogue_from, streams

PRODUCTS: Mapping[str, object] = {
    "carton": {"shape": "box", "size_m": 0.12, "front": "x"},
    "can": {"shape": "cylinder", "size_m": 0.1},
    "lying": {"shape": "bracket", "size_m": 0.1, "up": "y"},
    "ball": {"shape": "sphere", "size_m": 0.09},
}
FRONTS = {"carton": (1, 0, 0), "can": (0, -1, 0), "lying": (0, 0, 1), "ball": (0, -1, 0)}


@pytest.fixture(scope="module")
def products() -> Catalogue:
    assets = Assets.parse({"categories": PRODUCTS, "distractors": {"nut": {"shape": "nut", "size_m": 0.05}}})
    return load_catalogue(assets, None, Shelf().furniture)


def standing(spec: SceneSpec) -> tuple[Body, ...]:
    return tuple(body for body in spec.bodies if body.role != "furniture")


def boxes(made: Catalogue, bodies: tuple[Body, ...]) -> Array:
    """Lowest and highest coordinates (n, 2, 3) of bodies."""
    points = [body.apply(made.assets[body.asset].mesh.vertices_m) for body in bodies]
    return np.array([(one.min(axis=0), one.max(axis=0)) for one in points])


def boards(spec: SceneSpec) -> Iterator[Body]:
    """The boards: the parts that are longer and deeper than they are high, without rails."""
    for body in spec.bodies:
        if body.role == "furniture" and body.axes[0] > body.axes[1] > body.axes[2] * 1.5:
            yield body


@pytest.mark.parametrize("index", range(3))
def test_products_stand_on_boards_and_face_forward(
    rig: Callable[..., Rig], products: Catalogue, index: int
) -> None:
    made = rig(products)
    scene = Shelf(num_objects=(24, 24), num_distractors=(2, 2), empty_share=0.0)
    settled, rejected = made.drawn(scene, index)
    assert rejected == []
    bodies = standing(settled.spec)
    assert [body.role for body in bodies] == ["object"] * 24 + ["distractor"] * 2
    tops = [part.pose.position_m[2] + part.axes[2] / 2 for part in boards(settled.spec)]
    assert len(tops) >= 2
    low, high = np.swapaxes(boxes(products, bodies), 0, 1)
    feet = np.abs(low[:, 2:] - tops).min(axis=1)
    assert feet.max() < 0.001
    for body in bodies:
        if not body.labelled:
            continue
        turn, name = body.pose.rotation(), products.assets[body.asset].name
        upright = turn @ rotation(products.assets[body.asset].stance).T
        assert np.degrees(np.arccos(min(upright[2, 2], 1.0))) < 1.5
        assert (turn @ FRONTS[name])[1] < -np.cos(np.radians(8))
    apart = (low[:, None] > high[None] - 0.0005) | (high[:, None] < low[None] + 0.0005)
    assert (apart.any(axis=2) | np.eye(len(bodies), dtype=bool)).all()


def test_what_cannot_stand_is_held(products: Catalogue) -> None:
    assert {asset.name: can_stand(asset) for asset in products.drawn()} == {
        **{"carton": True, "can": True, "lying": True, "ball": False},
        "nut": True,
    }
    spec = Shelf(num_objects=(40, 40), empty_share=0.0).draw(0, "train", 0, products, streams(0))
    for body in standing(spec):
        assert body.fixed == (products.assets[body.asset].name == "ball")
    assert not can_stand(catalogue_from({"it": {"shape": "capsule", "size_m": 0.1}}).drawn()[0])


def test_facings_and_rows_are_equal_products(products: Catalogue) -> None:
    scene = Shelf(
        num_objects=(36, 36), num_distractors=(0, 0), empty_share=0.0,
        facings=(3, 3), rows=(2, 2), missing=(0.0, 0.0), yaw_deg=(0.0, 0.0), pushed=(0.0, 0.0),
    )  # fmt: skip
    bodies = standing(scene.draw(4, "train", 0, products, streams(4)))
    groups = [bodies[start : start + 6] for start in range(0, 36, 6)]
    assert len({(group[0].asset, group[0].scale) for group in groups}) == 6
    for group in groups:
        assert len({(body.asset, body.scale, body.look, body.roughness) for body in group}) == 1
        low, _ = np.swapaxes(boxes(products, group), 0, 1)
        front, behind = low[::2], low[1::2]
        assert np.ptp(front[:, 1]) < 1e-9 and (behind[:, 1] > front[:, 1] + 0.03).all()
        assert (np.diff(front[:, 0]) > 0.03).all()


def test_products_are_missing_in_front(products: Catalogue) -> None:
    unplaced = next(Shelf()._objects(products, streams(0)))
    column = Column(tuple(Product.turned_by(unplaced, 0.1) for _ in range(4)), 2, 0.01, 0.005)
    full = Column(column.products, 0, 0.01, 0.005)
    there, all_of_them = list(column.bodies(0.1, -0.2, 0.5)), list(full.bodies(0.1, -0.2, 0.5))
    assert column.number == 2
    assert there == all_of_them[2:]
    low, high = np.swapaxes(boxes(products, tuple(all_of_them)), 0, 1)
    np.testing.assert_allclose(low[:, 2], 0.5, atol=1e-12)
    assert low[:, 0].min() > 0.1
    assert high[:, 0].max() < 0.1 + column.width_m
    assert low[:, 1].min() > -0.19
    assert high[:, 1].max() < -0.2 + column.depth_m


def test_many_are_missing_yet_as_many_are_there_as_asked_for(products: Catalogue) -> None:
    for missing in (0.0, 0.6):
        scene = Shelf(
            num_objects=(17, 17), num_distractors=(0, 0), empty_share=0.0, missing=(missing, missing)
        )
        assert len(standing(scene.draw(1, "train", 0, products, streams(1)))) == 17


def test_a_shelf_may_be_empty(rig: Callable[..., Rig], products: Catalogue) -> None:
    scene = Shelf(num_objects=(0, 0), num_distractors=(0, 0))
    settled, _ = rig(products).drawn(scene, 0)
    assert {body.role for body in settled.spec.bodies} == {"furniture"}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_back_sides_and_rails_are_there_or_not(products: Catalogue, share: float) -> None:
    styles = {"number": 3, "back": share, "sides": share, "rail": share, "height": 2.0}
    scene = Shelf.parse({"boards": styles, "num_objects": 9, "empty_share": 0})
    parts = [part for part in scene.draw(0, "train", 0, products, streams(0)).bodies if part.fixed]
    parts = [part for part in parts if part.role == "furniture"]
    posts_or_panels = 1 + 2 + 1 + 3 if share else 4  # back, sides, plinth and rails, or posts
    assert len(parts) == 3 + posts_or_panels
    assert {part.look for part in parts[:-3]} == {parts[0].look}
    assert (parts[-1].look != parts[0].look) == bool(share)
    low, high = np.swapaxes(boxes(products, tuple(parts)), 0, 1)
    assert low[:, 2].min() == pytest.approx(0.0, abs=1e-9)  # it stands on the floor
    overlap = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    assert (overlap.min(axis=2) < 1e-9)[~np.eye(len(parts), dtype=bool)].all()
