"""The interface of annotation formats: a format receives every labelled image once and writes files."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack

from scenes.settings import Kind
from sim2coco.export.dataset import DatasetInfo, LabelledPicture
from sim2coco.store import Store

Add = Callable[[LabelledPicture], None]
"""Function that a format provides; it is called once for each labelled image."""


class Format(Kind):
    """An annotation format. Its fields are its settings; it must not change labels."""

    @abstractmethod
    def write(self, store: Store, info: DatasetInfo) -> AbstractContextManager[Add]:
        """Writes the annotations of a data set.

        Most formats implement this as a generator decorated with `contextmanager`. It yields a function that
        is then called with the images one by one, and it writes the files after the `yield`. Code after
        the `yield` does not run if an exception occurs, so no incomplete files are written.

        Args:
            store: The data set to write to.
            info: Splits, categories and licences of the data set.

        Returns:
            A context manager that provides the function; the files are complete when the context ends.
        """


def write_formats(
    formats: Iterable[Format], store: Store, info: DatasetInfo, pictures: Iterable[LabelledPicture]
) -> Counter[str]:
    """Writes the annotations in several formats, in one pass over the images.

    Args:
        formats: The formats.
        store: The data set to write to.
        info: Splits, categories and licences of the data set.
        pictures: The labelled images, in the order of scenes.

    Returns:
        The number of labels of each category, in the order of the configuration.
    """
    labels = [0] * len(info.categories)
    with ExitStack() as stack:
        adds = [stack.enter_context(format.write(store, info)) for format in formats]
        for labelled in pictures:
            for add in adds:
                add(labelled)
            for label in labelled.picture.annotations:
                labels[label.category] += 1
    return Counter(dict(zip(info.categories, labels, strict=True)))
