"""Finds the annotation files and image folders of a data set.

sim2coco writes `annotations/instances_<split>.json` and `images/<split>/`. For data sets from other tools,
other common layouts are supported too.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from sim2coco.check.folder import Folder

OTHER_KINDS = ("amodal_", "captions_", "image_info_", "panoptic_", "person_keypoints_", "stuff_")
"""Prefixes of file names that are skipped, except by a pattern with the same prefix."""
PATTERNS = (
    "annotations/instances_*.json",
    "annotations/person_keypoints_*.json",
    "annotations/*.json",
    "*/_annotations.coco.json",
    "_annotations.coco.json",
    "annotations.json",
    "labels.json",
    "result.json",
)
"""Locations of other tools' annotation files; the first pattern that matches any file is used."""
AMODAL = ("annotations_amodal/amodal_{split}.json", "annotations/amodal_{split}.json")
"""Locations of a split's amodal file; earlier versions of sim2coco used the second."""
UNNAMED = ("", "annotations", "labels", "result", "default", "all", "images", "data")
"""Names that annotation files or their folders have in data sets without splits."""
EXPECTED = (
    "it has no annotations/instances_<split>.json, with images in images/<split>/, <split>/ or images/, "
    "and no <split>/_annotations.coco.json"
)


def annotation_files(folder: Folder) -> dict[str, str]:
    """Returns a dict from each split to its annotation file, relative to the data set.

    If a data set from another tool has no splits, its only annotation file is returned as `train`.
    """
    for pattern in PATTERNS[: 1 if folder.ours else None]:
        found = sorted(_matching(folder, pattern))
        if len(found) == 1 and not folder.ours and _split(found[0]) in UNNAMED:
            return {"train": found[0]}
        if found:
            return {_split(name) or "unnamed": name for name in found}
    return {}


def amodal_file(folder: Folder, annotations: str) -> str:
    """Returns the amodal mask file of a split, relative to the data set; the file may be missing.

    Args:
        folder: The data set.
        annotations: The annotation file of the split, relative to the data set.
    """
    places = [place.format(split=_split(annotations)) for place in AMODAL]
    return next((place for place in places if folder.has(place)), places[0])


def _matching(folder: Folder, pattern: str) -> Iterator[str]:
    for path in folder.root.glob(pattern):
        others = [kind for kind in OTHER_KINDS if not pattern.startswith(f"annotations/{kind}")]
        if not path.name.startswith((".", *others)):
            yield path.relative_to(folder.root).as_posix()


def _split(name: str) -> str:
    """Returns the split in an annotation file's name; in Roboflow's layout, the name of its folder."""
    path = Path(name)
    if path.stem == "_annotations.coco":
        return path.parent.name
    return path.stem.removeprefix("instances_").removeprefix("person_keypoints_")


def image_folder(folder: Folder, annotations: str, names: Collection[str]) -> str | None:
    """Returns the image folder of a split, relative to the data set; None if no images are found.

    In data sets from other tools, it is the folder with the most images among several common locations.

    Args:
        folder: The data set.
        annotations: The annotation file of the split, relative to the data set.
        names: The file names of the split's images.
    """
    split = _split(annotations)
    if folder.ours:
        return f"images/{split}"
    undated = re.sub(r"\d+$", "", split)
    places = [f"images/{split}", split, f"images/{undated}", undated, "images", "data"]
    counts = {}
    for place in dict.fromkeys([*filter(None, places), str(Path(annotations).parent), "."]):
        there = folder.has(place)
        counts[place] = sum(folder.has(f"{place}/{name}") for name in names) if there else 0
        if counts[place] == len(names):
            return place
    best = max(counts, key=lambda place: counts[place])
    return best if counts[best] else None
