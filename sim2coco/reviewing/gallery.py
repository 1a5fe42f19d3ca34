"""Reads the images of a data set in the background, while a page already shows the first of them."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import Dataset
from sim2coco.datasets.verdicts import image_name
from sim2coco.reviewing.audits import Audited
from sim2coco.statistics.labels import measure_labels


@dataclass(frozen=True, slots=True)
class Entry:
    """A summary of an image, without its labels.

    Attributes:
        name: The image's name in verdicts.
        image: The image without labels.
        labels: Number of labels.
        categories: The distinct category indices of its labels.
        visible: The lowest visible fraction of its labels; None if it is not known.
        reasons: The distinct reasons why some of its objects have no label.
        audited: The audit's findings for the image; None without an audit.
    """

    name: str
    image: LabelledImage
    labels: int
    categories: tuple[int, ...]
    visible: float | None
    reasons: tuple[str, ...]
    audited: Audited | None


def entry_of(image: LabelledImage, audits: Mapping[str, Audited]) -> Entry:
    """Returns the summary of an image for the review.

    Args:
        image: The image with its labels.
        audits: The audit's findings for images, keyed by the path of the image file in the data set.
    """
    visible = [measures.visible_fraction for measures in measure_labels(image)]
    return Entry(
        name=image_name(image.split, image.name),
        image=replace(image, labels=(), ignored=None, facts={}, camera=None, other_files={}),
        labels=len(image.labels),
        categories=tuple(sorted({label.category for label in image.labels})),
        visible=min((share for share in visible if share is not None), default=None),
        reasons=tuple(sorted({ignored.reason for ignored in image.ignored or ()})),
        audited=audits.get(image.path),
    )


class Gallery:
    """The images of a data set, read by a background thread; nothing else reads the data set.

    Args:
        dataset: The data set.
        audits: The audit's findings for images, keyed by the path of the image file in the data set.

    Attributes:
        entries: The images that have been read so far.
        ranks: Dict from the name of an image to its index in `entries`.
        complete: Whether all images have been read.
        error: Why reading has ended early; "" if it has not.
    """

    def __init__(self, dataset: Dataset, audits: Mapping[str, Audited]) -> None:
        """Begins to read."""
        self.dataset = dataset
        self.entries: list[Entry] = []
        self.ranks: dict[str, int] = {}
        self.complete, self.error = False, ""
        self._audits = audits
        self._wanted: SimpleQueue[tuple[LabelledImage, Future[LabelledImage]]] = SimpleQueue()
        # A daemon thread ends with the process; reading a large annotation file cannot be stopped in the
        # middle.
        Thread(target=self._work, daemon=True).start()

    @property
    def root(self) -> Path:
        """The folder of the data set."""
        return self.dataset.root

    def labelled(self, rank: int) -> LabelledImage:
        """Returns the image of `entries[rank]`, with its labels.

        Raises:
            DataSetError: The data set has changed, and the image cannot be read.
        """
        answer: Future[LabelledImage] = Future()
        self._wanted.put((self.entries[rank].image, answer))
        return answer.result()

    def _work(self) -> None:
        try:
            for image in self.dataset.images():
                entry = entry_of(image, self._audits)
                self.ranks[entry.name] = len(self.entries)
                self.entries.append(entry)
                while not self._wanted.empty():
                    self._answer()
        except DataSetError as error:
            self.error = str(error)
        except Exception as error:  # otherwise the page would wait forever
            self.error = f"{self.root}: cannot be read ({error!r})"
        self.complete = True
        while True:
            self._answer()

    def _answer(self) -> None:
        """Waits for the next call of `labelled`, and answers it."""
        image, answer = self._wanted.get()
        try:
            answer.set_result(self.dataset.find(image.name, image.split))
        except Exception as error:
            answer.set_exception(error)
