"""Effects of the settings of light, in images from above of a grey ball on a plain floor."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scenes.geometry import Vec3
from scenes.shot import Environment, Lamp, Light
from tests.effects.effect import Effect, Values, gives, grows, same, shrinks
from tests.effects.files import PANORAMA
from tests.effects.made import Made
from tests.effects.pixels import (
    brightness,
    colour,
    darkest,
    edges,
    object_over_floor,
    rgb,
    right_over_left,
    shadow_deg,
    shadow_px,
)
from tests.effects.starting import UNIT_M

Measure = Callable[[Made], Any]
BALL = {
    "assets.categories": {"ball": {"shape": "sphere", "size_m": UNIT_M, "color": [0.5, 0.5, 0.5]}},
    "scene.num_objects": 1,
    "scene.roughness": 0.3,
    "scene.floor.textured": 0.0,
    "scene.floor.saturation": 0.0,
    "scene.floor.value": 0.6,
    "scene.background.textured": 0.0,
    "scene.background.saturation": 0.0,
    "camera.kind": "overhead",
    "camera.azimuth_deg": 90,
    "camera.fill": 0.5,
}
NEUTRAL = {
    "elevation_deg": 45,
    "azimuth_deg": 0,
    "saturation": 0.0,
    "ambient": 0.3,
    "diffuse": 0.6,
    "specular": 0.0,
    "shadow": 1.0,
    "softness": 0.02,
    "sky_saturation": 0.0,
    "horizon": 1,
    "sky_tilt": 0.0,
    "sky_azimuth_deg": 0,
    "bounce": 1,
    "exposure_ev": 0,
    "warmth": 0,
}
LIT = {**BALL, **{f"light.{name}": value for name, value in NEUTRAL.items()}}
SKY = {**LIT, "light.diffuse": 0.0, "light.ambient": 0.6}
SUN = {**LIT, "light.ambient": 0.0}
DIM = {**LIT, "light.diffuse": 0.0, "light.ambient": 0.1}
"""Where a lamp is most of the light."""
LAMP = {
    f"light.lamps.NAME.{name}": value
    for name, value in {"elevation_deg": 45, "azimuth_deg": 0, "saturation": 0.0, "diffuse": 0.6}.items()
}
ONE_LAMP = {**DIM, **LAMP, "light.lamps.NAME.softness": 0.0, "light.lamps.NAME.shadow": 1.0}


def strongest(made: Made) -> str:
    """The strongest channel."""
    return "rgb"[int(colour(made).argmax())]


def colourful(made: Made) -> float:
    return float(np.ptp(colour(made)))


def highlight(made: Made) -> float:
    return float(rgb(made)[made.sample.ids > 0].max())


def warmth(made: Made) -> float:
    red, _, blue = colour(made)
    return float(red / blue)


def of(value: Callable[[Light], Any]) -> Measure:
    return lambda made: value(made.shot.light)


def elevation_deg(direction: Vec3) -> float:
    return float(np.degrees(np.arcsin(direction[2])))


def azimuth_deg(direction: Vec3) -> float:
    return float(np.degrees(np.arctan2(direction[1], direction[0]))) % 360


def lamp(value: Callable[[Lamp], Any]) -> Measure:
    return lambda made: value(made.shot.light.lamps[0])


def environment(value: Callable[[Environment], Any]) -> Measure:
    def measure(made: Made) -> Any:
        assert made.shot.light.environment is not None
        return value(made.shot.light.environment)

    return measure


def source(made: Made) -> str:
    """Kind of a procedural map, or the name of the file."""
    return str(environment(lambda found: found.source.replace("@", ":").partition(":")[0])(made))


def variants(made: Made) -> int:
    return len({shot.light.environment and shot.light.environment.source for shot in made.shots(4)})


def shows_background(made: Made) -> bool:
    """Whether the brightness of the background of the scene changes that of the image."""
    other = made.other({"scene.background.value": 0.1})
    return float(np.abs(rgb(made) - rgb(other))[made.sample.ids == 0].max()) > 5


def from_map(values: Values, measured: Values) -> bool:
    """Without `sun`, the shadow is that of the settings, which is at 90; with it, that of the map, at 180."""
    return bool(np.allclose(measured, (90, 180), atol=12))


def away_from_sun(values: Values, measured: Values) -> bool:
    """Shadows lie on the other side of the light."""
    turns = (np.array(measured) - np.array(values)) % 360
    return bool(np.allclose(turns, 180, atol=12))


HUES = (0.0, 1 / 3, 2 / 3)
GREEN = {"light.environment.path": PANORAMA, "light.environment.turn_deg": 0}
IN_AIR = {key: value for key, value in LIT.items() if "floor" not in key} | {"scene.kind": "floating"}
MAP = {**LIT, **GREEN}
"""A map with a bright green spot in the direction +x, 40 degrees above the horizon."""
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "light.kind": Effect(("sun_and_sky",), darkest, lambda _, shadow: shadow[0] < 0.8, LIT),
    "light.elevation_deg": (
        Effect((20, 60), of(lambda light: elevation_deg(light.direction)), same),
        Effect((25, 45, 65), shadow_px, shrinks, LIT),
    ),
    "light.azimuth_deg": (
        Effect((20, 300), of(lambda light: azimuth_deg(light.direction)), same),
        Effect((0, 90, 225), shadow_deg, away_from_sun, LIT),
    ),
    "light.hue": Effect(HUES, strongest, gives("r", "g", "b"), {**SUN, "light.saturation": 1.0}),
    "light.saturation": Effect((0.0, 0.3, 1.0), colourful, grows, SUN),
    "light.ambient": Effect((0.1, 0.5), darkest, grows, LIT),
    "light.diffuse": Effect((0.1, 0.5, 1.0), darkest, shrinks, LIT),
    "light.specular": Effect((0.0, 0.5), highlight, grows, LIT),
    "light.shadow": Effect((0.0, 0.5, 1.0), darkest, shrinks, LIT),
    "light.softness": Effect((0.0, 0.2), edges, shrinks, LIT),
    "light.sky_hue": Effect(HUES, strongest, gives("r", "g", "b"), {**SKY, "light.sky_saturation": 1.0}),
    "light.sky_saturation": Effect((0.0, 0.3, 1.0), colourful, grows, SKY),
    "light.horizon": Effect((0, 1, 4), object_over_floor, grows, SKY),
    "light.sky_tilt": Effect((0.0, 0.5, 1.0), right_over_left, grows, SKY),
    "light.sky_azimuth_deg": Effect(
        (0, 180),
        right_over_left,
        lambda _, found: found[0] > 5 and found[1] < -5,
        {**SKY, "light.sky_tilt": 1.0},
    ),
    "light.bounce": Effect((0, 1, 2), object_over_floor, grows, LIT),
    "light.exposure_ev": Effect((-1, 0, 1), brightness, grows, LIT),
    "light.warmth": Effect((-0.3, 0, 0.3), warmth, grows, LIT),
    "light.lamps": Effect(({}, {"a": {}}), darkest, shrinks, DIM),
    "light.lamps.NAME.share": Effect((0.0, 1.0), lambda made: len(made.shot.light.lamps), same),
    "light.lamps.NAME.elevation_deg": (
        Effect((20, 60), lamp(lambda lamp: elevation_deg(lamp.direction)), same),
        Effect((25, 45, 65), shadow_px, shrinks, ONE_LAMP),
    ),
    "light.lamps.NAME.azimuth_deg": Effect((0, 90, 225), shadow_deg, away_from_sun, ONE_LAMP),
    "light.lamps.NAME.hue": Effect(
        HUES, strongest, gives("r", "g", "b"), {**ONE_LAMP, "light.lamps.NAME.saturation": 1.0}
    ),
    "light.lamps.NAME.saturation": Effect((0.0, 0.3, 1.0), colourful, grows, ONE_LAMP),
    "light.lamps.NAME.diffuse": Effect((0.1, 0.5, 1), darkest, shrinks, ONE_LAMP),
    "light.lamps.NAME.shadow": Effect((0.0, 0.5, 1.0), darkest, shrinks, ONE_LAMP),
    "light.lamps.NAME.softness": Effect((0.0, 0.2), edges, shrinks, ONE_LAMP),
    "light.environment": Effect((PANORAMA,), source, gives("panorama.hdr"), LIT),
    "light.environment.skies": Effect((["clear"], ["room"]), lambda made: [source(made)], same),
    "light.environment.pool": Effect((1, 256), variants, grows, {"light.environment.skies": ["clear"]}),
    "light.environment.path": (
        Effect((PANORAMA,), source, gives("panorama.hdr"), LIT),
        Effect((None, PANORAMA), strongest, lambda _, found: found[1] == "g", LIT),
    ),
    "light.environment.turn_deg": Effect((0, 90, 225), shadow_deg, away_from_sun, MAP),
    "light.environment.sun": Effect((False, True), shadow_deg, from_map, {**MAP, "light.azimuth_deg": 270}),
    "light.environment.seen": Effect(
        (False, True), shows_background, gives(True, False), {**IN_AIR, **GREEN}
    ),
}
