"""Highlights and the reflection of the sky, compared with the formulas of Blinn and Schlick."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.render.lighting.specular import specular_light
from tests.rig import LIGHT

Floats = NDArray[np.float32]
SUN = np.array(LIGHT.direction)
RED_SUN = replace(LIGHT, color_rgb=(1.0, 0.5, 0.25), diffuse=0.7, specular=0.3)
STEPS_DEG = np.array([0, 20, 45, 60, 75, 85, 90])


def eyes(normal: NDArray[np.float64], angles_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (n, 3) at given angles to a normal (3,), tilted sideways from the direction of the sun."""
    side = np.cross(normal, SUN) if abs(normal @ SUN) < 0.999 else np.cross(normal, (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    angles = np.radians(angles_deg)[:, None]
    return np.asarray(np.cos(angles) * normal + np.sin(angles) * side)


def reflected(
    normal: NDArray[np.float64],
    view: NDArray[np.float64],
    roughness: float,
    sun: float = 0.0,
    sky: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Floats:
    """Light (n, 3) that surfaces with a normal (3,) reflect in directions (n, 3), given sun and sky light."""
    eye_m = np.array([0.3, -0.2, 0.5], np.float32)
    points_m = (eye_m - 2 * view).T.astype(np.float32)
    count = len(view)
    return specular_light(
        RED_SUN,
        eye_m,
        points_m,
        np.repeat(normal[:, None], count, axis=1).astype(np.float32),
        np.full(count, sun, np.float32),
        np.repeat(np.array(sky, np.float32)[:, None], count, axis=1),
        np.full(count, roughness, np.float32),
    ).T


@pytest.mark.parametrize("roughness", [0.0, 0.25, 1.0])
def test_the_skys_reflection_is_schlicks(roughness: float) -> None:
    """Plastic, F = 0.04 + 0.96·(1 − cos θ)⁵: C. Schlick, An inexpensive BRDF model, 1994."""
    normal, sky = np.array([0.0, 0.0, 1.0]), (0.5, 0.3, 0.1)
    fresnel = 0.04 + 0.96 * (1 - np.cos(np.radians(STEPS_DEG))) ** 5
    # At `specular` 0.5 a smooth surface has the physical reflectance.
    expected = 2 * RED_SUN.specular * (1 - roughness) * fresnel[:, None] * np.array(sky)
    found = reflected(normal, eyes(normal, STEPS_DEG), roughness, sky=sky)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("roughness", [0.3, 0.6, 1.0])
def test_the_suns_highlight_is_blinns(roughness: float) -> None:
    """F·(p + 8)/8·(n·h)ᵖ with p = 2/α² − 2 and α = roughness²."""
    normal = np.array([0.0, 0.0, 1.0])
    view = eyes(normal, STEPS_DEG)
    half = view + SUN
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    power = 2 / roughness**4 - 2
    lobe = (power + 8) / 8 * np.maximum(half @ normal, 0) ** power
    strength = 4 * 0.04 * 0.6 * RED_SUN.specular * RED_SUN.diffuse
    expected = strength * lobe[:, None] * np.array(RED_SUN.color_rgb)
    np.testing.assert_allclose(reflected(normal, view, roughness, sun=0.6), expected, rtol=2e-3, atol=1e-6)


def test_a_highlight_lies_where_a_mirror_would_show_the_sun() -> None:
    normal = np.array([0.0, 0.0, 1.0])
    mirrored = np.array([[-SUN[0], -SUN[1], SUN[2]]])
    aside = mirrored + np.array([[0.05, 0.0, 0.0], [-0.05, 0.0, 0.0], [0.0, 0.05, 0.0], [0.0, -0.05, 0.0]])
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    there, beside = (reflected(normal, view, 0.15, sun=1.0)[:, 0] for view in (mirrored, aside))
    assert (beside < 0.9 * there).all()


def test_a_mirrors_highlight_is_cut_off_at_sixty() -> None:
    """The lobe is finite for roughness 0, and constant below roughness 0.08."""
    normal = SUN
    first, second = (reflected(normal, normal[None], roughness, sun=1.0) for roughness in (0.0, 0.08))
    np.testing.assert_array_equal(first, second)
    assert first[0, 0] == pytest.approx(60 * 4 * 0.04 * RED_SUN.specular * RED_SUN.diffuse, rel=1e-3)
