"""The contents of a data set: counts, file types, and a few images, spread evenly over the data set."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage

NAMES = {
    "instances": "annotations/instances_{split}.json",
    "amodal": "annotations_amodal/amodal_{split}.json",
}
"""Names of a split's COCO files: `instances` has the visible masks, `amodal` the amodal masks."""
OF_RENDERED = {"view", "lighting", "copy"}
"""Facts that each image of a run has; a merge or a split keeps them."""
SHOWN = 12
"""Number of images on the contact sheet."""


Item = TypeVar("Item")


class Spread(Generic[Item]):
    """Selects a few items, evenly spaced, from a sequence whose length is not known in advance.

    Args:
        number: Maximum number of selected items.
    """

    def __init__(self, number: int) -> None:
        """Initialises an empty selection."""
        self._number, self._step, self._seen = number, 1, 0
        self._kept: list[Item] = []

    def add(self, item: Item) -> None:
        """Keeps every n-th item.

        Whenever `2 * number` items are kept, every second one is dropped, and n doubles.
        """
        if self._seen % self._step == 0:
            self._kept.append(item)
        self._seen += 1
        if len(self._kept) == 2 * self._number:
            self._kept, self._step = self._kept[::2], 2 * self._step

    @property
    def chosen(self) -> list[Item]:
        """The selected items, in the order in which they were added."""
        number = min(self._number, len(self._kept))
        return [self._kept[index * len(self._kept) // number] for index in range(number)]


@dataclass
class Contents:
    """Counts of the images and labels of a data set.

    Attributes:
        info: Metadata of the data set.
        images: Number of images, keyed by split.
        labels: Number of labels, keyed by split and category index.
        empty: Number of images without labels, keyed by split.
        ignored: Number of visible objects without a label, keyed by split.
        sizes: Number of images, keyed by width and height.
        suffixes: Suffixes of the image files, such as `.jpg`, keyed by split.
        folders: Suffixes of other files, keyed by their folder, such as `depth/train`.
        rendered: Number of images rendered by sim2coco; their scene, view, lighting and copy are recorded.
        unposed: Number of images whose scene is known, but not the camera, because an augmentation has moved
            pixels.
    """

    info: DatasetInfo
    images: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, int]] = field(default_factory=Counter)
    empty: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    suffixes: dict[str, set[str]] = field(default_factory=dict)
    folders: dict[str, set[str]] = field(default_factory=dict)
    rendered: int = 0
    unposed: int = 0
    _shown: "Spread[LabelledImage]" = field(default_factory=lambda: Spread(SHOWN))

    def add(self, image: LabelledImage) -> None:
        """Counts an image and its labels."""
        self.images[image.split] += 1
        self.empty[image.split] += not image.labels
        self.ignored[image.split] += len(image.ignored or ())
        self.sizes[image.width, image.height] += 1
        self.rendered += image.scene is not None and image.facts.keys() >= OF_RENDERED
        self.unposed += image.scene is not None and image.camera is None
        self.suffixes.setdefault(image.split, set()).add(PurePosixPath(image.name).suffix)
        for label in image.labels:
            self.labels[image.split, label.category] += 1
        for name in image.other_files:
            path = PurePosixPath(name)
            self.folders.setdefault(str(path.parent), set()).add(path.suffix)
        if image.labels:
            self._shown.add(image)

    def counted(self, images: Iterable[LabelledImage]) -> Iterator[LabelledImage]:
        """Yields the images after counting each."""
        for image in images:
            self.add(image)
            yield image

    @property
    def shown(self) -> list[LabelledImage]:
        """Up to `SHOWN` images with labels, spread evenly over the data set."""
        return self._shown.chosen

    @property
    def splits(self) -> list[str]:
        """Names of the splits that have images."""
        return [split for split in self.info.splits if self.images[split]]

    @property
    def synthetic(self) -> bool:
        """Whether all images are rendered; a merged data set may also contain photographs."""
        return self.rendered == self.images.total()

    def labels_of(self, split: str | None = None, category: int | None = None) -> int:
        """Number of labels, optionally only of one split or of one category."""
        return sum(
            number
            for (of_split, of_category), number in self.labels.items()
            if split in (None, of_split) and category in (None, of_category)
        )
