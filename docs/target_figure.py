"""Draws the histograms of data sets with and without a target, for docs/target.md."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sim2coco import Recipe, generate
from sim2coco.datasets.reading import open_dataset
from sim2coco.engines.inline import Inline
from sim2coco.statistics.histograms import Histogram, histograms
from sim2coco.statistics.measuring import measure

IMAGES = 60
WEIGHTS = {"nut": 4.0, "box": 2.0, "cone": 1.0, "tube": 1.0}
REAL = {"scene": {"kind": "drop", "num_objects": [5, 7]}, "camera": {"kind": "shell", "fill": [0.4, 0.6]}}
BARS, LINE, INK, PAPER = (90, 140, 200), (215, 95, 20), (40, 40, 40), (255, 255, 255)
WIDTH_PX, HEIGHT_PX = 300, 190


def made(folder: Path, name: str, **changes: object) -> dict[str, Histogram]:
    """Makes a data set, and returns its histograms."""
    shapes = {name: {"shape": name, "size_m": 0.06, "weight": weight} for name, weight in WEIGHTS.items()}
    tree = {"views": 3, "image": {"width": 160, "height": 120}, "assets": {"categories": shapes}}
    scene = {"scene": {"kind": "drop", "num_objects": [2, 8]}, "light": {"exposure_ev": [-1.5, 0.5]}}
    recipe = Recipe.parse({**tree, **scene, **changes})
    result = generate(recipe, folder / name, IMAGES, engine=Inline(), card=False, report=False)
    sys.stdout.write(f"{name}: {result.scenes} scenes, {dict(result.target)}\n")
    data = open_dataset(folder / name)
    return histograms(measure(data), data.info.categories)


def panel(own: Histogram, wanted: np.ndarray, title: str) -> Image.Image:
    """Bars of a histogram, in shares, with a line for what is wanted."""
    drawn = Image.new("RGB", (2 * WIDTH_PX, 2 * HEIGHT_PX), PAPER)
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(26)
    shares = own.counts / own.counts.sum()
    used = np.flatnonzero(shares + wanted)
    first, last = (0, len(shares) - 1) if own.labels else (int(used[0]), int(used[-1]))
    top, step = 1.1 * max(shares.max(), wanted.max()), (2 * WIDTH_PX - 60) / (last - first + 1)
    for place, index in enumerate(range(first, last + 1)):
        x, base = 30 + place * step, 2 * HEIGHT_PX - 50
        high = (2 * HEIGHT_PX - 110) / top
        pen.rectangle((x + 2, base - high * shares[index], x + step - 2, base), fill=BARS)
        y = base - high * wanted[index]
        pen.line((x, y, x + step, y), fill=LINE, width=6)
        text = own.labels[index] if own.labels else ""
        pen.text((x + step / 2, base + 8), text, fill=INK, font=font, anchor="ma")
    if not own.labels:
        edges = own.edges[[first, last + 1]]
        for x, value, anchor in ((30, edges[0], "la"), (2 * WIDTH_PX - 30, edges[1], "ra")):
            pen.text((x, 2 * HEIGHT_PX - 42), f"{value:.3g}", fill=INK, font=font, anchor=anchor)
    pen.text((WIDTH_PX, 12), title, fill=INK, font=font, anchor="ma")
    return drawn


def main(target: Path) -> None:
    """Makes four data sets of 60 images, and draws the figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = made(folder, "plain")
        balanced = made(folder, "balanced", quality={"target": "balanced"})
        real = made(folder, "real", seed=9, light={"exposure_ev": [-1.5, -0.5]}, **REAL)
        like = made(
            folder,
            "like",
            quality={"target": str(folder / "real"), "target_histograms": ["box_size", "brightness"]},
        )
    sheet = Image.new("RGB", (6 * WIDTH_PX, 4 * HEIGHT_PX), PAPER)
    even = np.full(len(WEIGHTS), 1 / len(WEIGHTS))
    for row, (named, found) in enumerate((("no target", plain), ("target", balanced))):
        columns = [
            (found["categories"], even, "categories"),
            *(
                ((like if row else plain)[key], real[key].counts / real[key].counts.sum(), title)
                for key, title in (("box_size", "size of boxes"), ("brightness", "brightness"))
            ),
        ]
        for column, (own, wanted, title) in enumerate(columns):
            sheet.paste(panel(own, wanted, f"{title}, {named}"), (2 * WIDTH_PX * column, 2 * HEIGHT_PX * row))
    sheet.resize((3 * WIDTH_PX, 2 * HEIGHT_PX), Image.Resampling.LANCZOS).save(target, quality=88)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
