"""Pictures: each entry has its own, whole and of its size; each file has its entry."""

import warnings
from collections.abc import Collection

from PIL import Image, UnidentifiedImageError

from sim2coco.check.document import Document
from sim2coco.check.folder import Folder


def look_at_pictures(folder: Folder, split: str, document: Document) -> None:
    """The pictures of a split against its annotation file."""
    files = set(folder.whole_names(f"images/{split}"))
    entries = {f"images/{split}/{name}": image for name, image in document.by_name.items()}
    for path, image in entries.items():
        if path not in files:
            folder.at(path).fault(f"missing: image {image['id']} has no file")
            continue
        size, told = _decoded(folder, path), (image["width"], image["height"])
        if size is not None and size != told:
            what = f"is {size[0]} x {size[1]}, its entry says {told[0]} x {told[1]}"
            folder.at(path).fault(f"the picture {what}")
    for path in sorted(files - entries.keys()):
        folder.at(path).fault(f"has no entry in {document.name}")


def look_for_strangers(folder: Folder, splits: Collection[str]) -> None:
    """Pictures and amodal files of splits that have no instances."""
    for path in folder.whole_names("images"):
        if path.count("/") == 1 or path.split("/")[1] not in splits:
            folder.at(path).fault("belongs to no split: no annotations/instances_<split>.json names it")
    for split in folder.splits("amodal"):
        if split not in splits:
            folder.at(f"annotations/amodal_{split}.json").fault("has no instances file beside it")


def _decoded(folder: Folder, path: str) -> tuple[int, int] | None:
    """Width and height of a picture, all of whose pixels can be read."""
    try:
        if not (folder.root / path).is_file():
            raise OSError("it is no file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of size: that is compared
            with Image.open(folder.root / path, formats=("JPEG", "PNG")) as picture:
                picture.load()
                return picture.size
    except UnidentifiedImageError:
        folder.at(path).fault("no JPEG or PNG")
    except Exception as error:  # broken pictures raise whatever the decoder met
        folder.at(path).fault(f"cannot be decoded as a whole: {error}")
    return None
