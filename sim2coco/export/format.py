"""What a format is: a class that is given every labelled picture once, and writes files of annotations."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack

from scenes.settings import Kind
from sim2coco.export.dataset import DatasetInfo, LabelledPicture
from sim2coco.store import Store

Add = Callable[[LabelledPicture], None]
"""Takes the next labelled picture."""


class Format(Kind):
    """A format of annotations. It reads labels and changes none; its fields are its settings."""

    @abstractmethod
    def write(self, store: Store, info: DatasetInfo) -> AbstractContextManager[Add]:
        """Writes the annotations of a data set.

        Most formats are a `contextmanager`: they yield a function that takes one picture after the other,
        and after the `yield`, which is not passed if anything goes wrong, put their files in place.

        Args:
            store: The data set, to write to.
            info: What its pictures share.

        Returns:
            A context that gives the function that takes pictures; the files are there when it is left.
        """


def write_formats(
    formats: Iterable[Format], store: Store, info: DatasetInfo, pictures: Iterable[LabelledPicture]
) -> Counter[str]:
    """Writes a data set in several formats; the pictures are gone through once.

    Args:
        formats: Which.
        store: Where to.
        info: What the pictures share.
        pictures: In the order of scenes.

    Returns:
        How many labels each category has, in the order of the configuration.
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
