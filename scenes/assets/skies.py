"""Procedural pictures of all around: skies and rooms where there is no photograph of one."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

HEIGHT = 128
BLUE, WHITE, WARM = np.array([0.25, 0.5, 1.0]), np.array([0.9, 0.95, 1.0]), np.array([1.0, 0.62, 0.3])


def sky(kind: str, rng: np.random.Generator) -> Floats:
    """The light (128, 256, 3) of a picture of some kind; the middle looks along +x, the top is the zenith."""
    return SKIES[kind](rng, _rays()).astype(np.float32)


@cache
def _rays() -> Array:
    up = np.pi * (0.5 - (np.arange(HEIGHT) + 0.5) / HEIGHT)[:, None]
    left = 2 * np.pi * (0.5 - (np.arange(2 * HEIGHT) + 0.5) / (2 * HEIGHT))
    return np.stack([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up + 0 * left)], axis=2)


def _clear(rng: np.random.Generator, rays: Array) -> Array:
    """A sun in a clear sky, the twelfth of CIE S 011; the lower the sun, the weaker and the warmer."""
    elevation, haze, power = np.radians(rng.uniform(8, 65)), rng.uniform(0, 0.4), rng.uniform(0.6, 1.2)
    sun = np.array([np.cos(elevation), 0.0, np.sin(elevation)])
    up, away = np.maximum(rays[..., 2], 0.01), np.arccos(np.clip(rays @ sun, -1, 1))
    glow = 1 + 10 * (np.exp(-3 * away) - np.exp(-1.5 * np.pi)) + 0.45 * np.cos(away) ** 2
    level = (1 - np.exp(-0.32 / up)) * glow
    low = np.exp(-elevation / 0.25)
    pale = np.clip(haze + 0.8 * np.exp(-6 * up) + np.exp(-5 * away), 0, 1)[..., None]
    rim = WHITE + low * (WARM - WHITE)
    light = level[..., None] * (BLUE + pale * (rim - BLUE))
    # Some seven times the light of the sky, less through more air; all of it in the pixels around the middle.
    disc = np.exp(-((away / 0.012) ** 2))
    strength = 7 * power * (1 - haze) * np.exp(-0.12 / np.sin(elevation)) * _on_floor(light)
    area = _area()[:, None]
    light += (strength / (disc * area).sum() * disc)[..., None] * (
        np.array([1.0, 0.96, 0.9]) + low * (WARM - 1)
    )
    return _over_ground(rng, rays, light)


def _overcast(rng: np.random.Generator, rays: Array) -> Array:
    """Clouds all over: three times as bright above as at the horizon (CIE), and brighter on one side."""
    tint = WHITE + rng.uniform(0, 0.25) * (BLUE - WHITE)
    side = 1 + rng.uniform(0, 0.5) * rays[..., 0]
    light = ((1 + 2 * np.maximum(rays[..., 2], 0)) / 3 * side)[..., None] * tint
    return _over_ground(rng, rays, light)


def _room(rng: np.random.Generator, rays: Array) -> Array:
    """Walls and a ceiling, one to three windows, and perhaps a lamp on the ceiling."""
    wall = rng.uniform(0.7, 1.0, 3) * rng.uniform(0.05, 0.15)
    light = wall * (1 + np.maximum(rays[..., 2:], 0) + 0.5 * np.minimum(rays[..., 2:], 0))
    for _ in range(rng.integers(1, 4)):
        azimuth, half = rng.uniform(-np.pi, np.pi), rng.uniform(0.15, 0.5)
        day = WHITE + rng.uniform(0, 0.5) * (BLUE - WHITE)
        sill, top = rng.uniform(0.0, 0.25), rng.uniform(0.45, 0.9)
        apart = np.abs((np.arctan2(rays[..., 1], rays[..., 0]) - azimuth + np.pi) % (2 * np.pi) - np.pi)
        inside = _inside(half - apart) * _inside(rays[..., 2] - sill) * _inside(top - rays[..., 2])
        light = light + inside[..., None] * day * rng.uniform(1.5, 5.0)
    lamp = np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), 1.0])
    on, radius = rng.random() < 0.6, rng.uniform(0.1, 0.25)
    away = np.arccos(np.clip(rays @ (lamp / np.linalg.norm(lamp)), -1, 1))
    warm = WHITE + rng.uniform(0.2, 1.0) * (WARM - WHITE)
    return np.asarray(light + on * (_inside(radius - away) * rng.uniform(4.0, 15.0))[..., None] * warm)


SKIES: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "clear": _clear,
    "overcast": _overcast,
    "room": _room,
}


def _over_ground(rng: np.random.Generator, rays: Array, light: Array) -> Array:
    """The sky (h, w, 3) with a ground below it that sends back a part of its light."""
    ground = rng.uniform(0.1, 0.35) * rng.uniform(0.8, 1.0, 3)
    return np.where(rays[..., 2:] > 0, light, ground * _on_floor(light) / np.pi)


def _on_floor(light: Array) -> float:
    """What a level floor gets of a picture (h, w, 3), the mean over its colours."""
    weight = (_area() * np.maximum(_rays()[:, 0, 2], 0))[:, None]
    return float((light.mean(axis=2) * weight).sum())


def _area() -> Array:
    """The solid angle (h,) of a pixel in each row."""
    edges = np.sin(np.pi * (0.5 - np.arange(HEIGHT + 1) / HEIGHT))
    return np.asarray((edges[:-1] - edges[1:]) * np.pi / HEIGHT)


def _inside(distance: Array) -> Array:
    """1 inside an edge and 0 outside it, over about two pixels."""
    return np.asarray(np.clip(0.5 + distance * HEIGHT / (2 * np.pi), 0, 1))
