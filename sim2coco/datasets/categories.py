"""Reads the categories, licences and `info` of a COCO file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim2coco.check.entries import COCO
from sim2coco.check.values import Entry, integer, show, violations
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, Licence, Scalar, Skeleton
from sim2coco.datasets.streaming import head

SCALARS = (str, int, float, bool, type(None))
OF_CATEGORIES = ("id", "name", "supercategory")


@dataclass(frozen=True, slots=True)
class Head:
    """The contents of an annotation file other than images and annotations.

    Attributes:
        info: The file's categories, licences and `info`.
        category_of: Dict from category id in the file to index in `info.categories`. Categories with the
            same name are merged.
        licence_of: Dict from licence id in the file to index in `info.licences`.
    """

    info: DatasetInfo
    category_of: Mapping[int, int]
    licence_of: Mapping[int, int]


def read_head(path: Path) -> Head:
    """Reads the categories, licences and `info` of a COCO file.

    Raises:
        DataSetError: The file cannot be read, or a category is invalid.
    """
    stated = head(path)
    listed = stated.get("categories")
    if type(listed) is not list:
        raise DataSetError(f"{path}: categories is missing or not a list")
    for rank, entry in enumerate(listed):
        for what in violations(entry, COCO["categories"]):
            raise DataSetError(f"{path}: categories[{rank}]: {what}")
        if entry["name"].encode("utf-8", "replace").decode() != entry["name"]:
            raise DataSetError(
                f"{path}: categories[{rank}]: name {entry['name']!r} cannot be written as UTF-8"
            )
    first: dict[str, Entry] = {}
    for entry in listed:
        first.setdefault(entry["name"], entry)
    names = list(first)
    licences = _licences(stated.get("licenses"))
    about = stated.get("info")
    info = DatasetInfo(
        splits=(),
        categories=tuple(names),
        supercategories=tuple(_supercategory(entry) for entry in first.values()),
        licences=tuple(dict.fromkeys(licences.values())),
        category_ids=tuple(entry["id"] for entry in first.values()),
        attributes=tuple(_attributes(entry) for entry in first.values()),
        skeletons=tuple(_skeleton(path, entry) for entry in first.values()),
        about=scalars(about) if type(about) is dict else {},
    )
    order = {licence: rank for rank, licence in enumerate(info.licences)}
    return Head(
        info,
        category_of={entry["id"]: names.index(entry["name"]) for entry in listed},
        licence_of={number: order[licence] for number, licence in licences.items()},
    )


def scalars(entry: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Scalar]:
    """Returns the entries of a mapping whose values are scalars, except for the keys in `without`."""
    return {key: item for key, item in entry.items() if isinstance(item, SCALARS) and key not in without}


def _supercategory(entry: Entry) -> str:
    stated = entry.get("supercategory")
    return stated if type(stated) is str else ""


def _attributes(entry: Entry) -> dict[str, Scalar]:
    own = entry.get("attributes")
    return scalars(entry, OF_CATEGORIES) | (scalars(own) if type(own) is dict else {})


def _licences(listed: Any) -> dict[int, Licence]:
    """Returns the licences, keyed by their ids in the file; one without a name gets its URL as name."""
    found = {}
    for entry in listed if type(listed) is list else ():
        if type(entry) is dict and type(entry.get("id")) is int:
            name, url = (str(entry.get(key) or "") for key in ("name", "url"))
            found[entry["id"]] = Licence(name or url or "unknown", url)
    return found


def _skeleton(path: Path, entry: Entry) -> Skeleton | None:
    """Reads the keypoints and skeleton of a category, with indices from 0; None if it has no keypoints."""
    names, edges = entry.get("keypoints"), entry.get("skeleton") or []
    if not names:
        return None
    if type(names) is not list or not all(type(name) is str for name in names):
        raise DataSetError(f"{path}: category {entry['id']}: keypoints must be a list of names")
    within = integer(1, len(names))
    if type(edges) is not list or not all(_is_edge(edge, within) for edge in edges):
        what = f"skeleton is {show(edges)}, must be a list of pairs of numbers from 1 to {len(names)}"
        raise DataSetError(f"{path}: category {entry['id']}: {what}")
    return Skeleton(tuple(names), tuple((one - 1, other - 1) for one, other in edges))


def _is_edge(edge: Any, within: Any) -> bool:
    return type(edge) is list and len(edge) == 2 and all(map(within, edge))


def joined(infos: Sequence[DatasetInfo], splits: Sequence[str]) -> DatasetInfo:
    """Combines the metadata of several annotation files: lists categories and licences without duplicates.

    If several files define a category, the first definition is used. Category ids are kept, unless two
    categories have the same id; in that case, all ids are renumbered 1, 2, 3, ...
    """
    first: dict[str, tuple[DatasetInfo, int]] = {}
    for info in infos:
        for rank, name in enumerate(info.categories):
            first.setdefault(name, (info, rank))
    ids = tuple(info.category_ids[rank] for info, rank in first.values())
    return replace(
        infos[0],
        splits=tuple(splits),
        categories=tuple(first),
        supercategories=tuple(info.supercategories[rank] for info, rank in first.values()),
        licences=tuple(dict.fromkeys(licence for info in infos for licence in info.licences)),
        category_ids=ids if len(set(ids)) == len(ids) else tuple(range(1, len(ids) + 1)),
        attributes=tuple(info.attributes[rank] for info, rank in first.values()),
        skeletons=tuple(info.skeletons[rank] for info, rank in first.values()),
    )
