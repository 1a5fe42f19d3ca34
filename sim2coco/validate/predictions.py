"""Reads the predictions of a user's detector from a COCO results file."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim2coco.check.folder import Folder
from sim2coco.check.layout import annotation_files
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.found import Found
from sim2coco.validate.scoring import Reference

KEYS = ("image_id", "category_id", "bbox", "score")


def read_predictions(file: Path, root: Path, reference: Reference) -> tuple[Found, ...]:
    """Reads a COCO results file; returns the detections in each image of a reference.

    Image and category ids must be the ids in the reference's annotation files.

    Args:
        file: A JSON list of `{"image_id", "category_id", "bbox", "score"}`; boxes are x, y, width, height.
        root: The folder of the reference.
        reference: The test images.

    Raises:
        ValidateError: The file has another format, or an image or category id that the reference lacks.
    """
    entries = _entries(file)
    splits = dict.fromkeys(image.split for image in reference.images)
    numbers, categories = _ids(root, [*splits])
    places = {(image.split, image.name): rank for rank, image in enumerate(reference.images)}
    classes = {name: rank for rank, name in enumerate(reference.names)}
    own: list[list[tuple[list[float], float, int]]] = [[] for _ in reference.images]
    for rank, entry in enumerate(entries):
        where = f"{file}: entry {rank}"
        box, score = _numbers(entry, where)
        name = numbers.get(entry["image_id"])
        if name is None or name not in places:
            told = f"{where}: image_id {entry['image_id']!r} is not an image of the reference"
            raise ValidateError(f"{told} ({', '.join(splits)}); choose another split with --split")
        if entry["category_id"] not in categories:
            raise ValidateError(
                f"{where}: category_id {entry['category_id']!r} is not a category of the reference"
            )
        label = classes.get(categories[entry["category_id"]])
        if label is not None:
            own[places[name]].append((box, score, label))
    return tuple(_found(rows) for rows in own)


def _entries(file: Path) -> list[Any]:
    try:
        entries = json.loads(file.read_bytes())
    except OSError as error:
        raise ValidateError(f"--predictions: cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValidateError(f"--predictions: {file} is not JSON") from error
    if not isinstance(entries, list):
        told = "a list of {image_id, category_id, bbox, score}, as pycocotools loads it"
        raise ValidateError(f"--predictions: {file} must be {told}")
    return entries


def _numbers(entry: Any, where: str) -> tuple[list[float], float]:
    """Validates an entry and returns its box and score."""
    missing = [key for key in KEYS if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise ValidateError(f"{where}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    box, score = entry["bbox"], entry["score"]
    if not isinstance(entry["image_id"], int | str) or not isinstance(entry["category_id"], int):
        raise ValidateError(f"{where}: image_id and category_id must be ids of the reference")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_finite, box)) or min(box[2:]) < 0:
        raise ValidateError(f"{where}: bbox must be x, y, width, height in pixels, not {box!r:.80}")
    if not _finite(score):
        raise ValidateError(f"{where}: score must be a number, not {score!r:.80}")
    return [float(value) for value in box], float(score)


def _finite(value: object) -> bool:
    """Whether a value is a finite number below 1e9 in magnitude."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) < 1e9
    )


def _ids(root: Path, splits: Sequence[str]) -> tuple[Mapping[object, tuple[str, str]], Mapping[int, str]]:
    """Maps each image id to its split and file name, and each category id to its name."""
    files = annotation_files(Folder(root, ours=False))
    numbers: dict[object, tuple[str, str]] = {}
    categories: dict[int, str] = {}
    for split in splits:
        tree = json.loads((root / files[split]).read_bytes())
        for image in tree["images"]:
            if image["id"] in numbers:
                told = f"image id {image['id']} is in {numbers[image['id']][0]} and {split}"
                raise ValidateError(f"{root}: {told}; choose one with --split")
            numbers[image["id"]] = split, image["file_name"]
        categories |= {category["id"]: category["name"] for category in tree["categories"]}
    return numbers, categories


def _found(rows: Sequence[tuple[list[float], float, int]]) -> Found:
    """The detections of an image in descending order of score."""
    rows = sorted(rows, key=lambda row: -row[1])
    boxes = np.array([box for box, _, _ in rows], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    scores = np.array([score for _, score, _ in rows], np.float64)
    return Found(boxes, scores, np.array([label for _, _, label in rows], np.int64))
