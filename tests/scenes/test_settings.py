from typing import Annotated, Literal

import numpy as np
import pytest
from pydantic import ValidationError

from scenes.assets.categories import Category
from scenes.cameras.camera import CameraKind, Grid, Shell
from scenes.kinds.drop import Drop
from scenes.settings import (
    IntRange,
    Kind,
    Range,
    Settings,
    ShareRange,
    did_you_mean,
    one_of,
    uniform,
    uniform_int,
)
from tests.refusals import assert_refused


class Cup(Settings):
    """Settings with one field of each type."""

    height: Range = (1.0, 2.0)
    handles: IntRange = (1, 3)
    fill: ShareRange = (0.0, 1.0)
    hot: bool = False


@pytest.mark.parametrize(
    ("tree", "height"), [({}, (1, 2)), ({"height": 3}, (3, 3)), ({"height": [3, 4.5]}, (3, 4.5))], ids=str
)
def test_drawn_setting_is_a_number_or_low_and_high(tree: object, height: object) -> None:
    assert Cup.parse(tree).height == height


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"hieght": 3}, "hieght", "Extra inputs"),
        ({"height": [2, 1]}, "height", "low 2.0 is above high 1.0"),
        ({"height": [1, 2, 3]}, "height", "a number or [low, high]"),
        ({"height": "3"}, "height", "a number or [low, high]"),
        ({"height": True}, "height", "a number or [low, high]"),
        ({"height": None}, "height", "a number or [low, high]"),
        ({"height": float("nan")}, "height", "finite"),
        ({"height": [0, float("inf")]}, "height.1", "finite"),
        ({"handles": 1.5}, "handles", "integer"),
        ({"fill": [0.5, 1.5]}, "fill", "between 0 and 1"),
        ({"fill": [-0.5, 0.5]}, "fill", "between 0 and 1"),
        ({"hot": 1}, "hot", "boolean"),
    ],
    ids=str,
)
def test_wrong_value_is_refused(tree: object, where: str, why: str) -> None:
    assert_refused(Cup, tree, where, why)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Cup().hot = True  # type: ignore[misc]


def test_whole_numbers_reach_both_ends_equally_often(rng: np.random.Generator) -> None:
    counts = np.bincount([uniform_int(rng, (2, 5)) for _ in range(4000)], minlength=7)
    assert counts[[0, 1, 6]].sum() == 0
    assert (np.abs(counts[2:6] - 1000) < 120).all()
    assert uniform_int(rng, (7, 7)) == 7


class Edge:
    """A generator that returns only the ends of [0, 1)."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


def test_ends_of_a_range_are_in_it() -> None:
    last: np.random.Generator = Edge(np.nextafter(1, 0))  # type: ignore[assignment]
    first: np.random.Generator = Edge(0.0)  # type: ignore[assignment]
    assert (uniform_int(first, (2, 5)), uniform_int(last, (2, 5))) == (2, 5)
    assert uniform(first, (2.0, 5.0)) == 2.0
    assert uniform(last, (2.0, 5.0)) == pytest.approx(5.0)
    assert uniform(last, (0.1, 0.3)) <= 0.3


def test_number_takes_one_draw_as_a_range_does() -> None:
    after = []
    for bounds in ((0.0, 1.0), (0.5, 0.5)):
        rng = np.random.Generator(np.random.PCG64(1))
        uniform(rng, bounds)
        uniform_int(rng, (3, 3 + int(bounds[0] == 0)))
        after.append(rng.random())
    assert after[0] == after[1]


class Drink(Kind):
    """A family."""


class Tea(Drink):
    kind: Literal["tea"] = "tea"
    minutes: Range = (2.0, 3.0)


class Table(Settings):
    drink: Annotated[Drink, one_of(Drink)] = Tea()


def test_kind_names_the_class() -> None:
    assert Table.parse({"drink": {"kind": "tea", "minutes": 4}}).drink == Tea(minutes=(4, 4))
    assert Drink.family == {"tea": Tea}
    assert {Shell().kind, Grid().kind} == {"shell", "grid"} <= set(CameraKind.family)


@pytest.mark.parametrize(
    ("drink", "where", "why"),
    [
        ({"kind": "tee"}, "drink", "unknown kind 'tee'; did you mean 'tea'"),
        ({"kind": "beer"}, "drink", "unknown kind 'beer'; allowed: tea"),
        ({}, "drink", "unknown kind None"),
        ({"kind": "tea", "minuets": 1}, "drink.minuets", "Extra inputs"),
    ],
    ids=str,
)
def test_unknown_kind_is_refused(drink: object, where: str, why: str) -> None:
    assert_refused(Table, {"drink": drink}, where, why)


def test_kind_is_registered_once() -> None:
    with pytest.raises(TypeError, match="'tea' is registered twice"):
        type(
            "Other",
            (Drink,),
            {"__annotations__": {"kind": Literal["tea"]}, "kind": "tea", "__module__": __name__},
        )


def test_defaults_are_valid_settings_of_their_own() -> None:
    for settings in (Drop(), Shell(), Grid()):
        assert type(settings).parse(settings.model_dump(mode="json")) == settings


def test_did_you_mean_names_all_where_none_is_close() -> None:
    assert did_you_mean("bxo", ["box", "cone"]) == "did you mean 'box'?"
    assert did_you_mean("zzz", ["box", "cone"]) == "allowed: box, cone"
    assert did_you_mean("zzz", []) == "allowed: none"


@pytest.mark.parametrize("value", [1e300, -1e300, 1e-300, 1e10, [1.0, 1e10], [-1e10, 1.0]])
def test_numbers_of_extreme_size_are_refused(value: object) -> None:
    assert_refused(Cup, {"height": value}, "height", "must be 0 or between 1e-09 and 1e+09 in magnitude")


@pytest.mark.parametrize("key", ["size_m", "mass_kg", "density_kg_m3", "weight"])
@pytest.mark.parametrize("value", [1e300, 1e-300])
def test_categories_of_extreme_size_are_refused(key: str, value: float) -> None:
    assert_refused(Category, {"shape": "box", "size_m": 0.1, key: value}, key, "must be")
