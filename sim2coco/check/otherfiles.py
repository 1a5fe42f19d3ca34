"""The files beside a picture's image, as depth: those that records tell of, byte for byte, and no others."""

import re
from collections.abc import Collection
from hashlib import file_digest
from pathlib import Path

from sim2coco.check.folder import Folder, Place
from sim2coco.check.values import OBJECT, Entry, show


def look_at_other_files(folder: Folder, place: Place, split: str, picture: Entry) -> set[str]:
    """What a record tells of the files beside a picture's image, against these files.

    Returns:
        Their names, relative to the data set.
    """
    told, stem = picture.get("other_files", {}), Path(picture["name"]).stem
    if not place.right({"other_files": told}, {"other_files": OBJECT}):
        return set()
    own = re.compile(rf"(?!images/|annotations/|records/)\w+/{re.escape(split)}/{re.escape(stem)}\.\w+")
    names = {name for name in told if own.fullmatch(name)}
    for name, digest in told.items():
        if name not in names:
            place.fault(f"other_files: {show(name)} is not FOLDER/{split}/{stem}.SUFFIX")
        elif not (folder.root / name).is_file():
            folder.at(name).fault(f"missing: {place.file} tells of it")
        elif not has_digest(folder, name, digest):
            place.fault(f"sha256 differs: {name} is not what was written")
    return names


def has_digest(folder: Folder, name: str, digest: object) -> bool:
    """Whether a file's SHA-256 is the one told of it."""
    with (folder.root / name).open("rb") as file:
        return file_digest(file, "sha256").hexdigest() == digest


def look_for_untold_files(folder: Folder, told: Collection[str]) -> None:
    """Files that lie where such files are and that no record tells of."""
    for top in sorted({name.partition("/")[0] for name in told}):
        for name in folder.whole_names(top):
            if name not in told:
                folder.at(name).fault("no record tells of it")
