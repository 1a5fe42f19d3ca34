"""The images of a data set in the order of the data set, read while a page shows them already."""

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
    """What is known of an image without its labels.

    Attributes:
        name: Its name in verdicts.
        image: The image without labels.
        labels: Number of labels.
        categories: The indices of the categories of its labels, each once.
        visible: The lowest visible fraction of its labels; None if it is not known.
        reasons: Why objects of it have no labels, each once.
        audited: What the audit says of it, if there was one.
    """

    name: str
    image: LabelledImage
    labels: int
    categories: tuple[int, ...]
    visible: float | None
    reasons: tuple[str, ...]
    audited: Audited | None


def entry_of(image: LabelledImage, audits: Mapping[str, Audited]) -> Entry:
    """The entry of an image."""
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
    """The images of a data set; a thread of its own reads them, and nothing else reads the data set.

    Args:
        dataset: The data set.
        audits: What the audit says of images, by the name of the file.

    Attributes:
        entries: The images that have been read so far.
        ranks: Their places in `entries`, by name.
        complete: Whether all have been read.
        error: Why reading has ended before; "" if it has not.
    """

    def __init__(self, dataset: Dataset, audits: Mapping[str, Audited]) -> None:
        """Begins to read."""
        self.dataset = dataset
        self.entries: list[Entry] = []
        self.ranks: dict[str, int] = {}
        self.complete, self.error = False, ""
        self._audits = audits
        self._wanted: SimpleQueue[tuple[LabelledImage, Future[LabelledImage]]] = SimpleQueue()
        # It is ended with the process: reading a large annotation file cannot be stopped in the middle.
        Thread(target=self._work, daemon=True).start()

    @property
    def root(self) -> Path:
        """The folder of the data set."""
        return self.dataset.root

    def labelled(self, rank: int) -> LabelledImage:
        """The image at a place with its labels.

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
        except Exception as error:  # without this the page would wait for ever
            self.error = f"{self.root}: cannot be read ({error!r})"
        self.complete = True
        while True:
            self._answer()

    def _answer(self) -> None:
        """Finds the next image that is wanted, with its labels."""
        image, answer = self._wanted.get()
        try:
            answer.set_result(self.dataset.find(image.name, image.split))
        except Exception as error:
            answer.set_exception(error)
