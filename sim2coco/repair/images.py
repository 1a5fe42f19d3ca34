"""Selects the images to copy: their files can be decoded, and have the size stated in their entries."""

from pathlib import PurePosixPath

from sim2coco.check.folder import Folder
from sim2coco.check.layout import image_folder
from sim2coco.check.pictures import decoded
from sim2coco.check.values import Entry, show
from sim2coco.repair.json_values import Key
from sim2coco.repair.plan import Plan, is_id, is_side
from sim2coco.repair.progress import Progress


def place_images(folder: Folder, found: Plan, progress: Progress) -> str:
    """Leaves out images without an intact file, and renumbers the remaining images if an id is not valid.

    Returns:
        The folder of the images, relative to the data set.
    """
    names = [image["file_name"] for image in found.images.values()]
    place = image_folder(folder, found.name, names)
    by_name: dict[str, Entry] = {}
    kept: dict[Key, Entry] = {}
    for key, image in found.images.items():
        progress.image()
        first = by_name.get(image["file_name"])
        intact = _intact(folder, place, found, image) if first is None else first
        if intact is not None:
            by_name[image["file_name"]] = kept[key] = intact
        if first is not None:
            what = f"left out: its labels go to image {show(first['id'])}, which has the same file"
            found.changes.at(found.name, f"image {show(image['id'])}").fault("duplicate", what)
    found.images = kept
    _number(found)
    return place or "."


def _intact(folder: Folder, place: str | None, found: Plan, image: Entry) -> Entry | None:
    where = f"image {show(image['id'])}"
    path = str(PurePosixPath(place or ".", image["file_name"]))
    if place is None or not folder.has(path):
        found.left_out(where, f"{show(image['file_name'])}: the file does not exist")
        return None
    size = decoded(folder, path)
    if size is None:
        found.left_out(where, f"{show(image['file_name'])}: {folder.faults.kept[-1].message}")
        return None
    given = (image.get("width"), image.get("height"))
    if not all(map(is_side, size)):
        found.left_out(where, f"{show(image['file_name'])}: is {size[0]} x {size[1]}, which is too large")
        return None
    if given == size and all(type(side) is int for side in given):
        return image
    if all(map(is_side, given)):
        what = f"is {size[0]} x {size[1]}, but its entry says {given[0]} x {given[1]}"
        found.left_out(where, f"{show(image['file_name'])}: {what}, and the labels may refer to either size")
        return None
    found.changes.at(found.name, where).fault("size", f"width and height set to {size[0]} x {size[1]}")
    return {**image, "width": size[0], "height": size[1]}


def _number(found: Plan) -> None:
    """Renumbers the images from 1 if an id is not a non-negative integer."""
    images = {id(image): image for image in found.images.values()}
    if all(is_id(image["id"]) for image in images.values()):
        return
    numbers = {mark: number for number, mark in enumerate(images, 1)}
    found.changes.at(found.name, "images").fault("ids", f"renumbered from 1 to {len(images)}")
    new = {mark: {**images[mark], "id": number} for mark, number in numbers.items()}
    found.images = {key: new[id(image)] for key, image in found.images.items()}
