"""Pictures of all around for tests, and a writer of Radiance files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def white(height: int) -> Array:
    return np.ones((height, 2 * height, 3))


def toward(height: int) -> Array:
    """Unit vectors (h, 2 h, 3) through the pixels: the middle looks along +x, the top is the zenith."""
    up = np.pi * (0.5 - (np.arange(height) + 0.5) / height)[:, None]
    left = 2 * np.pi * (0.5 - (np.arange(2 * height) + 0.5) / (2 * height))
    parts = np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up) + 0 * left
    return np.stack(parts, axis=2)


def with_spot(height: int, at: Array, radius_rad: float, light: float, sky: float = 0.3) -> Array:
    """An even sky with one bright disc towards a unit vector."""
    inside = toward(height) @ at > np.cos(radius_rad)
    return np.where(inside[..., None], light, sky) * np.ones(3)


def rgbe_of(light: Array) -> NDArray[np.uint8]:
    """Light (h, w, 3) as three mantissas and one exponent a pixel (h, w, 4)."""
    brightest = light.max(axis=2)
    _, exponent = np.frexp(brightest)
    mantissas = light * np.ldexp(256.0, -exponent)[..., None]
    rgbe = np.concatenate([mantissas, (exponent + 128)[..., None]], axis=2)
    return np.where(brightest[..., None] > 1e-30, rgbe, 0).astype(np.uint8)


def write_hdr(path: Path, light: Array, packed: bool = False) -> None:
    """Writes light (h, w, 3) in Radiance's format, each row as it is, or as runs and literals."""
    height, width = light.shape[:2]
    rgbe = rgbe_of(light)
    header = f"#?RADIANCE\nEXPOSURE=1\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode()
    rows = b"".join(_packed(row) for row in rgbe) if packed else rgbe.tobytes()
    path.write_bytes(header + rows)


def _packed(row: NDArray[np.uint8]) -> bytes:
    begin = bytes((2, 2, len(row) >> 8, len(row) & 255))
    return begin + b"".join(_runs(channel.tobytes()) for channel in row.T)


def _runs(values: bytes) -> bytes:
    found, at = b"", 0
    while at < len(values):
        same = at + 1
        while same < len(values) and values[same] == values[at] and same - at < 127:
            same += 1
        if same - at > 2:
            found += bytes((128 + same - at, values[at]))
        else:
            same = min(at + 5, len(values))
            found += bytes((same - at,)) + values[at:same]
        at = same
    return found
