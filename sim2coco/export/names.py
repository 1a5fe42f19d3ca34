"""Unique image names, for formats that keep all images in one folder or find labels by image name."""

from dataclasses import replace
from pathlib import PurePosixPath

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage


class Names:
    """Gives each image a unique name, by appending a number to names that are taken.

    Names that differ only in case count as equal, because many file systems are case-insensitive.
    """

    def __init__(self) -> None:
        """Begins without taken names."""
        self._taken: set[str] = set()

    def flat(self, image: LabelledImage) -> str:
        """Returns a unique name that contains neither `/` nor a suffix.

        It is the name of the image, folders included, with `_` in place of `/` and `.`. If it is taken, the
        split is prepended. If that is taken too, a number is appended.
        """
        path = PurePosixPath(image.name)
        stem = path.with_suffix("").as_posix().replace("/", "_").replace(".", "_")
        return self._free(stem if stem.casefold() not in self._taken else f"{image.split}_{stem}")

    def by_stem(self, image: LabelledImage) -> LabelledImage:
        """Returns a copy of the image whose name is unique in its split even if suffixes are ignored.

        Folders in the name are kept; only a folder `images` becomes `images_`.
        """
        stem = PurePosixPath(image.name).with_suffix("").as_posix()
        # Ultralytics replaces the last folder named `images` in an image path with `labels`.
        stem = "/".join("images_" if part == "images" else part for part in stem.split("/"))
        unique = self._free(f"{image.split}/{stem}").partition("/")[2]
        return replace(image, name=f"{unique}{suffix(image, lower=False)}")

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free.casefold())
        return free


def suffix(image: LabelledImage, lower: bool = True) -> str:
    """Returns the suffix of an image file with the dot, in lower case if `lower`.

    Raises:
        DataSetError: The file has no suffix, by which readers recognise images.
    """
    found = PurePosixPath(image.name).suffix
    if not found:
        raise DataSetError(
            f"{image.path}: has no suffix such as .jpg, by which readers recognise images; add one"
        )
    return found.lower() if lower else found


def stem(image: LabelledImage) -> str:
    """Returns the name of an image with its folders, without suffix."""
    return PurePosixPath(image.name).with_suffix("").as_posix()
