"""Reads finished data sets: sim2coco data sets, and COCO data sets from any tool in common layouts.

Annotation files of any size are read in bounded memory: their entries are stored in a temporary database and
read back image by image.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Protocol

from sim2coco.check.folder import Folder
from sim2coco.check.layout import EXPECTED, amodal_file, annotation_files, image_folder
from sim2coco.datasets.categories import Head, joined, read_head
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.index import Index, index_file
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.labels import Maker
from sim2coco.datasets.runs import open_run
from sim2coco.datasets.size import Size


class Dataset(Protocol):
    """A finished data set.

    Attributes:
        root: The data set folder.
        info: The data set's metadata.
    """

    @property
    def root(self) -> Path:
        """The data set folder."""

    @property
    def info(self) -> DatasetInfo:
        """The data set's metadata."""

    @property
    def identity(self) -> str:
        """Hash of the data set, as 64 hex digits.

        If the data set has records, this is the identity in its `run.json`. Otherwise, it is a hash of the
        annotation files.
        """

    def sizes(self) -> Mapping[str, Size]:
        """Returns the number of images and annotations of each split, in split order."""

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yields the labelled images of one split or of all splits, always in the same order.

        Raises:
            DataSetError: An annotation is invalid, or an image file is missing.
        """

    def find(self, name: str, split: str | None = None) -> LabelledImage:
        """Finds an image by its name, with or without folder and suffix.

        Raises:
            DataSetError: No image in this split has this name, or several images have it.
        """


def has_depth(data: Dataset) -> bool:
    """Returns whether a data set has depth files, which merge and split do not copy."""
    return (data.root / "depth").is_dir()


def open_dataset(root: Path) -> Dataset:
    """Opens a data set: a run with its records, or any COCO data set.

    sim2coco data sets are read from their records, which also contain cameras and poses.

    Args:
        root: The data set folder; `sim2coco.check.layout` lists the supported layouts.

    Raises:
        DataSetError: The folder is not a data set, is an unfinished run, or its annotation files are invalid.
    """
    if not root.is_dir():
        raise DataSetError(f"{root}: no such folder")
    if (root / "run.json").exists() and (root / "records").is_dir():
        return open_run(root)
    return open_coco(root)


def open_coco(root: Path) -> "CocoDataset":
    """Opens a data set from its annotation files only; see `open_dataset`."""
    folder = Folder(root, ours=False)
    files = annotation_files(folder)
    if not files:
        raise DataSetError(f"{root}: not a data set: {EXPECTED}")
    for split, name in files.items():
        if split.encode("utf-8", "replace").decode() != split:
            raise DataSetError(f"{root}: {name!r}: the name is not UTF-8; rename the file")
    with _advised(root):
        parts = {split: _Part(folder, split, name) for split, name in files.items()}
        heads = [part.head.info for part in parts.values()]
    amodal = all(part.amodal for part in parts.values())
    return CocoDataset(root, replace(joined(heads, [*files]), amodal=amodal), parts)


def open_annotations(file: Path, images: Path) -> "CocoDataset":
    """Opens one annotation file with images in any folder, as a data set with the split `train`.

    Raises:
        DataSetError: The file is invalid.
    """
    part = _Part(Folder(file.parent, ours=False), "train", file.name, images)
    return CocoDataset(
        file.parent, replace(joined([part.head.info], ["train"]), amodal=False), {"train": part}
    )


@contextmanager
def _advised(root: Path) -> Iterator[None]:
    """If reading `root` fails in the `with` block, adds the advice to run `sim2coco check` to the message."""
    try:
        yield
    except DataSetError as error:
        raise DataSetError(f"{error}; `sim2coco check {root}` lists all faults") from error


class _Part:
    """A split: its annotation files and their contents, which are read on demand."""

    def __init__(self, folder: Folder, split: str, name: str, images: Path | None = None) -> None:
        """Reads categories and licences; `images` is the image folder, or None to search common locations."""
        self._folder, self._split, self._name, self._images = folder, split, name, images
        amodal = folder.root / amodal_file(folder, name)
        self.file, self.amodal = folder.root / name, amodal if amodal.exists() else None
        self.head: Head = read_head(self.file)

    @cached_property
    def index(self) -> Index:
        """The images and annotations of the split."""
        return index_file(self.file, self.amodal)

    @cached_property
    def images(self) -> Path:
        """The image folder of the split."""
        if self._images is not None:
            return self._images
        found = image_folder(self._folder, self._name, self.index.names)
        return self._folder.root / (found or f"images/{self._split}")


@dataclass(frozen=True, slots=True, eq=False)
class CocoDataset:
    """A COCO data set."""

    root: Path
    info: DatasetInfo
    parts: Mapping[str, _Part]

    @property
    def identity(self) -> str:
        """A hash of the contents of the annotation files."""
        found = sha256()
        for split, part in sorted(self.parts.items()):
            with part.file.open("rb") as file:
                found.update(f"{split}\n{file_digest(file, 'sha256').hexdigest()}\n".encode())
        return found.hexdigest()

    def sizes(self) -> dict[str, Size]:
        """Returns the number of images and annotations of each split."""
        with _advised(self.root):
            indices = {split: part.index for split, part in self.parts.items()}
        return {split: Size(index.num_images, index.num_annotations) for split, index in indices.items()}

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yields the labelled images split by split, in the order of the annotation files."""
        for name in self.parts if split is None else (split,):
            with _advised(self.root):
                part = self.parts[name]
                maker = self._maker(name, part)
                for entry, annotations in part.index.images():
                    yield maker.image(entry, annotations)

    def find(self, name: str, split: str | None = None) -> LabelledImage:
        """Finds an image by its name."""
        found: list[tuple[str, str]] = []
        with _advised(self.root):
            for own_split in self.parts if split is None else (split,):
                found += [(own_split, own) for own in self.parts[own_split].index.find(name)]
        if len(found) != 1:
            raise DataSetError(f"{self.root}: {_which(name, found)}")
        ((split, own),) = found
        part = self.parts[split]
        with _advised(self.root):
            return self._maker(split, part).image(*part.index.image(own))

    def _maker(self, split: str, part: _Part) -> Maker:
        names, licences, own = self.info.categories, self.info.licences, part.head.info
        return Maker(
            split,
            part.file,
            part.images,
            {number: names.index(own.categories[rank]) for number, rank in part.head.category_of.items()},
            {number: licences.index(own.licences[rank]) for number, rank in part.head.licence_of.items()},
            self.info.skeletons,
            part.amodal is not None,
        )


def _which(name: str, found: list[tuple[str, str]]) -> str:
    """The error message for a name that no image or more than one image has."""
    if not found:
        return f"no image {name!r}"
    told = ", ".join("/".join(pair) for pair in found[:4])
    return f"{len(found)} images are called {name!r}: {told}; add --split, or give the folder and suffix"
