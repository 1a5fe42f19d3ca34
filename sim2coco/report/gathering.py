"""Measures the images of a data set for the report, in a separate pass or while other code reads them."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim2coco.card.contents import Contents, Spread
from sim2coco.datasets.errors import no_images
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.reading import Dataset
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import Measuring
from sim2coco.statistics.values import Values

SHOWN = 24
"""Number of sample images on the page."""
COMPARED = 10_000
"""Near-duplicates are searched among this many images, the first of the data set."""
PLACE = ("category", "x", "y", "azimuth_deg", "elevation_deg", "distance_m")
"""Values kept for each object; x and y are the box centre, as fractions of the image's width and height."""


class Gathering:
    """Collects the statistics that the report needs from the images of a data set.

    Args:
        info: Metadata of the data set.
        workers: Number of threads that measure.

    Attributes:
        contents: Counts of images and labels.
        values: The values of all quantities.
        shown: Sample images, spread evenly over the data set.
        ignored: Number of visible objects without a label, keyed by the reason.
        problems: An error message for each image that could not be measured.
        sizes: Number of labels, keyed by COCO's size classes: `small` (area below 32² pixels), `medium`
            (below 96²) and `large`.
        compared: Measures of the first 10,000 images, among which near-duplicates are searched. `objects` is
            empty in them.
    """

    def __init__(self, info: DatasetInfo, workers: int = 1, tolerant: bool = False) -> None:
        """Initialises empty statistics.

        Args:
            info: Metadata of the data set.
            workers: Number of threads.
            tolerant: Whether an error in measuring an image is added to `problems` instead of raised.
        """
        self.contents = Contents(info)
        self.values = Values()
        self.shown: Spread[LabelledImage] = Spread(SHOWN)
        self.ignored: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()
        self.compared: list[ImageMeasures] = []
        self._places = {name: array("d") for name in PLACE}
        self.problems: list[str] = []
        self._workers = workers
        self._tolerant = tolerant

    def watched(self, images: Iterable[LabelledImage]) -> Iterator[LabelledImage]:
        """Yields the images, and measures them in other threads at the same time.

        Raises:
            DataSetError: An image file is missing or cannot be read.
        """
        with Measuring(len(self.contents.info.categories), self._workers) as measuring:
            for image in images:
                self._count(image)
                for measured in measuring.add(image):
                    self._take(measured)
                yield image
            for measured in measuring.rest():
                self._take(measured)

    def _count(self, image: LabelledImage) -> None:
        self.contents.add(image)
        self.shown.add(image)
        self.ignored.update(ignored.reason for ignored in image.ignored or ())

    def _take(self, measured: Future[ImageMeasures]) -> None:
        try:
            self._add(measured.result())
        except Exception as error:
            if not self._tolerant:
                raise
            self.problems.append(str(error))

    def _add(self, image: ImageMeasures) -> None:
        self.values.add(image)
        for one in image.objects:
            self.sizes["small" if one.area_px < 32**2 else "medium" if one.area_px < 96**2 else "large"] += 1
            x, y = one.box[0] + one.box[2] / 2, one.box[1] + one.box[3] / 2
            viewpoint = (one.azimuth_deg, one.elevation_deg, one.distance_m)
            known = [float("nan") if value is None else value for value in viewpoint]
            place = (one.category, x / image.width, y / image.height, *known)
            for name, value in zip(PLACE, place, strict=True):
                self._places[name].append(value)
        if len(self.compared) < COMPARED:
            self.compared.append(replace(image, objects=()))

    def place(self, name: str) -> NDArray[np.float64]:
        """Returns the values (n,) of one quantity for all n objects; NaN for unknown values.

        Args:
            name: One of `PLACE`.
        """
        return np.array(self._places[name], np.float64)


def gathered(data: Dataset, workers: int, progress: Callable[[int], None]) -> Gathering:
    """Measures a data set.

    Args:
        data: The data set.
        workers: Number of threads.
        progress: Called with the number of images read so far.

    Raises:
        DataSetError: The data set has no images, or an image or annotation is invalid.
    """
    found = Gathering(data.info, workers)
    for done, _ in enumerate(found.watched(data.images()), 1):
        progress(done)
    if not found.contents.images:
        raise no_images(data.root)
    return found
