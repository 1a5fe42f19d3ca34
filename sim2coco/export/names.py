"""Unique names of images, for formats that keep all in one folder or find labels by their names."""

from dataclasses import replace
from pathlib import PurePosixPath

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage


class Names:
    """Gives each image a name that no other image has. Of names that differ, most stay as they are.

    Names that differ in upper and lower case only are equal, as they are on the disks of many computers.
    """

    def __init__(self) -> None:
        """Knows no names yet."""
        self._taken: set[str] = set()

    def flat(self, image: LabelledImage) -> str:
        """Returns a name without folder, dot and suffix; where it is taken, the split is put before it."""
        path = PurePosixPath(image.name)
        stem = path.with_suffix("").as_posix().replace("/", "_").replace(".", "_")
        return self._free(stem if stem.casefold() not in self._taken else f"{image.split}_{stem}")

    def by_stem(self, image: LabelledImage) -> LabelledImage:
        """Returns the image under a name that is unique in its split also without suffix; folders stay."""
        stem = PurePosixPath(image.name).with_suffix("").as_posix()
        # Ultralytics replaces the last folder of this name in the path of an image by `labels`.
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
    """The suffix of an image file with the dot, in lower case or as it is.

    Raises:
        DataSetError: It has none: readers know images by their suffix.
    """
    found = PurePosixPath(image.name).suffix
    if not found:
        raise DataSetError(f"{image.path}: has no suffix such as .jpg, by which readers know images; add one")
    return found.lower() if lower else found


def stem(image: LabelledImage) -> str:
    """The name of an image without suffix, with its folders."""
    return PurePosixPath(image.name).with_suffix("").as_posix()
