"""The images of a data set with their labels, as its annotation files tell them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import ijson
import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.errors import AuditError
from sim2coco.check.masks import Runs, mask_of

AMODAL = ("annotations_amodal/amodal_{}.json", "annotations/amodal_{}.json")
"""Where the amodal masks of a split may be; the second is that of earlier versions."""


@dataclass(slots=True)
class Image:
    """An image with its labels.

    Attributes:
        split: Its split.
        name: Its file name.
        scene: The index of its scene.
        labels: The annotations with visible masks, in order.
        amodal: The annotations with amodal masks, by id.
    """

    split: str
    name: str
    scene: int
    labels: list[dict[str, Any]] = field(default_factory=list)
    amodal: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The image file, relative to the data set."""
        return f"images/{self.split}/{self.name}"

    @property
    def record(self) -> str:
        """The record of its scene, relative to the data set."""
        return f"records/{self.scene // 1000:03d}/{self.scene:06d}.json"


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is audited.

    Attributes:
        root: The folder.
        run: The content of `run.json`.
        categories: The names of the categories by id.
        images: The chosen images, in order.
        total: The number of images of the data set.
    """

    root: Path
    run: Mapping[str, Any]
    categories: Mapping[int, str]
    images: tuple[Image, ...]
    total: int


def read_data_set(root: Path, sample: int | None, seed: int) -> DataSet:
    """Reads a data set; of its annotations only those of the chosen images are kept.

    Args:
        root: Its folder.
        sample: How many images to choose; None for all.
        seed: Which images are chosen: those whose names, with the seed, have the smallest hashes.

    Raises:
        AuditError: The folder is no finished data set of sim2coco, or a file of it cannot be read.
    """
    run = read_run(root)
    splits = sorted(
        path.stem.removeprefix("instances_") for path in root.glob("annotations/instances_*.json")
    )
    if not splits:
        raise AuditError(
            f"{root}: has no annotations/instances_<split>.json; "
            "an unfinished run is finished by the same command"
        )
    listed = {split: _listed(root, split) for split in splits}
    everything = [image for images in listed.values() for image in images.values()]
    chosen = {image.file for image in _sample(everything, sample, seed)}
    categories: dict[int, str] = {}
    for split in splits:
        kept = {number: image for number, image in listed[split].items() if image.file in chosen}
        _add_labels(root, split, kept, categories)
    images = tuple(image for image in everything if image.file in chosen)
    return DataSet(root, run, categories, images, len(everything))


def read_run(root: Path) -> dict[str, Any]:
    """The content of `run.json`.

    Raises:
        AuditError: It is missing or cannot be used.
    """
    try:
        run: dict[str, Any] = json.loads((root / "run.json").read_bytes())
        if not isinstance(run["recipe"]["assets"]["categories"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise AuditError(f"{root}: not a data set of sim2coco (it has no readable run.json)") from None
    return run


def _sample(images: list[Image], number: int | None, seed: int) -> list[Image]:
    if number is None:
        return images
    return sorted(images, key=lambda image: sha256(f"{seed} {image.file}".encode()).digest())[:number]


def _listed(root: Path, split: str) -> dict[int, Image]:
    """The images of a split, without labels, by id."""
    images: dict[int, Image] = {}
    with _entries(root, f"annotations/instances_{split}.json", "images") as entries:
        for entry in entries:
            images[int(entry["id"])] = Image(split, str(entry["file_name"]), int(entry["scene"]))
    return images


def _add_labels(root: Path, split: str, images: Mapping[int, Image], categories: dict[int, str]) -> None:
    """Adds the annotations of a split to some of its images, and its categories to the others'."""
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
    """Yields an iterator over the entries of one list of an annotation file, which is read as a stream.

    Raises:
        AuditError: The file cannot be read, or an entry lacks something.
    """
    try:
        with (root / name).open("rb") as file:
            yield _items(file, key)
    except OSError as error:
        raise AuditError(f"{root / name}: cannot be read: {error.strerror}") from error
    except (ijson.JSONError, UnicodeDecodeError):
        raise AuditError(f"{root / name}: is no JSON; sim2coco check tells what is wrong") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, AuditError):
            raise
        raise AuditError(f"{root / name}: {key} are incomplete; sim2coco check tells what is wrong") from None


def _items(file: IO[bytes], key: str) -> Iterator[dict[str, Any]]:
    return iter(ijson.items(file, f"{key}.item", use_float=True))


def mask_in(entry: Mapping[str, Any], height: int, width: int) -> NDArray[np.bool_]:
    """The mask (H, W) of an annotation.

    Raises:
        ValueError: It is invalid, or does not fit the image.
    """
    return expanded(mask_of(entry["segmentation"], height, width), width)


def expanded(runs: Runs, width: int) -> NDArray[np.bool_]:
    """The pixels (H, W) of a mask that is given as runs."""
    steps = np.zeros(runs.height * width + 1, np.int8)
    np.add.at(steps, runs.starts, 1)
    np.add.at(steps, runs.ends, -1)
    return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_).reshape(width, runs.height).T
