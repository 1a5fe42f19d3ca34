"""Procedural environment maps: skies and rooms generated without photographs."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

HEIGHT = 128
BLUE, WHITE, WARM = np.array([0.25, 0.5, 1.0]), np.array([0.9, 0.95, 1.0]), np.array([1.0, 0.62, 0.3])


def sky(kind: str, rng: np.random.Generator) -> Floats:
    """Generates the radiance (128, 256, 3) of a procedural environment map.

    The centre of the map is the direction +x, and its top row is the zenith.

    Args:
        kind: One of `SKIES`.
        rng: Generator of the random properties of the map, such as the elevation of the sun.
    """
    return SKIES[kind](rng, _rays()).astype(np.float32)


@cache
def _rays() -> Array:
    up = np.pi * (0.5 - (np.arange(HEIGHT) + 0.5) / HEIGHT)[:, None]
    left = 2 * np.pi * (0.5 - (np.arange(2 * HEIGHT) + 0.5) / (2 * HEIGHT))
    return np.stack([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up + 0 * left)], axis=2)


def _clear(rng: np.random.Generator, rays: Array) -> Array:
    """A clear sky with a sun (CIE S 011 type 12). A lower sun is weaker and warmer."""
    elevation, haze, power = np.radians(rng.uniform(8, 65)), rng.uniform(0, 0.4), rng.uniform(0.6, 1.2)
    sun = np.array([np.cos(elevation), 0.0, np.sin(elevation)])
    up, away = np.maximum(rays[..., 2], 0.01), np.arccos(np.clip(rays @ sun, -1, 1))
    glow = 1 + 10 * (np.exp(-3 * away) - np.exp(-1.5 * np.pi)) + 0.45 * np.cos(away) ** 2
    level = (1 - np.exp(-0.32 / up)) * glow
    low = np.exp(-elevation / 0.25)
    pale = np.clip(haze + 0.8 * np.exp(-6 * up) + np.exp(-5 * away), 0, 1)[..., None]
    rim = WHITE + low * (WARM - WHITE)
    light = level[..., None] * (BLUE + pale * (rim - BLUE))
    # The sun gives about seven times the irradiance of the sky, less at low elevation, where its light passes
    # through more air. All of its light is in the pixels around its centre.
    disc = np.exp(-((away / 0.012) ** 2))
    strength = 7 * power * (1 - haze) * np.exp(-0.12 / np.sin(elevation)) * _floor_irradiance(light)
    area = _pixel_solid_angles()[:, None]
    light += (strength / (disc * area).sum() * disc)[..., None] * (
        np.array([1.0, 0.96, 0.9]) + low * (WARM - 1)
    )
    return _with_ground(rng, rays, light)


def _overcast(rng: np.random.Generator, rays: Array) -> Array:
    """An overcast sky: three times brighter at the zenith than at the horizon (CIE), with a brighter side."""
    tint = WHITE + rng.uniform(0, 0.25) * (BLUE - WHITE)
    side = 1 + rng.uniform(0, 0.5) * rays[..., 0]
    light = ((1 + 2 * np.maximum(rays[..., 2], 0)) / 3 * side)[..., None] * tint
    return _with_ground(rng, rays, light)


def _room(rng: np.random.Generator, rays: Array) -> Array:
    """A room: walls and a ceiling, one to three windows, and sometimes a lamp on the ceiling."""
    wall = rng.uniform(0.7, 1.0, 3) * rng.uniform(0.05, 0.15)
    light = wall * (1 + np.maximum(rays[..., 2:], 0) + 0.5 * np.minimum(rays[..., 2:], 0))
    for _ in range(rng.integers(1, 4)):
        azimuth, half = rng.uniform(-np.pi, np.pi), rng.uniform(0.15, 0.5)
        day = WHITE + rng.uniform(0, 0.5) * (BLUE - WHITE)
        sill, top = rng.uniform(0.0, 0.25), rng.uniform(0.45, 0.9)
        apart = np.abs((np.arctan2(rays[..., 1], rays[..., 0]) - azimuth + np.pi) % (2 * np.pi) - np.pi)
        inside = _soft_step(half - apart) * _soft_step(rays[..., 2] - sill) * _soft_step(top - rays[..., 2])
        light = light + inside[..., None] * day * rng.uniform(1.5, 5.0)
    lamp = np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), 1.0])
    on, radius = rng.random() < 0.6, rng.uniform(0.1, 0.25)
    away = np.arccos(np.clip(rays @ (lamp / np.linalg.norm(lamp)), -1, 1))
    warm = WHITE + rng.uniform(0.2, 1.0) * (WARM - WHITE)
    return np.asarray(light + on * (_soft_step(radius - away) * rng.uniform(4.0, 15.0))[..., None] * warm)


SKIES: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "clear": _clear,
    "overcast": _overcast,
    "room": _room,
}


def _with_ground(rng: np.random.Generator, rays: Array, light: Array) -> Array:
    """Replaces the part of a sky below the horizon with ground that reflects part of the sky's light.

    Args:
        rng: Generator of the ground's colour.
        rays: (h, w, 3) direction of each pixel.
        light: (h, w, 3) radiance of the sky.
    """
    ground = rng.uniform(0.1, 0.35) * rng.uniform(0.8, 1.0, 3)
    return np.where(rays[..., 2:] > 0, light, ground * _floor_irradiance(light) / np.pi)


def _floor_irradiance(light: Array) -> float:
    """Irradiance of a horizontal floor under an environment map (h, w, 3), averaged over the channels."""
    weight = (_pixel_solid_angles() * np.maximum(_rays()[:, 0, 2], 0))[:, None]
    return float((light.mean(axis=2) * weight).sum())


def _pixel_solid_angles() -> Array:
    """Solid angle in steradians of a pixel in each row, (h,)."""
    edges = np.sin(np.pi * (0.5 - np.arange(HEIGHT + 1) / HEIGHT))
    return np.asarray((edges[:-1] - edges[1:]) * np.pi / HEIGHT)


def _soft_step(distance: Array) -> Array:
    """1 where a distance is positive and 0 where it is negative, blended over about two pixels."""
    return np.asarray(np.clip(0.5 + distance * HEIGHT / (2 * np.pi), 0, 1))
