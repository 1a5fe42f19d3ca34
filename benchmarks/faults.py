"""Plants faults into images of generated data sets, and measures how many the rules of `select` find.

    python -m benchmarks.faults data/drop data/outdoors ... [--planted 24]

In each data set, evenly spaced images get each kind of fault once. A false alarm is a finding in an image
without a planted fault, unless the image's labels confirm that there is a tiny or hidden object.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from sim.temporary import temporary_folder
from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.datasets.reading import open_dataset
from sim2coco.records import Record
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import context_for
from sim2coco.seeding import rng_for
from sim2coco.selecting.floating import records_of, sunk
from sim2coco.statistics.duplicates import near_duplicates
from sim2coco.statistics.faults import find_faults
from sim2coco.statistics.labels import measure_labels
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import measure_image

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
RAISED_M = 0.03
PATIENCE = 64
"""Number of image pairs in a block; blocks are compared, most similar first, until one has no duplicates."""


def black(pixels: Pixels, rng: Rng) -> Pixels:
    """Darkens an image to a mean below 8."""
    return np.asarray(pixels * (rng.uniform(2, 7.5) / max(pixels.mean(), 1)), np.uint8)


def overexposed(pixels: Pixels, rng: Rng) -> Pixels:
    """Brightens an image until at least 40 % of its pixels are at 255."""
    level = np.quantile(pixels.min(axis=2), 1 - rng.uniform(0.42, 0.7))
    return np.asarray(np.clip(pixels * (255.5 / max(level, 1)), 0, 255), np.uint8)


def blurred(pixels: Pixels, rng: Rng) -> Pixels:
    """Blurs an image with σ = 2 px."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0), np.uint8)


def noisy(pixels: Pixels, rng: Rng) -> Pixels:
    """Adds noise with σ = 8."""
    return np.clip(pixels + rng.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)


def cropped(pixels: Pixels, rng: Rng) -> Pixels:
    """Crops an image to 95 % of its width and height at a random position."""
    height, width = pixels.shape[:2]
    high, wide = round(0.95 * height), round(0.95 * width)
    y, x = rng.integers(0, [height - high + 1, width - wide + 1])
    return np.ascontiguousarray(pixels[y : y + high, x : x + wide])


def same(pixels: Pixels, rng: Rng) -> Pixels:
    """Returns an image unchanged; its copy then differs only by compression."""
    return pixels


LOOKS: dict[str, Callable[[Pixels, Rng], Pixels]] = {
    "black": black,
    "overexposed": overexposed,
    "blurred": blurred,
}
COPIES: dict[str, tuple[Callable[[Pixels, Rng], Pixels], int]] = {
    "duplicate: noise σ 8": (noisy, 92),
    "duplicate: 5 % crop": (cropped, 92),
    "duplicate: JPEG 40": (same, 40),
}


class Planter:
    """Plants faults into the images of a data set.

    Args:
        root: The data set.
        folder: Folder for the images with faults.
        planted: Number of images that get faults, at most.
    """

    def __init__(self, root: Path, folder: Path, planted: int) -> None:
        """Measures the unchanged images."""
        data = open_dataset(root)
        self._categories, self._folder, self._root = len(data.info.categories), folder, root
        self.images = list(data.images())
        self.measures = [measure_image(image, self._categories) for image in self.images]
        self._some = np.unique(np.linspace(0, len(self.images) - 1, planted).round().astype(int)).tolist()

    def rates(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Yields (rule, faults found, faults planted, false alarms, unchanged images) for each rule."""
        alarms = {
            rule: sum(rule in {fault.rule for fault in find_faults(one)} - _own(one) for one in self.measures)
            for rule in (*LOOKS, "tiny", "hidden")
        }
        for rule in (*LOOKS, "tiny", "hidden"):
            found = sum(rule in planted for planted in self._planted(rule))
            yield rule, found, len(self._some), alarms[rule], len(self.images)
        grouped = sum(len(group) - 1 for group in near_duplicates(self.measures, 2))
        for name, (change, quality) in COPIES.items():
            copies = [self._changed(number, change, quality) for number in self._some]
            yield name, self._pairs(copies), len(copies), grouped, len(self.images)
        yield from self._floating()

    def _planted(self, rule: str) -> Iterator[set[str]]:
        """Yields, for each image with a planted fault, the rules that find a fault in it."""
        for number in self._some:
            image, measured = self.images[number], self.measures[number]
            if rule in LOOKS:
                measured = self._changed(number, LOOKS[rule], 92)
            else:
                labels = (_tiny(image, number), *image.labels) if rule == "tiny" else _hidden(image)
                measured = replace(measured, objects=measure_labels(replace(image, labels=labels)))
            yield {fault.rule for fault in find_faults(measured)}

    def _changed(self, number: int, change: Callable[[Pixels, Rng], Pixels], quality: int) -> ImageMeasures:
        image, rng = self.images[number], rng_for(7, scene=number, stream="select")
        pixels = change(read_pixels(image), rng)
        _, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        file = self._folder / f"{change.__name__}_{number}.jpg"
        file.write_bytes(content.tobytes())
        own = replace(
            image, file=file, name=file.name, width=pixels.shape[1], height=pixels.shape[0], labels=()
        )
        return measure_image(own, self._categories)

    def _pairs(self, copies: list[ImageMeasures]) -> int:
        """Number of copies that are recognised as near-duplicates of their originals."""
        originals = [self.measures[number] for number in self._some]
        number = len(copies)
        groups = near_duplicates([*originals, *copies], 2, PATIENCE)
        of = {member: group for group in groups for member in group}
        return sum(place + number in of.get(place, ()) for place in range(number))

    def _floating(self) -> Iterator[tuple[str, int, int, int, int]]:
        data = DataSet(self._root)
        records = [record for record in records_of(data) if record.settled and record.settled.spec.bodies]
        if not records:
            return
        views = [(record, record.views[0]) for record in records]
        with temporary_folder() as scratch, closing(context_for(data, views, [], Path(scratch))) as context:
            alarms = sum(bool([*sunk(context, record)]) for record in records)
            found = sum(bool([*sunk(context, _raised(record))]) for record in records)
        yield "floating 3 cm (scenes)", found, len(records), alarms, len(records)


def _own(image: ImageMeasures) -> set[str]:
    """The rules whose findings are correct for an image without a planted fault."""
    hidden = any((one.occlusion or 0) >= 0.9 for one in image.objects)
    tiny = any(max(one.box[2:]) <= 15 for one in image.objects)
    return ({"hidden"} if hidden else set()) | ({"tiny"} if tiny else set())


def _tiny(image: LabelledImage, number: int) -> Label:
    """A label of an object with a longer side of 8 to 15 px."""
    long_px, short_px = rng_for(8, scene=number, stream="select").uniform([8, 5], [15, 8])
    return Label(0, (20.0, 20.0, float(long_px), float(short_px)), float(long_px * short_px) * 0.8, None)


def _hidden(image: LabelledImage) -> tuple[Label, ...]:
    """The labels of an image, preceded by a label of an object that is 90 % hidden."""
    told = {"occlusion": 0.9, "visible_fraction": 0.1, "truncation": 0.0}
    first = Label(0, (20.0, 20.0, 30.0, 20.0), 60.0, None, attributes=told)
    return (first, *image.labels)


def _raised(record: Record) -> Record:
    """A copy of the record in which a random movable body is 3 cm higher."""
    assert record.settled is not None
    bodies = list(record.settled.spec.bodies)
    free = [place for place, body in enumerate(bodies) if not body.fixed]
    place = free[int(rng_for(9, scene=record.scene, stream="select").integers(len(free)))]
    x, y, z = bodies[place].pose.position_m
    bodies[place] = replace(bodies[place], pose=replace(bodies[place].pose, position_m=(x, y, z + RAISED_M)))
    spec = replace(record.settled.spec, bodies=tuple(bodies))
    return replace(record, settled=replace(record.settled, spec=spec))


def main() -> None:
    """Prints a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path, help="folders of data sets of ours")
    parser.add_argument(
        "--planted", type=int, default=10**9, help="images of each that get faults; default: all"
    )
    options = parser.parse_args()
    out = Console(highlight=False, soft_wrap=True)
    for root in options.data:
        out.print(f"\n{root.name}\n\n| fault | found | false alarms |\n|---|---|---|", markup=False)
        with temporary_folder() as folder:
            for name, found, planted, alarms, images in Planter(root, Path(folder), options.planted).rates():
                told = (
                    f"{found}/{planted} ({found / planted:.1%}) | {alarms}/{images} ({alarms / images:.1%})"
                )
                out.print(f"| {name} | {told} |", markup=False)


if __name__ == "__main__":
    main()
