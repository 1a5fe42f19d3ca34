"""Opens sim2coco data sets with their records."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim2coco.check import values
from sim2coco.check.values import violations
from sim2coco.datasets.categories import joined, read_head
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage
from sim2coco.datasets.labels import is_file, valid_mask
from sim2coco.datasets.own import labelled_image, labelled_images
from sim2coco.datasets.size import Size
from sim2coco.datasets.streaming import entries
from sim2coco.ordinary import read_ordinary
from sim2coco.records import from_bytes, picture_key, record_name, record_names
from sim2coco.storage import Storage
from sim2coco.store import LocalStore

REPAIR = "run the generate command of the data set again to repair it"
MAX_RUN_BYTES = 2**26
"""Maximum size of `run.json`; a run with a hundred thousand meshes stays below it."""
OF_PICTURES = {"name": values.FILE, "split": values.FILE, "width": values.SIDE, "height": values.SIDE}
"""Validation rules for an image in a record."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A sim2coco data set with its records, which contain cameras and poses.

    Attributes:
        root: The data set folder.
        info: The data set's metadata.
        identity: Hash of everything that determines the data set: the recipe, the meshes and the versions.
        num_views: Number of accepted views; 0 while the run is unfinished.
    """

    root: Path
    info: DatasetInfo
    identity: str
    num_views: int

    def sizes(self) -> dict[str, Size]:
        """Returns the numbers of images and annotations of each split that has an annotation file."""
        files = {split: _annotations(self.root, split) for split in self.info.splits}
        written = {split: file for split, file in files.items() if file.exists()}
        counts = {split: Counter(item.key for item in entries(file)) for split, file in written.items()}
        return {split: Size(found["images"], found["annotations"]) for split, found in counts.items()}

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yields the labelled images in scene order."""
        store = LocalStore(self.root)
        scenes = sum(1 for _ in record_names(store))
        with _told(self.root):
            for image in labelled_images(store, self.info, scenes, self.num_views):
                if split in (None, image.split):
                    yield self._valid(image)

    def find(self, name: str, split: str | None = None) -> LabelledImage:
        """Finds an image by its name, even in an unfinished run."""
        stem = Path(name).stem
        key = picture_key(f"{stem}.jpg")
        store = LocalStore(self.root)
        if key is None or not store.exists(record_name(key[0])):
            raise DataSetError(f"{self.root}: no image {name!r}; names look like s000057_v02")
        with _told(self.root):
            record = from_bytes(store.get(record_name(key[0])))
            for view in record.views:
                for picture in view.pictures:
                    if Path(picture.name).stem == stem and split in (None, record.split):
                        return self._valid(labelled_image(store, self.info, record, view, picture))
        where = "" if split is None else f" in split {split}"
        raise DataSetError(f"{self.root}: scene {key[0]} has no accepted image {name!r}{where}")

    def _valid(self, image: LabelledImage) -> LabelledImage:
        """Returns the image after checking its file and its labels, because records may have been edited."""
        stated = {key: getattr(image, key) for key in OF_PICTURES}
        for what in violations(stated, OF_PICTURES):
            raise ValueError(what)
        for name in image.other_files:
            for what in violations({"other_files": name}, {"other_files": values.PATH}):
                raise ValueError(what)
        if image.split not in self.info.splits:
            raise ValueError(f"split {image.split!r} does not exist")
        if not is_file(image.file):
            raise DataSetError(f"{image.file}: missing; {REPAIR}")
        categories = [label.category for label in image.labels]
        categories += [ignored.category for ignored in image.ignored or ()]
        if not all(0 <= category < len(self.info.categories) for category in categories):
            raise ValueError("a category is unknown")
        for label in image.labels:
            for counts in dict.fromkeys(_masks(label)):  # for an unoccluded object, both masks are equal
                valid_mask(counts, image.height, image.width)
        return image


def _masks(label: Label) -> Iterator[str]:
    if label.counts is not None:
        yield label.counts
    if label.amodal is not None:
        yield label.amodal.counts


@contextmanager
def _told(root: Path) -> Iterator[None]:
    """Context manager that converts exceptions raised while a record is read to `DataSetError`."""
    try:
        yield
    except DataSetError:
        raise
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        told = str(error).split("\n")[0]
        raise DataSetError(f"{root}: a record cannot be read ({told}); {REPAIR}") from error


def _annotations(root: Path, split: str) -> Path:
    return root / "annotations" / f"instances_{split}.json"


def read_run(root: Path) -> dict[str, Any]:
    """Reads `run.json`, which must contain at least the number of images and the categories.

    Raises:
        DataSetError: The file is missing or invalid.
    """
    return _run(lambda: read_ordinary(root / "run.json", MAX_RUN_BYTES), root)


def run_in(store: Storage) -> dict[str, Any]:
    """Reads `run.json` from any storage; see `read_run`."""
    if isinstance(store, LocalStore):
        return read_run(store.root)
    return _run(lambda: store.get("run.json"), store)


def _run(content: Callable[[], bytes], data: object) -> dict[str, Any]:
    try:
        run: dict[str, Any] = json.loads(content())
        if type(run["num_images"]) is not int or type(run["recipe"]["assets"]["categories"]) is not dict:
            raise TypeError
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        raise DataSetError(
            f"{data}: not a data set made by sim2coco generate (it has no readable run.json)"
        ) from None
    return run


def category_names(run: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns all category names of a run: objects, defects and regions."""
    recipe = run["recipe"]
    scene = recipe.get("scene")
    defects = scene.get("defects") if isinstance(scene, dict) else None
    regions = run.get("regions")
    named = regions.get("categories") if isinstance(regions, dict) else None
    others = (name for names in (defects, named) if isinstance(names, dict) for name in names)
    return (*recipe["assets"]["categories"], *others)


def open_run(root: Path) -> Run:
    """Opens a sim2coco data set.

    Raises:
        DataSetError: `run.json` or an annotation file cannot be read.
    """
    run = read_run(root)
    try:
        names = category_names(run)
        splits = tuple(name for name in run["recipe"].get("split") or {} if name != "by")
        identity, views = str(run["identity"]), int(run["num_images"])
        depth_scale_mm = float((run["recipe"].get("image") or {}).get("depth_scale_mm", 1.0))
        if not re.fullmatch("[0-9a-f]{64}", identity):
            raise ValueError("an identity has 64 hex digits")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataSetError(f"{root}: not a data set (it has no readable run.json)") from None
    files = [_annotations(root, split) for split in splits]
    heads = [read_head(file).info for file in files if file.exists()]
    if heads:
        info = replace(joined(heads, splits), amodal=True, about={}, depth_scale_mm=depth_scale_mm)
    else:
        info = DatasetInfo(splits, names, names, amodal=True, depth_scale_mm=depth_scale_mm)
    return Run(root, info, identity, views)
