"""Textile materials: woven fabric and carpet."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, blended, picked, ramp, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX, blurred, centres, enlarged, fractal, noise, uniforms

Floats = NDArray[np.float32]

DYES: tuple[Rgb, ...] = (
    (226, 220, 208),  # natural
    (188, 176, 156),  # linen
    (132, 130, 128),  # grey
    (66, 68, 74),  # anthracite
    (54, 74, 108),  # navy
    (110, 134, 154),  # denim
    (142, 54, 54),  # red
    (82, 102, 78),  # green
    (176, 140, 74),  # mustard
    (122, 92, 110),  # mauve
    (158, 112, 82),  # tan
)
YARNS: tuple[Rgb, ...] = (
    (128, 124, 120),
    (86, 88, 94),
    (170, 156, 136),
    (74, 86, 108),
    (122, 70, 62),
    (96, 104, 84),
    (194, 184, 168),
    (110, 92, 78),
)


def fabric(rng: np.random.Generator) -> Material:
    """Woven cloth in plain weave, twill or basket weave, sometimes with stripes or checks."""
    threads = 64 << int(rng.integers(0, 2))
    kind = int(rng.integers(0, 3))
    shades = _threads(rng, threads), _threads(rng, threads)
    dyed = _dyed(rng, picked(rng, DYES, 0.06), threads)
    warp_rgb, weft_rgb = (shade[:, None] * color for shade, color in zip(shades, dyed, strict=True))
    over = _weave(kind, threads)
    x, y = centres()
    round_x, round_y = (np.sin(np.pi * (place * threads % 1)).astype(np.float32) for place in (x, y))
    # A thread is high where it crosses over another thread, and low at its edges.
    step = SIZE_PX // threads
    upper = np.repeat(np.repeat(over, step, axis=0), step, axis=1)
    across = np.where(upper, round_x, round_y) * np.float32(0.75) + np.where(
        upper, round_y, round_x
    ) * np.float32(0.25)
    shape = (SIZE_PX, SIZE_PX, 3)
    columns = np.broadcast_to(np.repeat(warp_rgb, step, axis=0)[None].astype(np.float32), shape)
    rows = np.broadcast_to(np.repeat(weft_rgb, step, axis=0)[:, None].astype(np.float32), shape)
    color = blended(np.ascontiguousarray(rows), np.ascontiguousarray(columns), upper.astype(np.float32))
    fuzz = enlarged(uniforms(rng, 256, 256), SIZE_PX, SIZE_PX) * np.float32(0.16)
    lit = shaded(color, np.float32(0.62) + np.float32(0.38) * across + fuzz)
    thread_m = 0.14 / threads
    creases = blurred(fractal(rng, 2, 4), 6) * np.float32(2e-3)
    height = across * np.float32(0.2 * thread_m) + creases
    return material_from(lit, np.asarray(height, np.float32), threads * thread_m, rng.uniform(0.8, 1.0))


def _threads(rng: np.random.Generator, count: int) -> Floats:
    """Brightness (count,) of each thread."""
    return 1 + uniforms(rng, count) * np.float32(rng.uniform(0.05, 0.3))


def _dyed(rng: np.random.Generator, first: Floats, count: int) -> tuple[Floats, Floats]:
    """Samples the thread colours of a cloth in one colour, in two colours, with stripes or with checks.

    Args:
        rng: Generator.
        first: (3,) the first colour; the second is sampled.
        count: Number of threads in each direction.

    Returns:
        The colours of the warp threads, and those of the weft threads, (count, 3) each.
    """
    second = picked(rng, DYES, 0.06)
    way = rng.random()
    period = count >> int(rng.integers(0, 3))
    band = ((np.arange(count) % period) / period < rng.uniform(0.2, 0.6)).astype(np.float32)[:, None]
    striped = first + (second - first) * band
    plain = np.repeat(first[None], count, axis=0)
    if way < 0.55:
        return plain, plain * np.float32(rng.uniform(0.85, 1.1))
    if way < 0.75:
        return plain, np.repeat(second[None], count, axis=0)
    return (striped, plain) if way < 0.88 else (striped, striped)


def _weave(kind: int, count: int) -> NDArray[np.bool_]:
    """Returns bool (count, count): for each crossing of two threads, whether the warp thread is on top.

    Args:
        kind: 0 is plain weave, 1 is twill, 2 is basket weave.
        count: Number of threads in each direction.
    """
    i, j = np.arange(count)[:, None], np.arange(count)[None]
    patterns = (i + j) % 2 == 0, (i + j) % 4 < 2, (i // 2 + j // 2) % 2 == 0
    return np.asarray(patterns[kind])


def carpet(rng: np.random.Generator) -> Material:
    """Rows of heathered yarn loops, or a cut pile."""
    first, second = picked(rng, YARNS, 0.05), picked(rng, YARNS, 0.05)
    loops = uniforms(rng, 128, 128)
    mixed = np.clip(
        np.float32(0.5) + enlarged(loops, SIZE_PX, SIZE_PX) * np.float32(rng.uniform(0.3, 1.2)), 0, 1
    )
    pile = noise(rng, 256, 256) * np.float32(0.5)
    x, y = centres()
    if rng.random() < 0.6:
        rows = np.sin(np.pi * (x * 64 % 1)) * (
            np.float32(0.6) + np.float32(0.4) * np.sin(np.pi * (y * 128 % 1))
        )
        pile = pile * np.float32(0.6) + rows.astype(np.float32) - np.float32(0.5)
    near = first + (second - first) * np.float32(rng.uniform(0.15, 0.6))
    tone = 1 + fractal(rng, 4, 5) * np.float32(0.1)
    color = shaded(ramp(mixed, [first, near]), tone * (np.float32(0.8) + np.float32(0.5) * pile))
    return material_from(color, pile * np.float32(1e-3), 0.38, 1.0)
