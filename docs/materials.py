"""Draws all materials on one sheet: `python docs/materials.py FILE.jpg`."""

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scenes.assets.images import Pictures, Texture
from scenes.assets.materials.kinds import MATERIALS
from scenes.assets.materials.material import Material
from sim2coco.fonts import font_for

SIDE_PX, VARIANTS, COLUMNS = 84, range(5, 10), 2
"""Side of a square on the sheet; the variants of each material; materials side by side."""
LABEL_PX = 18
SUN = np.array([-0.5, -0.6, 0.62])
"""The direction to the light: along x, along y (down), towards the viewer."""


def lit(material: Material) -> Image.Image:
    """A quarter of a tile in slanting light."""
    slope = (material.slope.astype(np.float64) - 128) / 127 * material.max_slope
    strength = 0.9 * np.clip(1 - slope @ SUN[:2] / SUN[2], 0, 2.5)
    pixels: NDArray[np.float64] = np.clip(material.color * strength[..., None], 0, 255)
    quarter = Image.fromarray(pixels[:320, :320].astype(np.uint8))
    return quarter.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


def sheet() -> Image.Image:
    """All materials by name, each in several variants."""
    rows = -(-len(MATERIALS) // COLUMNS)
    width = len(VARIANTS) * SIDE_PX
    image = Image.new("RGB", (COLUMNS * (width + 8), rows * (SIDE_PX + LABEL_PX)), "white")
    draw, pictures = ImageDraw.Draw(image), Pictures({})
    for place, kind in enumerate(MATERIALS):
        left, top = place // rows * (width + 8), place % rows * (SIDE_PX + LABEL_PX)
        draw.text((left + 2, top + 2), kind, fill="black", font=font_for(kind, 12))
        for column, index in enumerate(VARIANTS):
            material = pictures.material(Texture(kind, index))
            assert material is not None
            image.paste(lit(material), (left + column * SIDE_PX, top + LABEL_PX))
    return image


if __name__ == "__main__":
    sheet().save(sys.argv[1], quality=82)
