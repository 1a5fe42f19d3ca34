"""Interface of annotation formats: a format receives every labelled image once and writes files."""

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
"""The function that a format provides; it is called once for each labelled image."""


class Format(Kind):
    """An annotation format. Its fields are its settings; it must not change labels."""

    folders: ClassVar[tuple[str, ...]] = ()
    """Top-level folders with files named like images. In these folders, a run deletes the files of images
    that do not belong to the data set."""
    by_stem: ClassVar[bool] = False
    """Whether readers find an image's labels by its name without suffix. If so, `a.jpg` and `a.png` in the
    same split get different stems, in all formats written together, because formats may share image files."""
    needs: ClassVar[str] = ""
    """The end of the error message for a data set without any image that the format can represent."""

    def about(self) -> str:
        """Returns the first line of the class docstring, which describes the format."""
        return (type(self).__doc__ or self.kind).strip().partition("\n")[0]

    def check(self, recipe: Recipe, catalogue: Catalogue) -> None:
        """Checks, before a run begins, that the format can represent what the settings generate.

        Raises:
            CatalogueError: The format cannot represent what these settings generate; the message names them.
        """

    def represents(self, image: LabelledImage) -> bool:
        """Returns whether the format can represent an image; most formats can represent all."""
        return True

    @abstractmethod
    def write(self, target: Store, info: DatasetInfo) -> AbstractContextManager[Add]:
        """Writes the annotations of a data set, and links image files to where the format expects them.

        Most formats implement this method as a generator decorated with `contextmanager`. The generator
        yields a function, which is then called with each image. After the `yield`, it writes the annotation
        files. If an exception occurs, the code after the `yield` does not run, so no incomplete files are
        written.

        `target.link(image.file, name)` links an image file into the target. A format with images in
        `images/<split>/`, like sim2coco's own layout, passes `image.path` as the name; if the target is the
        data set itself, this does nothing.

        Args:
            target: The folder to write to: the data set itself, or a new folder.
            info: Metadata of the whole data set: splits, categories, licences.

        Returns:
            A context manager that provides the function to call with each image; the files are complete
            when the context exits.
        """


def write_formats(
    formats: Sequence[Format], target: Store, info: DatasetInfo, images: Iterable[LabelledImage]
) -> Counter[str]:
    """Writes the annotations in several formats, in one pass over the images.

    Args:
        formats: The formats.
        target: The folder to write to: the data set itself, or a new folder.
        info: Metadata of the whole data set.
        images: The labelled images of the data set.

    Returns:
        The number of labels, keyed by category name, in category order.
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
