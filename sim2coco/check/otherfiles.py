"""Checks that additional files of images, such as depth files, are intact and listed in a record."""

import os
import re
from collections.abc import Collection
from hashlib import file_digest
from pathlib import Path

from sim2coco.check.faults import Place
from sim2coco.check.files import is_file, opened
from sim2coco.check.folder import Folder
from sim2coco.check.values import OBJECT, Entry, show

MAX_BYTES = 2**31
"""Upper bound on the size of per-image files: an uncompressed 20,000 × 20,000 px depth map takes 1.6 GB."""


def check_other_files(folder: Folder, place: Place, split: str, picture: Entry) -> set[str]:
    """Checks the additional files that a record lists for an image.

    Returns:
        The listed file names that are valid for this image, relative to the data set.
    """
    listed, stem = picture.get("other_files", {}), Path(picture["name"]).stem
    if not place.conforms({"other_files": listed}, {"other_files": OBJECT}):
        return set()
    own = re.compile(rf"(?!images/|annotations/|records/)\w+/{re.escape(split)}/{re.escape(stem)}\.\w+")
    names = {name for name in listed if own.fullmatch(name)}
    for name, digest in listed.items():
        if name not in names:
            place.fault("file_name", f"other_files: {show(name)} is not FOLDER/{split}/{stem}.SUFFIX")
        elif not is_file(folder.root / name):
            folder.at(name).fault("missing", f"missing: {place.file} lists it")
        elif not has_digest(folder, name, digest):
            place.fault("hash", f"sha256 differs: {name} was changed after it was written")
    return names


def has_digest(folder: Folder, name: str, digest: object) -> bool:
    """Returns whether a file has the given SHA-256 and is not larger than `MAX_BYTES`."""
    with opened(folder.root / name) as file:
        return (
            os.fstat(file.fileno()).st_size <= MAX_BYTES and file_digest(file, "sha256").hexdigest() == digest
        )


def find_unlisted_files(folder: Folder, listed: Collection[str]) -> None:
    """Reports files that no record lists.

    Args:
        folder: The data set.
        listed: The file names that records list. The search is limited to their top-level folders.
    """
    for top in sorted({name.partition("/")[0] for name in listed}):
        for name in folder.whole_names(top):
            if name not in listed:
                folder.at(name).fault("stray", "no record lists it")
