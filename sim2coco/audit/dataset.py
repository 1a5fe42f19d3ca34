"""Reads the images of a data set with their labels from its annotation files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.errors import AuditError
from sim2coco.check.files import content_of, opened
from sim2coco.check.folder import MAX_BYTES
from sim2coco.check.jsontext import Decoder, NotJson
from sim2coco.check.masks import Runs, mask_of
from sim2coco.check.stream import NotObject, items

AMODAL = ("annotations_amodal/amodal_{}.json", "annotations/amodal_{}.json")
"""Locations of a split's amodal file; earlier versions of sim2coco used the second."""

MAX_RUN_BYTES = 2**26
"""Maximum size of `run.json`; a run with a hundred thousand meshes stays below it."""


@dataclass(slots=True)
class Image:
    """An image with its labels.

    Attributes:
        split: Name of its split.
        name: File name.
        scene: Index of its scene.
        labels: Annotations with visible masks, in the order of the annotation file.
        amodal: Dict from annotation id to the annotation with the amodal mask.
    """

    split: str
    name: str
    scene: int
    labels: list[dict[str, Any]] = field(default_factory=list)
    amodal: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Path of the image file, relative to the data set."""
        return f"images/{self.split}/{self.name}"

    @property
    def record(self) -> str:
        """Path of the scene's record, relative to the data set."""
        return f"records/{self.scene // 1000:03d}/{self.scene:06d}.json"


@dataclass(frozen=True, slots=True)
class DataSet:
    """The audited part of a data set.

    Attributes:
        root: The data set folder.
        run: The content of `run.json`.
        categories: Dict from category id to name.
        images: The chosen images, split by split, in the order of the annotation files.
        total: Number of images in the whole data set.
    """

    root: Path
    run: Mapping[str, Any]
    categories: Mapping[int, str]
    images: tuple[Image, ...]
    total: int


def read_json(file: Path, max_bytes: int = MAX_BYTES) -> Any:
    """Reads a JSON file, such as a record.

    Raises:
        OSError: The file cannot be read, is not a regular file, or is longer than `max_bytes`.
        ValueError: The content is not JSON, or is nested too deeply.
    """
    return Decoder().decode_all(content_of(file, max_bytes))


def read_data_set(root: Path, sample: int | None, seed: int) -> DataSet:
    """Reads a data set, keeping only the annotations of the chosen images.

    Args:
        root: The data set folder.
        sample: Number of images to choose; None for all.
        seed: Seed for the choice: the images with the smallest hashes of seed and file name are chosen.

    Raises:
        AuditError: The folder is not a finished sim2coco data set, or one of its files cannot be read.
    """
    run = read_run(root)
    splits = sorted(
        path.stem.removeprefix("instances_") for path in root.glob("annotations/instances_*.json")
    )
    if not splits:
        raise AuditError(
            f"{root}: has no annotations/instances_<split>.json; "
            "if the run is unfinished, run the same command to continue it"
        )
    chosen, total = _chosen(root, splits, sample, seed)
    categories: dict[int, str] = {}
    for split in splits:
        _add_labels(
            root, split, {number: image for number, image in chosen if image.split == split}, categories
        )
    return DataSet(root, run, categories, tuple(image for _, image in chosen), total)


def read_run(root: Path) -> dict[str, Any]:
    """Reads `run.json`.

    Raises:
        AuditError: The file is missing or invalid.
    """
    try:
        run: dict[str, Any] = read_json(root / "run.json", MAX_RUN_BYTES)
        assets = run["recipe"]["assets"]
        trees = (assets["categories"], assets.get("distractors", {}), run.get("sources", {}))
        if not all(isinstance(one, dict) for tree in trees for one in (tree, *tree.values())):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise AuditError(f"{root}: not a sim2coco data set (it has no readable run.json)") from None
    return run


def _chosen(
    root: Path, splits: list[str], sample: int | None, seed: int
) -> tuple[list[tuple[int, Image]], int]:
    """Returns the chosen images with their ids, in file order, and the total number of images."""
    rank = -1

    def ranked() -> Iterator[tuple[int, int, Image]]:
        nonlocal rank
        for split in splits:
            for number, image in _listed(root, split):
                rank += 1
                yield rank, number, image

    if sample is None:
        found = list(ranked())
    else:
        found = sorted(nsmallest(sample, ranked(), lambda entry: _hash(f"{seed} {entry[2].file}")))
    return [(number, image) for _, number, image in found], rank + 1


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _listed(root: Path, split: str) -> Iterator[tuple[int, Image]]:
    """Yields (id, image) for each image of a split, without labels."""
    with _entries(root, f"annotations/instances_{split}.json", "images") as entries:
        for entry in entries:
            yield int(entry["id"]), Image(split, str(entry["file_name"]), int(entry["scene"]))


def _add_labels(root: Path, split: str, images: Mapping[int, Image], categories: dict[int, str]) -> None:
    """Adds a split's annotations to its chosen `images`, and its categories to `categories`."""
    visible = f"annotations/instances_{split}.json"
    with _entries(root, visible, "categories") as entries:
        categories.update({int(entry["id"]): str(entry["name"]) for entry in entries})
    with _entries(root, visible, "annotations") as entries:
        for entry in entries:
            if entry["image_id"] in images:
                images[entry["image_id"]].labels.append(entry)
    amodal = next((name for name in (one.format(split) for one in AMODAL) if (root / name).is_file()), None)
    if amodal is None:
        return
    with _entries(root, amodal, "annotations") as entries:
        for entry in entries:
            if entry["image_id"] in images:
                images[entry["image_id"]].amodal[entry["id"]] = entry


@contextmanager
def _entries(root: Path, name: str, key: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Provides an iterator that reads the list `key` of an annotation file entry by entry.

    Raises:
        AuditError: The file cannot be read, or an entry is incomplete.
    """
    try:
        with opened(root / name) as file:
            yield _items(file, key)
    except OSError as error:
        raise AuditError(f"{root / name}: cannot be read: {error.strerror}") from error
    except (NotJson, NotObject):
        raise AuditError(f"{root / name}: is not valid JSON; run sim2coco check for details") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, AuditError):
            raise
        raise AuditError(f"{root / name}: {key} are incomplete; run sim2coco check for details") from None


def _items(file: BinaryIO, key: str) -> Iterator[dict[str, Any]]:
    return (item.value for item in items(file) if item.key == key and item.rank is not None)


def mask_in(entry: Mapping[str, Any], height: int, width: int) -> NDArray[np.bool_]:
    """Decodes the mask (H, W) of an annotation.

    Raises:
        ValueError: The mask is invalid, or does not fit the image.
    """
    return expanded(mask_of(entry["segmentation"], height, width), width)


def expanded(runs: Runs, width: int) -> NDArray[np.bool_]:
    """Decodes a run-length encoded mask to (H, W)."""
    steps = np.zeros(runs.height * width + 1, np.int8)
    np.add.at(steps, runs.starts, 1)
    np.add.at(steps, runs.ends, -1)
    return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_).reshape(width, runs.height).T
