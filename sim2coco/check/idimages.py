"""Checks instance id and semantic id images against the masks of the labels, pixel by pixel."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim2coco.check.files import is_file, opened
from sim2coco.check.folder import Folder
from sim2coco.check.masks import run_lengths, runs_from_lengths
from sim2coco.check.values import Entry

Numbers = NDArray[np.int64]

FOLDERS = ("instance_ids", "semantic_ids")
WITHOUT_LABEL = {"L": 255, "I;16": 65535}
"""The pixel value of unlabelled objects (ignore index), by Pillow image mode."""
MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)


def check_id_images(folder: Folder, picture: Entry) -> None:
    """Checks the instance id and semantic id images of an image, if they exist, against its masks.

    Args:
        folder: The data set.
        picture: The image's entry in a record.
    """
    listed = picture.get("other_files")
    for name in listed if type(listed) is dict else ():
        if name.partition("/")[0] in FOLDERS and is_file(folder.root / name):
            for what in _faults(folder, name, picture):
                folder.at(name).fault("ids", what)


def _faults(folder: Folder, name: str, picture: Entry) -> Iterator[str]:
    try:
        with warnings.catch_warnings(), opened(folder.root / name) as file:
            warnings.simplefilter("ignore")  # large-image warnings; the size is compared first
            with Image.open(file, formats=("PNG",)) as image:
                if image.size != (picture["width"], picture["height"]) or image.mode not in WITHOUT_LABEL:
                    yield "is not a greyscale image with the image's width and height"
                    return
                found, without = np.asarray(image).astype(np.int64), WITHOUT_LABEL[image.mode]
        expected = _expected(picture, name.startswith(FOLDERS[0]))
    except MALFORMED as error:
        yield f"cannot be compared with the labels ({type(error).__name__})"
        return
    except Exception as error:  # decoders may raise any exception for a broken image
        yield f"cannot be decoded: {error}"[:200]
        return
    wrong = np.count_nonzero(np.where(found == without, 0, found) != expected)
    if wrong:
        yield f"{wrong} px differ from the masks"


def _expected(picture: Entry, instances: bool) -> Numbers:
    """Returns the correct id image (H, W) of an image, computed from the masks of its labels.

    Args:
        picture: The image's entry in a record.
        instances: Whether the numbers are those of instances; otherwise, they are those of categories. The
            background is 0.
    """
    height, width = picture["height"], picture["width"]
    flat = np.zeros(height * width, np.int64)
    for label in picture["annotations"]:
        # A defect lies on its object, and follows it in the list.
        if label.get("on") is None or not instances:
            runs = runs_from_lengths(run_lengths(label["counts"]), height, width)
            value = label["instance"] if instances else label["category"] + 1
            for start, end in zip(runs.starts.tolist(), runs.ends.tolist(), strict=True):
                flat[start:end] = value
    return flat.reshape(width, height).T
