"""Faults, each with a location, a kind and a message, collected in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sim2coco.check.values import Rules, follows, violated

MAX_KEPT = 100_000
"""Maximum number of faults of one kind that are kept; further faults are only counted."""
LONGEST = 1000
"""Maximum length of a fault's text in characters; longer texts are cut in the middle."""
KINDS = {
    "unreadable": "a file cannot be read: no permission, not a regular file, too large",
    "json": "not JSON: syntax, encoding, NaN and infinity, too deeply nested",
    "yaml": "not YAML",
    "repeated_key": "an object has the same key twice",
    "schema": "a value is missing, of the wrong type or out of its range",
    "file_name": "a file name is absolute, or leads out of the folder",
    "duplicate_id": "two entries have the same id",
    "duplicate_name": "two entries have the same name or file name",
    "duplicate": "two annotations of an image are equal except for their ids",
    "dangling": "a reference to an image or category that does not exist",
    "missing": "a file does not exist",
    "image": "an image file cannot be decoded",
    "size": "the width or height of an image differs from its entry",
    "hash": "a file was changed after it was written",
    "mask": "a mask is malformed, or does not fit its image",
    "empty_mask": "a mask has no pixels",
    "bbox": "a box differs from the mask",
    "area": "an area differs from the mask",
    "empty_bbox": "a box has no width or no height",
    "outside": "a box extends beyond its image",
    "bbox3d": "a 3-D box differs from the mesh in its pose, or from its projection",
    "ids": "an instance or category id image differs from the masks",
    "keypoints": "keypoints are malformed, or do not fit the category",
    "splits": "two splits disagree on categories, or share scenes, meshes or textures",
    "overlap": "visible masks of sim2coco overlap, or a defect is not on its object",
    "order": "ids, scenes or instances are not in order",
    "amodal": "the amodal file differs from the visible one",
    "fractions": "occlusion or visible fraction differs from the masks",
    "record": "a record differs from the annotation files",
    "scene": "a label contradicts its body, camera or mesh",
    "run": "run.json or config.yaml does not belong to this data set",
    "sources": "sources.json does not match the annotation files",
    "unfinished": "the run is unfinished",
    "temporary": "a leftover file of an interrupted run",
    "stray": "a file that is not listed in any entry or record",
    "path": "an absolute path",
    "rendering": "an image or label differs when it is rendered again (--deep)",
}
"""The kinds of faults, each with a description. The names of the kinds are stable."""
KIND_OF_KEY = {"file_name": "file_name"}
"""Keys whose invalid values have their own kind of fault; for other keys the kind is `schema`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        file: The file path, relative to the data set.
        where: The location in the file; "" for the whole file.
        kind: One of `KINDS`.
        message: What is wrong.
    """

    file: str
    where: str
    kind: str
    message: str

    def __str__(self) -> str:
        """The fault as one line; unprintable characters are escaped."""
        text = ": ".join(part for part in (self.file, self.where, self.message) if part)
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]}...{text[-LONGEST // 2 :]}"
        return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


@dataclass(slots=True)
class Faults:
    """All faults in the order in which they were found.

    Attributes:
        kept: The faults, at most `MAX_KEPT` of each kind.
        counts: Number of faults of each kind. Once there are more than `MAX_KEPT`, an invalid entry counts
            as one fault, even if it has several.
    """

    kept: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Fault]:
        """Iterates over the faults that are kept."""
        return iter(self.kept)

    def add(self, file: str, where: str, kind: str, message: str) -> None:
        """Adds a fault."""
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_KEPT:
            self.kept.append(Fault(file, where, kind, message))


@dataclass(frozen=True, slots=True)
class Place:
    """A location in a data set, and the `Faults` to which the faults found there are added."""

    file: str
    where: str
    faults: Faults

    def fault(self, kind: str, message: str) -> None:
        """Reports a fault at this location."""
        self.faults.add(self.file, self.where, kind, message)

    def add(self, found: Iterable[tuple[str, str]]) -> None:
        """Reports faults (kind, message) at this location."""
        for kind, message in found:
            self.fault(kind, message)

    def conforms(self, entry: Any, rules: Rules) -> bool:
        """Returns whether an entry follows the rules, and reports each violation."""
        if follows(entry, rules):
            return True
        self.add((KIND_OF_KEY.get(key, "schema"), message) for key, message in violated(entry, rules))
        return False
