"""The interface of annotation formats: a format receives every labelled image once and writes files."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import ClassVar

from scenes.assets.catalogue import Catalogue
from scenes.settings import Kind
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.names import Names
from sim2coco.recipe import Recipe
from sim2coco.storage import Store

Add = Callable[[LabelledImage], None]
"""Function that a format provides; it is called once for each labelled image."""


class Format(Kind):
    """An annotation format. Its fields are its settings; it must not change labels."""

    folders: ClassVar[tuple[str, ...]] = ()
    """Top-level folders with files that are named like images. A run deletes in them the files of images that
    do not belong to the data set."""
    by_stem: ClassVar[bool] = False
    """Whether readers find the labels of an image by its name without suffix. Then `a.jpg` and `a.png` of one
    split get names of their own, in all formats that are written together: they may share the image files."""
    needs: ClassVar[str] = ""
    """What an image needs that the format can represent, for a data set in which no image has it."""

    def about(self) -> str:
        """What the format is, in a sentence: the first one of the description of its class."""
        return (type(self).__doc__ or self.kind).strip().partition("\n")[0]

    def check(self, recipe: Recipe, catalogue: Catalogue) -> None:
        """Refuses, before a run begins, settings that give what the format cannot represent.

        Raises:
            CatalogueError: There are such settings; the message says which.
        """

    def represents(self, image: LabelledImage) -> bool:
        """Whether the format can represent anything of an image; most formats leave no image out."""
        return True

    @abstractmethod
    def write(self, target: Store, info: DatasetInfo) -> AbstractContextManager[Add]:
        """Writes the annotations of a data set, and links the image files to where the format expects them.

        Most formats implement this as a generator decorated with `contextmanager`. It yields a function that
        is then called with the images one by one, and it writes the annotation files after the `yield`. Code
        after the `yield` does not run if an exception occurs, so no incomplete files are written.

        `target.link(image.file, name)` puts an image file into the target. A format whose images lie in
        `images/<split>/`, like ours, links them under `image.path`: where the target is the data set itself,
        nothing happens.

        Args:
            target: The folder to write to: the data set itself, or a new folder.
            info: What all images share: splits, categories, licences.

        Returns:
            A context manager that provides the function; the files are complete when the context ends.
        """


def write_formats(
    formats: Sequence[Format], target: Store, info: DatasetInfo, images: Iterable[LabelledImage]
) -> Counter[str]:
    """Writes the annotations in several formats, in one pass over the images.

    Args:
        formats: The formats.
        target: The folder to write to: the data set itself, or a new folder.
        info: What all images share.
        images: The labelled images, in order.

    Returns:
        The number of labels of each category, in the order of the categories.
    """
    labels = [0] * len(info.categories)
    names = Names()
    by_stem = any(format.by_stem for format in formats)
    with ExitStack() as stack:
        adds = [stack.enter_context(format.write(target, info)) for format in formats]
        for image in map(names.by_stem, images) if by_stem else images:
            for add in adds:
                add(image)
            for label in image.labels:
                labels[label.category] += 1
    return Counter(dict(zip(info.categories, labels, strict=True)))
