from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from scenes.assets.images import ENVIRONMENT, Album, load_images
from scenes.lamps import EnvironmentSettings
from scenes.light import LightKind, SunAndSky
from scenes.settings import Streams
from scenes.shot import Lamp, Light
from sim2coco.keys import walk
from sim2coco.messages import ConfigError, build
from sim2coco.recipe import Recipe
from tests.panoramas import white, write_hdr
from tests.refusals import assert_refused
from tests.rig import streams as scene_streams


def streams(view: int) -> Streams:
    return partial(scene_streams(0), view=view)


def test_light_keeps_and_fills_its_ranges() -> None:
    settings = SunAndSky(elevation_deg=(20, 50), azimuth_deg=(100, 120), ambient=(0.1, 0.2))
    lights = [settings.draw(streams(view), Album()) for view in range(300)]
    toward = np.array([light.direction for light in lights])
    np.testing.assert_allclose(np.linalg.norm(toward, axis=1), 1)
    found = {
        (20, 50): np.degrees(np.arcsin(toward[:, 2])),
        (100, 120): np.degrees(np.arctan2(toward[:, 1], toward[:, 0])),
        (0.1, 0.2): np.array([light.ambient for light in lights]),
    }
    for (low, high), values in found.items():
        margin = (high - low) * 0.02
        assert low <= values.min() < low + margin
        assert high - margin < values.max() <= high + 1e-9


def test_every_setting_of_the_light_comes_out_as_its_own_value() -> None:
    """Seventeen settings with different values: detects exchanged settings, and degrees taken for radians."""
    same = {"ambient": 0.21, "diffuse": 0.72, "specular": 0.43, "shadow": 0.64, "softness": 0.05}
    same |= {"horizon": 1.6, "sky_tilt": 0.37, "bounce": 0.88, "exposure_ev": -0.9, "warmth": 0.1}
    angles = {"elevation_deg": 30, "azimuth_deg": 90, "sky_azimuth_deg": 45}
    colors = {"hue": 0, "saturation": 0.5, "sky_hue": 0, "sky_saturation": 0.25}
    light = SunAndSky.parse({**same, **angles, **colors}).draw(streams(0), Album())
    assert {name: getattr(light, name) for name in same} == same
    np.testing.assert_allclose(light.direction, (0, np.cos(np.radians(30)), 0.5), atol=1e-12)
    assert light.sky_azimuth_rad == pytest.approx(np.pi / 4)
    assert (light.color_rgb, light.sky_rgb) == ((1.0, 0.5, 0.5), (1.0, 0.75, 0.75))


def test_color_is_hue_and_saturation_at_full_brightness() -> None:
    light = SunAndSky(hue=(1 / 3, 1 / 3), saturation=(0.5, 0.5)).draw(streams(0), Album())
    np.testing.assert_allclose(light.color_rgb, (0.5, 1.0, 0.5))


def test_one_range_moves_nothing_else() -> None:
    before, after = (
        SunAndSky().draw(streams(4), Album()),
        SunAndSky(ambient=(0.9, 1.0)).draw(streams(4), Album()),
    )
    assert (before.direction, before.color_rgb, before.diffuse, before.softness) == (
        *(after.direction, after.color_rgb, after.diffuse, after.softness),
    )
    assert after.ambient >= 0.9


def test_each_range_is_one_draw() -> None:
    one, other = streams(0)("light"), streams(0)("light")
    SunAndSky().draw(lambda _: one, Album())
    other.random(sum(isinstance(value, tuple) for _, value in SunAndSky()))
    assert one.random() == other.random()


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"elevation_deg": 4}, "elevation_deg", "between 5 and 90"),
        ({"shadow": 1.2}, "shadow", "between 0 and 1"),
        ({"softness": 0.3}, "softness", "between 0 and 0.2"),
        ({"horizon": 5}, "horizon", "between 0 and 4"),
        ({"bounce": -1}, "bounce", "between 0 and 2"),
        ({"exposure_ev": 5}, "exposure_ev", "between -4 and 4"),
        ({"warmth": -0.6}, "warmth", "between -0.5 and 0.5"),
        ({"color": 1}, "color", "Extra inputs"),
        ({"hue": [0.5, 0.1]}, "hue", "low 0.5 is above high 0.1"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(SunAndSky, tree, where, why)


def test_the_sun_is_the_first_lamp_and_only_it_has_a_sky() -> None:
    light = drawn({"lamps": {"rim": RIM, "fill": {}}})
    sun, rim, fill = light.suns
    assert sun is light
    for lamp, one in ((light.lamps[0], rim), (light.lamps[1], fill)):
        own = {name: getattr(one, name) for name in Lamp.__dataclass_fields__}
        assert Lamp(**own) == lamp
        assert (one.ambient, one.lamps, one.bounce, one.specular) == (0.0, (), light.bounce, light.specular)


def test_a_light_of_a_kind_of_its_own_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LightKind, "family", dict(LightKind.family))  # it must not stay

    class Torch(LightKind):
        """One lamp at noon."""

        kind: Literal["torch"] = "torch"
        diffuse: float = 0.7

        def draw(self, streams: Streams, album: Album) -> Light:
            return Light((0.0, 0.0, 1.0), (1.0, 1.0, 1.0), 0.1, self.diffuse, 0.1, 1.0, 0.01)

    assets = {"categories": {"nut": {"shape": "nut", "size_m": 0.03}}}
    recipe = Recipe.parse({"assets": assets, "light": {"kind": "torch", "diffuse": 0.4}})
    assert recipe.light == Torch(diffuse=0.4)
    assert Recipe.parse(recipe.model_dump(mode="json")) == recipe
    assert recipe.light.draw(streams(0), Album()).diffuse == 0.4
    assert recipe.light.environments == EnvironmentSettings()
    assert recipe.image_folders[ENVIRONMENT] is None
    assert {setting.key for setting in walk(Recipe) if setting.kind == "torch"} == {
        "light.kind",
        "light.diffuse",
    }
    for wrong, message in (
        ({"kind": "torch", "ambient": 1}, "light.ambient: no such setting; allowed: kind, diffuse"),
        ({"kind": "torc"}, "light: unknown kind 'torc'; did you mean 'torch'?"),
    ):
        with pytest.raises(ConfigError) as error:
            build(Recipe, {"assets": assets, "light": wrong})
        assert str(error.value) == message
    # A light without `kind` is `sun_and_sky`, as in configurations from before kinds existed.
    assert Recipe.parse({"assets": assets, "light": {"ambient": 0.3}}).light == SunAndSky(ambient=(0.3, 0.3))


RIM = {"elevation_deg": [20, 30], "azimuth_deg": [170, 190], "diffuse": 0.7}


def drawn(tree: object, view: int = 0) -> Light:
    return SunAndSky.parse(tree).draw(streams(view), Album())


def test_lamps_move_nothing_that_is_drawn_without_them() -> None:
    for view in range(5):
        plain, lit = drawn({}, view), drawn({"lamps": {"rim": RIM}}, view)
        assert plain.lamps == ()
        assert len(lit.lamps) == 1
        assert replace(lit, lamps=()) == plain


def test_a_lamp_keeps_its_ranges_and_stands_where_the_sun_says() -> None:
    for view in range(50):
        light = drawn({"lamps": {"rim": RIM}}, view)
        (lamp,) = light.lamps
        assert np.linalg.norm(lamp.direction) == pytest.approx(1)
        assert 20 <= np.degrees(np.arcsin(lamp.direction[2])) <= 30
        lamp_rad, sun_rad = (np.arctan2(toward[1], toward[0]) for toward in (lamp.direction, light.direction))
        assert 170 <= np.degrees(lamp_rad - sun_rad) % 360 <= 190
        assert lamp.diffuse == 0.7


def test_a_further_lamp_moves_no_other_and_a_share_turns_some_off() -> None:
    one, two = {"rim": RIM}, {"rim": RIM, "fill": {}}
    for view in range(20):
        assert drawn({"lamps": two}, view).lamps[0] == drawn({"lamps": one}, view).lamps[0]
    often = [
        len(drawn({"lamps": {"rim": {**RIM, "share": 0.25}, "fill": {}}}, view).lamps) for view in range(400)
    ]
    assert set(often) == {1, 2}
    assert np.mean(often) == pytest.approx(1.25, abs=0.07)


def test_environments_are_drawn_from_a_folder_and_turned(tmp_path: Path) -> None:
    for name in ("b.hdr", "a.hdr"):
        write_hdr(tmp_path / name, white(8))
    images = load_images({ENVIRONMENT: str(tmp_path)})
    assert [image.key.partition("@")[0] for image in images[ENVIRONMENT]] == ["a.hdr", "b.hdr"]
    settings = SunAndSky.parse({"environment": str(tmp_path)})
    assert settings == SunAndSky.parse({"environment": {"path": str(tmp_path)}})
    lights = [settings.draw(streams(view), Album(images[ENVIRONMENT])) for view in range(60)]
    chosen = [light.environment for light in lights]
    assert {one.source for one in chosen if one} == {image.key for image in images[ENVIRONMENT]}
    turns = np.array([one.turn_rad for one in chosen if one])
    assert len(turns) == 60
    assert turns.min() < 0.5
    assert turns.max() > 2 * np.pi - 0.5
    for view, light in enumerate(lights):
        assert replace(light, environment=None) == drawn({}, view)


@pytest.mark.parametrize(("sun", "seen"), [(True, False), (False, True)])
def test_an_environment_is_the_sun_or_seen_as_it_is_set(sun: bool, seen: bool) -> None:
    tree = {"environment": {"skies": ["clear"], "turn_deg": 90, "sun": sun, "seen": seen}}
    chosen = drawn(tree).environment
    assert chosen is not None
    assert chosen.turn_rad == pytest.approx(np.pi / 2)
    assert (chosen.sun, chosen.seen) == (sun, seen)


def test_procedural_skies_are_drawn_from_all_kinds_and_the_pool() -> None:
    tree = {"environment": {"skies": ["clear", "room"], "pool": 3}}
    chosen = [drawn(tree, view).environment for view in range(100)]
    assert {one.source for one in chosen if one} == {
        f"{kind}:{i}" for kind in ("clear", "room") for i in range(3)
    }
    assert replace(drawn(tree), environment=None) == drawn({})


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"environment": {"skies": ["clera"]}}, "environment.skies", "'clera'; did you mean 'clear'"),
        ({"environment": {"pool": 0}}, "environment.pool", "greater than or equal to 1"),
        ({"lamps": {"rim": {"diffuse": -1}}}, "lamps.rim.diffuse", "between 0 and 4"),
        ({"lamps": {"rim": {"share": 2}}}, "lamps.rim.share", "less than or equal to 1"),
        ({"lamps": {"rim": {"strength": 1}}}, "lamps.rim.strength", "Extra inputs"),
        ({"lamps": {f"lamp{index}": {} for index in range(9)}}, "lamps", "at most 8"),
        (
            {"environment": {"path": "/nowhere/sky.hdr"}},
            "environment.path",
            "no such file or folder: '/nowhere/",
        ),
        ({"environment": {"path": __file__}}, "environment.path", "(.hdr, .exr, "),
        ({"environment": "sky.hdr"}, "environment.path", "no such file or folder: 'sky.hdr'"),
        ({"environment": 3}, "environment", "should be an object"),
        ({"environment": {"pth": "sky.hdr"}}, "environment.pth", "Extra inputs"),
    ],
    ids=str,
)
def test_wrong_lamps_and_environments_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(SunAndSky, tree, where, why)
