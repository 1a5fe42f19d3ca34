"""The settings of a target: the desired histograms of all accepted images together."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scenes.settings import Settings
from sim2coco.statistics.histograms import QUANTITIES, Quantity

BALANCED = "balanced"
"""The target in which all categories have equally many labels."""
TARGET = "target"
"""The rejection reason of a view that passes all checks but is left out for the target."""

Name = Literal["objects", "box_size", "occlusion", "brightness", "categories"]
HISTOGRAMS: tuple[Name, ...] = ("objects", "box_size", "occlusion", "brightness", "categories")
"""The histograms that a target can have."""
QUANTITY: dict[str, Quantity] = {one.name: one for one in QUANTITIES if one.name in HISTOGRAMS}
"""The histograms with ordered bins."""

Number = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0)]
Counts = Annotated[tuple[Number, ...], Field(max_length=1024)]


class Target(Settings):
    """Histograms that accepted images are to have together, in any unit: only shares count."""

    name: str = ""
    """Name of the data set from which the histograms were computed."""
    objects: Counts | None = None
    """Number of images with 0, 1, 2, ... labels, at most 65 numbers; null ignores this histogram."""
    box_size: Counts | None = None
    """Number of labels by √(box area / image area), in 32 bins of a quarter octave from 1/256 to 1."""
    occlusion: Counts | None = None
    """Number of labels by the occluded fraction of the object's part in the image, in 20 bins from 0 to 1."""
    brightness: Counts | None = None
    """Number of images by mean luma, in 32 bins of width 8 from 0 to 256."""
    categories: dict[str, Number] | None = None
    """Number of labels of each category, such as {nut: 1, box: 3}; other categories are ignored."""

    @model_validator(mode="after")
    def _fits_the_bins(self) -> "Target":
        for name, quantity in QUANTITY.items():
            counts, most = getattr(self, name), len(quantity.edges) - 1
            if counts is not None and (len(counts) > most or not sum(counts)):
                raise ValueError(f"{name}: needs at most {most} numbers that are not all 0")
        if self.categories is not None and not sum(self.categories.values()):
            raise ValueError("categories: needs numbers that are not all 0")
        return self

    def shares(self, name: str) -> NDArray[np.float64]:
        """Returns the fraction in each bin of one of the histograms, (n,).

        Args:
            name: Name of the histogram, which must not be `categories`.
        """
        counts = np.zeros(len(QUANTITY[name].edges) - 1)
        given = getattr(self, name)
        counts[: len(given)] = given
        return np.asarray(counts / counts.sum(), np.float64)
