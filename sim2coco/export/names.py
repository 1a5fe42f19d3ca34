"""Unique names of images, for formats that keep all in one folder or find labels by their names."""

from pathlib import PurePosixPath

from sim2coco.datasets.labelled import LabelledImage


class Names:
    """Gives each image a name that no other image has. Of names that differ, most stay as they are."""

    def __init__(self) -> None:
        """Knows no names yet."""
        self._taken: set[str] = set()

    def flat(self, image: LabelledImage) -> str:
        """Returns a name without folder, dot and suffix; where it is taken, the split is put before it."""
        path = PurePosixPath(image.name)
        stem = path.with_suffix("").as_posix().replace("/", "_").replace(".", "_")
        return self._free(stem if stem not in self._taken else f"{image.split}_{stem}")

    def in_split(self, image: LabelledImage) -> str:
        """Returns a name without suffix, unique within the split; it keeps the folders of the image."""
        stem = PurePosixPath(image.name).with_suffix("").as_posix()
        # Ultralytics replaces the last folder of this name in the path of an image by `labels`.
        stem = "/".join("images_" if part == "images" else part for part in stem.split("/"))
        return self._free(f"{image.split}/{stem}").partition("/")[2]

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free


def suffix(image: LabelledImage) -> str:
    """The suffix of an image file in lower case, with the dot."""
    return PurePosixPath(image.name).suffix.lower()
