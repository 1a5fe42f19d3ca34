"""Effects of the settings of renderers."""

import numpy as np

from tests.effects.effect import Effect, gives, shrinks
from tests.effects.light import LIT, SKY
from tests.effects.made import Made
from tests.effects.pixels import darkest, rgb, sharpness


def banding(made: Made) -> float:
    """Difference of the image from one with many directions of the sky."""
    return float(np.abs(rgb(made) - rgb(made.other({"render.sky_directions": 200}))).mean())


def coarseness(made: Made) -> float:
    """Difference of the image from one with fine shadow maps of the sky."""
    return float(np.abs(rgb(made) - rgb(made.other({"render.sky_map_px": 256}))).mean())


def half_shaded(made: Made) -> int:
    """Number of pixels of the floor between light and shadow."""
    floor = rgb(made).mean(axis=2)[made.sample.ids == 0]
    low, high = np.percentile(floor, 1), np.median(floor)
    return int(((floor > low + 0.2 * (high - low)) & (floor < high - 0.2 * (high - low))).sum())


def alike(made: Made) -> float:
    """Difference of the image from that of render=relit."""
    return float(np.abs(rgb(made) - rgb(made.other({"render": {"kind": "relit"}}))).mean())


def lit_by_us(made: Made) -> bool:
    """Whether light that only our lighting has makes a difference: that of the other side of the sky."""
    return float(np.abs(rgb(made) - rgb(made.other({"light.sky_azimuth_deg": 180}))).max()) > 1


HARD = {**LIT, "light.softness": 0.0}
WIDE = {"scene.num_objects": 8, "scene.spread": 6, "camera.fill": 1}
TILTED = {**SKY, "light.sky_tilt": 1.0}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "render.kind [relit]": Effect(("relit",), lit_by_us, gives(True), TILTED),
    "render.kind [tiny]": Effect(("tiny",), lit_by_us, gives(False), TILTED),
    "render.kind [egl]": Effect(("egl",), alike, lambda _, apart: 0 < apart[0] < 3, LIT),
    "render.sky_directions": Effect((8, 36), banding, shrinks, SKY),
    "render.sky_map_px": Effect((32, 112), coarseness, shrinks, {**SKY, **WIDE}),
    "render.sun_map_px": (
        Effect((64, 1024), half_shaded, shrinks, {**HARD, **WIDE}),
        Effect((256, 4096), darkest, lambda _, found: found[0] == found[1], HARD),
    ),
    "render.smooth_edges": Effect((False, True), sharpness, shrinks, LIT),
}
