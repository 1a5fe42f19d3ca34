"""Every setting has the effect that its name and its sentence promise.

A setting without an entry in a table of effects fails here by its name.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import groupby
from typing import Any

import pytest

from sim.render.raster.egl.client import EglUnavailable
from sim.render.raster.egl.probe import egl_device
from sim2coco.cli.config import RunOptions
from sim2coco.keys import NAME, Setting, walk
from sim2coco.recipe import Recipe
from tests.effects import (
    assets,
    augment,
    camera,
    engine,
    export,
    image,
    kind,
    kinds,
    lens,
    light,
    looks,
    quality,
    render,
    run,
    scattered,
    scene,
    sensor,
    standing,
    target,
)
from tests.effects.effect import Effect
from tests.effects.made import Studio

TABLES = (
    *(kind, looks, scene, kinds, standing, scattered, camera, lens, sensor, light, render),
    *(image, quality, assets, augment, run, export, engine, target),
)


def has_egl() -> bool:
    try:
        return bool(egl_device())
    except EglUnavailable:
        return False


EFFECTS = {key: effect for table in TABLES for key, effect in table.EFFECTS.items()}
OF_KINDS = {"bin": {"scene.fill_level": None}}
"""Settings of a kind that its effects start from."""
GROUPS_OF_KINDS = (
    "scene",
    "camera",
    "light",
    "render",
    "quality.checks.NAME",
    "image.depth_sensor",
    "engine",
    "export.formats",
)
"""Groups in which `kind` chooses among several classes."""
NEEDS: dict[str | None, Callable[[], bool]] = {"egl": has_egl, "ray": lambda: find_spec("ray") is not None}
"""Kinds that not every machine has."""
SETTINGS = sorted(
    (setting for settings in (RunOptions, Recipe) for setting in walk(settings)), key=lambda found: found.key
)
BY_KEY = {key: list(found) for key, found in groupby(SETTINGS, lambda setting: setting.key)}
GROUPS = {setting.parent for setting in SETTINGS if not setting.parent.endswith(NAME)}
"""Keys that hold others; what they do is what these do."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = Studio(tmp_path_factory.mktemp("studio"))
    yield studio
    studio.close()


def effects_of(setting: Setting) -> list[Effect]:
    """The effects of a setting in its kind."""
    found = EFFECTS.get(f"{setting.key} [{setting.kind}]", EFFECTS.get(setting.key, ()))
    listed = (found,) if isinstance(found, Effect) else found
    return [effect for effect in listed if not effect.kinds or setting.kind in effect.kinds]


def settings(setting: Setting, effect: Effect, value: Any) -> dict[str, Any]:
    """The settings of one measurement, by key."""
    groups = [group for group in GROUPS_OF_KINDS if setting.key.startswith(f"{group}.")]
    kinds = {f"{group}.kind": setting.kind for group in groups}
    return {
        key.replace(NAME, "it", 1).replace(NAME, "part"): given
        for key, given in {
            **kinds,
            **OF_KINDS.get(setting.kind or "", {}),
            **effect.given,
            setting.key: value,
        }.items()
    }


TESTED = [key for key in BY_KEY if key not in GROUPS]
SLOW = [key for key in TESTED if any(effect.slow for one in BY_KEY[key] for effect in effects_of(one))]


def test_every_entry_is_about_a_setting() -> None:
    known = {f"{setting.key} [{setting.kind}]" for setting in SETTINGS} | BY_KEY.keys()
    assert not [key for key in EFFECTS if key not in known]


@pytest.mark.parametrize("key", TESTED)
def test_effect(studio: Studio, key: str) -> None:
    for setting in BY_KEY[key]:
        effects = effects_of(setting)
        assert effects, f"tests/effects has no effect of {key} [{setting.kind}]"
        measure(studio, setting, [effect for effect in effects if not effect.slow])


@pytest.mark.slow
@pytest.mark.parametrize("key", SLOW)
def test_slow_effect(studio: Studio, key: str) -> None:
    for setting in BY_KEY[key]:
        measure(studio, setting, [effect for effect in effects_of(setting) if effect.slow])


def measure(studio: Studio, setting: Setting, effects: list[Effect]) -> None:
    """Checks that a setting has some effects, in its kind if it can be had here."""
    if setting.kind in NEEDS and not NEEDS[setting.kind]():
        return
    for effect in effects:
        made = [studio.make(settings(setting, effect, value)) for value in effect.values]
        found = [effect.measure(one) for one in made]
        told = f"{setting.key} [{setting.kind}]: {effect.values}, {found}"
        assert effect.relation(effect.values, found), told
