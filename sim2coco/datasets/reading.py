"""Reads finished data sets: our own, and COCO data sets of any tool in the common layouts.

Annotation files of any size are read in bounded memory: their entries are put into a temporary database, and
come out image by image.
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
        root: Its folder.
        info: What all its images share.
    """

    @property
    def root(self) -> Path:
        """Its folder."""

    @property
    def info(self) -> DatasetInfo:
        """What all its images share."""

    @property
    def identity(self) -> str:
        """64 hex digits: of the run that made it, or else a hash of its annotation files."""

    def sizes(self) -> Mapping[str, Size]:
        """The number of images and of annotations of each split, in the order of the splits."""

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yields the labelled images of a split, or of all, always in the same order.

        Raises:
            DataSetError: An annotation is invalid, or an image file is missing.
        """

    def find(self, name: str, split: str | None = None) -> LabelledImage:
        """Finds an image by its name, with or without folder and suffix.

        Raises:
            DataSetError: No image of this split has the name, or several have.
        """


def has_depth(data: Dataset) -> bool:
    """Whether a data set has depth files, which data sets that are made from others do not take over."""
    return (data.root / "depth").is_dir()


def open_dataset(root: Path) -> Dataset:
    """Opens a data set: a run with its records, or any COCO data set.

    Data sets of sim2coco are read from their records, which hold camera and poses too.

    Args:
        root: Its folder; `sim2coco.check.layout` says where annotations and images are looked for.

    Raises:
        DataSetError: The folder is not a data set, is an unfinished run, or its annotation files are invalid.
    """
    if not root.is_dir():
        raise DataSetError(f"{root}: no such folder")
    if (root / "run.json").exists() and (root / "records").is_dir():
        return open_run(root)
    return open_coco(root)


def open_coco(root: Path) -> "CocoDataset":
    """Opens a data set by its annotation files only; see `open_dataset`."""
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
    """Opens one annotation file whose images lie anywhere; they are those of a split `train`.

    Raises:
        DataSetError: The file is invalid.
    """
    part = _Part(Folder(file.parent, ours=False), "train", file.name, images)
    return CocoDataset(
        file.parent, replace(joined([part.head.info], ["train"]), amodal=False), {"train": part}
    )


@contextmanager
def _advised(root: Path) -> Iterator[None]:
    """Adds the advice to check the data set to errors in its files."""
    try:
        yield
    except DataSetError as error:
        raise DataSetError(f"{error}; `sim2coco check {root}` lists all faults") from error


class _Part:
    """A split: its annotation files, and what they state, read when it is needed."""

    def __init__(self, folder: Folder, split: str, name: str, images: Path | None = None) -> None:
        """Reads categories and licences; None means that the images lie in a usual place."""
        self._folder, self._split, self._name, self._images = folder, split, name, images
        amodal = folder.root / amodal_file(folder, name)
        self.file, self.amodal = folder.root / name, amodal if amodal.exists() else None
        self.head: Head = read_head(self.file)

    @cached_property
    def index(self) -> Index:
        """Its images and annotations."""
        return index_file(self.file, self.amodal)

    @cached_property
    def images(self) -> Path:
        """The folder of its image files."""
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
        """A hash of the contents of its annotation files."""
        found = sha256()
        for split, part in sorted(self.parts.items()):
            with part.file.open("rb") as file:
                found.update(f"{split}\n{file_digest(file, 'sha256').hexdigest()}\n".encode())
        return found.hexdigest()

    def sizes(self) -> dict[str, Size]:
        """The number of images and of annotations of each split."""
        with _advised(self.root):
            indices = {split: part.index for split, part in self.parts.items()}
        return {split: Size(index.num_images, index.num_annotations) for split, index in indices.items()}

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yields the labelled images, split by split, in the order of the annotation files."""
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
    """Says that no image, or that several images have a name."""
    if not found:
        return f"no image {name!r}"
    told = ", ".join("/".join(pair) for pair in found[:4])
    return f"{len(found)} images are called {name!r}: {told}; add --split, or the folder and the suffix"
