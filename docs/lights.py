"""Synthetic environment maps: an evening outdoors, and a photo studio with three soft boxes.

python docs/lights.py skies
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT = 512
Array = NDArray[np.float64]


def write(folder: Path) -> None:
    """Writes both maps as Radiance files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, light in (("evening", evening()), ("studio", studio())):
        done, content = cv2.imencode(".hdr", light[..., ::-1].astype(np.float32))
        assert done
        (folder / f"{name}.hdr").write_bytes(content.tobytes())


def evening() -> Array:
    """A low sun with a glow, a sky from orange to blue, and dark ground."""
    rays = _rays()
    up, away = np.abs(rays[..., 2:]), np.arccos(np.clip(rays @ _toward(0, 14), -1, 1))[..., None]
    sky = np.array([0.15, 0.35, 0.9]) * (1 - 0.5 * up) + np.array([0.6, 0.3, 0.12]) * np.exp(-7 * up)
    sky += np.array([1.0, 0.6, 0.3]) * np.exp(-((away / 0.3) ** 2))
    sky += np.array([1.0, 0.75, 0.45]) * 30_000 * (away < 0.008)
    return np.where(rays[..., 2:] > 0, sky, (0.10, 0.09, 0.07))


def studio() -> Array:
    """A dark room with a large warm light, a cool one opposite, and a strip light behind."""
    boxes = (
        (40, 40, 20, 14, (9.0, 8.0, 6.5)),
        (-110, 30, 10, 25, (1.5, 2.0, 3.5)),
        (170, 12, 25, 5, (4.0, 3.0, 3.0)),
    )
    rays = _rays()
    light = np.full(rays.shape, 0.05) + 0.06 * np.maximum(rays[..., 2:], 0)
    left, rise = np.degrees(np.arctan2(rays[..., 1], rays[..., 0])), np.degrees(np.arcsin(rays[..., 2]))
    for azimuth, elevation, wide, high, rgb in boxes:
        inside = (np.abs((left - azimuth + 180) % 360 - 180) < wide) & (np.abs(rise - elevation) < high)
        light[inside] = rgb
    return light


def _rays() -> Array:
    """Directions (h, w, 3) of the pixels: the centre of the map is +x, the top row the zenith."""
    up = np.pi * (0.5 - (np.arange(HEIGHT) + 0.5) / HEIGHT)[:, None]
    left = 2 * np.pi * (0.5 - (np.arange(2 * HEIGHT) + 0.5) / (2 * HEIGHT))
    return np.stack([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up + 0 * left)], axis=2)


def _toward(azimuth_deg: float, elevation_deg: float) -> Array:
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
