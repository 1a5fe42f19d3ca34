"""Checks image files: each entry has an intact file of the stated size, and each file has an entry."""

import warnings
from collections.abc import Collection

from PIL import Image, UnidentifiedImageError

from sim2coco.check.document import Document
from sim2coco.check.folder import Folder


def check_images(folder: Folder, split: str, document: Document) -> None:
    """Checks the image files of a split against its annotation file."""
    files = set(folder.whole_names(f"images/{split}"))
    entries = {f"images/{split}/{name}": image for name, image in document.by_name.items()}
    for path, image in entries.items():
        if path not in files:
            folder.at(path).fault(f"missing: image {image['id']} has no file")
            continue
        size, expected = _decoded(folder, path), (image["width"], image["height"])
        if size is not None and size != expected:
            what = f"is {size[0]} x {size[1]}, its entry says {expected[0]} x {expected[1]}"
            folder.at(path).fault(f"the image {what}")
    for path in sorted(files - entries.keys()):
        folder.at(path).fault(f"has no entry in {document.name}")


def find_stray_files(folder: Folder, splits: Collection[str]) -> None:
    """Reports image files and amodal files that belong to no split with an instances file."""
    for path in folder.whole_names("images"):
        if path.count("/") == 1 or path.split("/")[1] not in splits:
            folder.at(path).fault("belongs to no split: it has no annotations/instances_<split>.json")
    for split in folder.splits("amodal"):
        if split not in splits:
            folder.at(f"annotations/amodal_{split}.json").fault("has no instances file beside it")


def _decoded(folder: Folder, path: str) -> tuple[int, int] | None:
    """Returns width and height of an image; reports a fault and returns None if it cannot be decoded."""
    try:
        if not (folder.root / path).is_file():
            raise OSError("not a regular file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large images; the size is checked by the caller
            with Image.open(folder.root / path, formats=("JPEG", "PNG")) as image:
                image.load()
                return image.size
    except UnidentifiedImageError:
        folder.at(path).fault("not a JPEG or PNG file")
    except Exception as error:  # decoders may raise any exception for a broken image
        folder.at(path).fault(f"cannot be decoded completely: {error}")
    return None
