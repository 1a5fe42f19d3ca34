"""Checks that each image entry has an intact file of the stated size, and that each file has an entry."""

import re
import warnings
from collections.abc import Collection
from pathlib import PurePosixPath

from PIL import Image, UnidentifiedImageError

from sim2coco.check.document import Document
from sim2coco.check.files import opened
from sim2coco.check.folder import Folder
from sim2coco.check.layout import AMODAL, image_folder

FORMATS = ("JPEG", "PNG")
MAX_PIXELS = 60_000_000
"""Maximum number of pixels of an image that is decoded; for larger images, only the header is read."""
FORMATS_OF_OTHERS = (*FORMATS, "WEBP", "BMP", "TIFF", "GIF")


def check_images(folder: Folder, split: str, document: Document) -> None:
    """Checks the image files of a split against its annotation file.

    In data sets from other tools, files without an entry are not faults.
    """
    place = image_folder(folder, document.name, document.by_name)
    if place is None:
        what = f"none of its {len(document.by_name)} images is in images/{split}/, {split}/ or images/"
        document.at("images").fault("missing", what)
        return
    entries = {str(PurePosixPath(place, name)): image for name, image in document.by_name.items()}
    for path, image in entries.items():
        _check_image(folder, path, image["id"], (image["width"], image["height"]))
        folder.progress.step()
    if folder.ours and not document.unusable["images"]:
        for path in folder.whole_names(f"images/{split}"):
            if path not in entries:
                folder.at(path).fault("stray", f"has no entry in {document.name}")


def _check_image(folder: Folder, path: str, identity: int, expected: tuple[int, int]) -> None:
    """Checks that an image file exists, can be decoded and has the expected width and height."""
    if not folder.has(path):
        folder.at(path).fault(
            "missing", f"missing: image {identity} has no file{_in_other_case(folder, path)}"
        )
        return
    size = decoded(folder, path)
    if size is not None and size != expected:
        what = f"is {size[0]} x {size[1]}, but its entry says {expected[0]} x {expected[1]}"
        folder.at(path).fault("size", f"the image {what}")


def _in_other_case(folder: Folder, path: str) -> str:
    """Hint about a missing file: an existing file name that differs only in case; "" if there is none."""
    own = PurePosixPath(path)
    try:
        names = [found.name for found in (folder.root / own.parent).iterdir()]
    except OSError:
        return ""
    alike = sorted(name for name in names if name.lower() == own.name.lower())
    return f"; there is {alike[0]}" if alike else ""


def find_stray_files(folder: Folder, splits: Collection[str]) -> None:
    """Reports image files and amodal files of unknown splits, and annotation files with unknown names.

    Args:
        folder: The data set.
        splits: The splits that have an instances file.
    """
    for path in folder.whole_names("images"):
        if path.count("/") == 1 or path.split("/")[1] not in splits:
            folder.at(path).fault(
                "stray", "belongs to no split: it has no annotations/instances_<split>.json"
            )
    for pattern in AMODAL:
        for amodal in sorted(folder.root.glob(pattern.format(split="*"))):
            if amodal.stem.removeprefix("amodal_") not in splits:
                name = amodal.relative_to(folder.root).as_posix()
                folder.at(name).fault("stray", "has no instances file of the same split")
    for name in folder.whole_names("annotations"):
        if not re.fullmatch(r"annotations/(instances|amodal)_[^/]+\.json", name):
            what = "sim2coco does not write this file, and readers may mistake it for a split"
            folder.at(name).fault("stray", what)


def decoded(folder: Folder, path: str) -> tuple[int, int] | None:
    """Decodes an image and returns its width and height; on failure, reports a fault and returns None."""
    formats = FORMATS if folder.ours else FORMATS_OF_OTHERS
    try:
        with warnings.catch_warnings(), opened(folder.root / path) as file:
            warnings.simplefilter("ignore")  # large-image warnings; the caller checks the size
            with Image.open(file, formats=formats) as image:
                if image.width * image.height <= MAX_PIXELS:
                    image.load()
                else:
                    folder.notes.append(f"{path}: only its header was read, as it is very large")
                return image.size
    except UnidentifiedImageError:
        folder.at(path).fault("image", f"not a {', '.join(formats[:-1])} or {formats[-1]} file")
    except OSError as error:
        folder.at(path).fault("image", f"cannot be decoded completely: {error.strerror or error}")
    except Exception as error:  # decoders may raise any exception for a broken image
        folder.at(path).fault("image", f"cannot be decoded completely: {error}"[:200])
    return None
