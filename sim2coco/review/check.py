"""Is a data set right? Every fault named.

It trusts nothing and no one: it shares no code with what writes data sets, and derives boxes, areas and
fractions anew from the run lengths. Masks are compared as stretches of pixels, never as pictures, and
pycocotools, which dies on hostile input, sees bounded polygons only.

Data sets of others (no records; polygons, crowds) are held only to what COCO asks of them; a data set is ours
when it has a `run.json` or records.
"""

import json
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pycocotools import mask as coco_mask

MAX_SIDE_PX = 20_000
MAX_OUTLINE_PX = 2_000_000
MAX_VALUE = 2**53
FRACTION_ERROR = 1e-5
SLACK_PX, SLACK_SHARE = 2, 0.05
TEMPORARY = ".tmp-"
MACHINE_PATH = re.compile(r"/|~/|\\\\|file:|[A-Za-z]:[\\/]")
RUN_LENGTH_KEYS = ("counts", "amodal_counts")  # any characters from "0" to "o": also "C:\"

Entry = dict[str, Any]
Rule = tuple[Callable[[Any], bool], str]
Rules = Mapping[str, Rule]


class CheckError(ValueError):
    """A folder that is no data set, in one line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which file (relative to the data set), where in it, and what."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        """One line, whatever characters are in it."""
        text = ": ".join(part for part in (self.file, self.where, self.what) if part)
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


@dataclass(frozen=True, slots=True)
class Report:
    """How much was looked at, and every fault."""

    images: int
    annotations: int
    faults: tuple[Fault, ...]


def check(root: Path) -> Report:
    """Everything that is wrong with a data set.

    Args:
        root: Its folder, with `annotations/instances_<split>.json` and `images/<split>/`.

    Raises:
        CheckError: The folder is no data set.
    """
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    ours = (root / "run.json").exists() or (root / "records").is_dir()
    names = sorted(path.name for path in (root / "annotations").glob("instances_*.json"))
    if not names and not ours:
        raise CheckError(f"{root}: no data set (it has no annotations/instances_<split>.json)")
    examination = _Examination(root, ours)
    examination.examine([name.removeprefix("instances_").removesuffix(".json") for name in names])
    documents = examination.documents.values()
    return Report(
        images=sum(document.number_of_images for document in documents),
        annotations=sum(document.number_of_annotations for document in documents),
        faults=tuple(examination.faults),
    )


# Values: what each key of each kind of entry may hold. Huge integers compare exactly, NaN compares false.


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(value: Any, low: float = -MAX_VALUE, high: float = MAX_VALUE) -> bool:
    return type(value) in (int, float) and low <= value <= high


def _list_of(number: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and len(value) == number and all(map(_number, value))


def _bare(value: Any) -> bool:
    return type(value) is str and value not in (".", "..") and bool(re.fullmatch(r"[^/\\\0]{1,100}", value))


ID: Rule = (_integer(1, MAX_VALUE), "a positive integer")
INDEX: Rule = (_integer(0, MAX_VALUE), "an integer from 0")
SIDE: Rule = (_integer(1, MAX_SIDE_PX), f"an integer from 1 to {MAX_SIDE_PX}")
TEXT: Rule = (lambda value: type(value) is str and value != "", "a text")
LIST: Rule = (lambda value: type(value) is list, "a list")
OBJECT: Rule = (lambda value: type(value) is dict, "an object")
FILE: Rule = (_bare, "a bare file name, without / or \\, of at most 100 characters")
BOX: Rule = (_list_of(4), "a list of 4 finite numbers")
AMOUNT: Rule = (lambda value: _number(value, 0), "a finite number from 0")
FRACTION: Rule = (lambda value: _number(value, 0, 1), "a number from 0 to 1")
SHA256: Rule = (
    lambda value: bool(re.fullmatch("[0-9a-f]{64}", value if type(value) is str else "")),
    "64 hex digits",
)
CROWD: Rule = (_integer(0, 1), "0 or 1")

FILES = {"images": LIST, "annotations": LIST, "categories": LIST}
CATEGORY = {"id": ID, "name": TEXT}
IMAGE = {"id": ID, "file_name": FILE, "width": SIDE, "height": SIDE}
ANNOTATION = {"id": ID, "image_id": ID, "category_id": ID, "bbox": BOX, "area": AMOUNT, "iscrowd": CROWD}

KEY = {"scene": INDEX, "view": INDEX, "lighting": INDEX, "copy": INDEX}
FRACTIONS = {"visible_fraction": FRACTION, "occlusion": FRACTION, "truncation": FRACTION}
ATTRIBUTES = FRACTIONS | {"asset": TEXT, "instance": ID}
OUR_FILES = FILES | {"info": OBJECT, "licenses": LIST}
OUR_CATEGORY = CATEGORY | {"supercategory": TEXT}
OUR_IMAGE = IMAGE | KEY | {"ignored": LIST}
OUR_ANNOTATION = ANNOTATION | {
    "iscrowd": (_integer(0, 0), "0: parts of one object are no crowd"),
    "segmentation": OBJECT,
    "attributes": OBJECT,
}
IGNORED = {"category_id": ID, "bbox": BOX, "reason": TEXT}
RUN = {"format": (_integer(1, 1), "1"), "num_images": ID, "identity": TEXT, "recipe": OBJECT}
RECORD = {
    "format": (_integer(1, 1), "1"),
    "scene": INDEX,
    "split": FILE,
    "status": (lambda value: value in ("done", "rejected", "failed"), "done, rejected or failed"),
    "views": LIST,
}
VIEW = {"view": INDEX, "lighting": INDEX, "reasons": LIST, "pictures": LIST}
PICTURE = {
    "name": FILE,
    "copy": INDEX,
    "width": SIDE,
    "height": SIDE,
    "sha256": SHA256,
    "annotations": LIST,
}
LABEL = FRACTIONS | {
    "instance": ID,
    "category": INDEX,
    "asset": TEXT,
    "bbox": BOX,
    "area": AMOUNT,
    "counts": TEXT,
    "amodal_bbox": BOX,
    "amodal_area": AMOUNT,
    "amodal_counts": TEXT,
}


def _show(value: Any) -> str:
    """A value in a sentence; never deeper than one level, never long."""
    if type(value) is dict:
        return f"an object of {len(value)}"
    if type(value) is list:
        short = len(value) <= 4 and not any(isinstance(item, list | dict) for item in value)
        return f"[{', '.join(map(_show, value))}]" if short else f"a list of {len(value)}"
    if type(value) is int and abs(value) > MAX_VALUE:
        return "a huge integer"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]


def _broken(entry: Any, rules: Rules) -> Iterator[str]:
    """What is wrong with the values of an entry."""
    if type(entry) is not dict:
        yield f"is {_show(entry)}, must be an object"
        return
    for key, (right, sentence) in rules.items():
        if key not in entry:
            yield f"{key} is missing"
        elif not right(entry[key]):
            yield f"{key} is {_show(entry[key])}, must be {sentence}"


# Masks.


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """A mask as half-open stretches of ones, counted down the columns: in order, apart, none empty.

    Attributes:
        starts: (n,) int64, first pixel of each.
        ends: (n,) int64, one past the last pixel of each.
        height: Of the image.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    height: int

    @property
    def area(self) -> int:
        """Pixels in the mask."""
        return int((self.ends - self.starts).sum())

    @property
    def box_xywh(self) -> list[float]:
        """The box of all pixels; the mask must have some."""
        (x0, y0), (x1, y1) = (divmod(pixels, self.height) for pixels in (self.starts, self.ends - 1))
        whole_column = bool((x0 != x1).any())
        top, bottom = (0, self.height - 1) if whole_column else (int(y0.min()), int(y1.max()))
        left, right = int(x0.min()), int(x1.max())
        return [float(left), float(top), float(right - left + 1), float(bottom - top + 1)]

    def inside(self, other: "Stretches") -> bool:
        """Whether each pixel is one of the other mask too."""
        place = np.searchsorted(other.starts, self.starts, side="right") - 1
        if len(place) == 0 or (place < 0).any():
            return len(place) == 0
        return bool((self.ends <= other.ends[place]).all())


def stretches(lengths: NDArray[np.int64], height: int, width: int) -> Stretches:
    """The mask of run lengths (n,): zeros, ones, zeros, ...

    Raises:
        ValueError: They are not those of an image of this size.
    """
    if (lengths < 0).any():
        raise ValueError("segmentation: a run length is negative")
    if lengths.sum() != height * width:
        raise ValueError(
            f"segmentation: the run lengths sum to {lengths.sum()}, not to {height} x {width} pixels"
        )
    edges = np.cumsum(lengths)
    ends = edges[1::2]
    starts = edges[::2][: len(ends)]
    starts, ends = starts[starts < ends], ends[starts < ends]
    apart = starts[1:] > ends[:-1]
    first, last = np.ones(len(starts), bool), np.ones(len(starts), bool)
    first[1:], last[:-1] = apart, apart
    return Stretches(starts[first], ends[last], height)


def run_lengths(counts: str) -> NDArray[np.int64]:
    """The run lengths (n,) that COCO's compressed text holds.

    Each number is written in groups of 5 bits, lowest first; bit 6 tells that more follow, the highest bit of
    the last is the sign; from the fourth on, numbers are differences to the last but one.

    Raises:
        ValueError: It is no such text.
    """
    if not counts.isascii():
        raise ValueError("segmentation: counts holds characters that no run length has")
    codes = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - ord("0")
    if len(codes) == 0 or codes.min() < 0 or codes.max() > 63:
        raise ValueError("segmentation: counts is empty or holds characters that no run length has")
    last = (codes & 32) == 0
    if not last[-1]:
        raise ValueError("segmentation: counts ends in the middle of a number")
    firsts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    place = np.arange(len(codes)) - firsts[np.cumsum(last) - last]
    if place.max() > 6:
        raise ValueError("segmentation: counts holds a number of more than 35 bits")
    numbers: NDArray[np.int64] = np.add.reduceat((codes & 31) << 5 * place, firsts)
    numbers -= ((codes[last] & 16) > 0) * (np.int64(1) << 5 * (place[last] + 1))
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def mask_of(segmentation: Any, height: int, width: int) -> Stretches:
    """The mask of a COCO segmentation of any kind.

    Raises:
        ValueError: It is none of an image of this size.
    """
    if type(segmentation) is list:
        return _polygons(segmentation, height, width)
    if type(segmentation) is not dict:
        raise ValueError(f"segmentation is {_show(segmentation)}, must be run lengths or polygons")
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if type(size) is not list or [type(side) for side in size] != [int, int] or size != [height, width]:
        raise ValueError(f"segmentation: size is {_show(size)}, the image's is [{height}, {width}]")
    if type(counts) is str:
        return stretches(run_lengths(counts), height, width)
    if type(counts) is not list or not all(map(_integer(0, height * width), counts)):
        raise ValueError("segmentation: counts must be a text or a list of run lengths within the image")
    return stretches(np.array(counts, np.int64), height, width)


def _polygons(parts: list[Any], height: int, width: int) -> Stretches:
    for part in parts:
        if type(part) is not list or len(part) < 6 or len(part) % 2:
            raise ValueError("segmentation: a polygon must be a list of x, y, at least 3 points")
        if not all(_number(value, -MAX_SIDE_PX, 2 * MAX_SIDE_PX) for value in part):
            raise ValueError("segmentation: a polygon's coordinates must be finite and near the image")
    closed = [np.array([*part, *part[:2]], np.float64).reshape(-1, 2) for part in parts]
    if sum(np.abs(np.diff(points, axis=0)).sum() for points in closed) > MAX_OUTLINE_PX:
        raise ValueError(f"segmentation: the polygons' outline is longer than {MAX_OUTLINE_PX} pixels")
    merged = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))
    counts = merged["counts"]
    return stretches(
        run_lengths(counts if isinstance(counts, str) else counts.decode("ascii")), height, width
    )


def _mask_keys(annotation: Entry) -> Entry:
    """What a record keeps of an annotation's mask."""
    counts = annotation["segmentation"].get("counts")
    return {"bbox": annotation["bbox"], "area": annotation["area"], "counts": counts}


def _overlap(masks: list[tuple[int, Stretches]]) -> tuple[int, int] | None:
    """Two masks that share a pixel."""
    if len(masks) < 2:
        return None
    starts = np.concatenate([mask.starts for _, mask in masks])
    ends = np.concatenate([mask.ends for _, mask in masks])
    owners = np.repeat([owner for owner, _ in masks], [len(mask.starts) for _, mask in masks])
    order = np.argsort(starts, kind="stable")
    starts, ends, owners = starts[order], ends[order], owners[order]
    shared = np.flatnonzero(starts[1:] < np.maximum.accumulate(ends)[:-1])
    if len(shared) == 0:
        return None
    one = int(shared[0]) + 1
    return int(owners[np.argmax(ends[:one])]), int(owners[one])


# The examination.


@dataclass
class _Document:
    """An annotation file: its right entries, by id."""

    name: str
    number_of_images: int = 0
    number_of_annotations: int = 0
    categories: dict[int, Entry] = field(default_factory=dict)
    images: dict[int, Entry] = field(default_factory=dict)
    annotations: dict[int, Entry] = field(default_factory=dict)
    of_image: dict[int, list[Entry]] = field(default_factory=dict)
    by_name: dict[str, Entry] = field(default_factory=dict)


@dataclass
class _Examination:
    """One data set: its `instances` and `amodal` files by split, and what was found wrong."""

    root: Path
    ours: bool
    documents: dict[str, _Document] = field(default_factory=dict)
    amodal: dict[str, _Document] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def examine(self, splits: list[str]) -> None:
        for split in splits:
            document = self._document(f"annotations/instances_{split}.json")
            if document is not None:
                self.documents[split] = document
                self._labels(document, split)
            self._pictures(split, document)
        self._across_splits()
        if splits:  # otherwise the run has not come to its end
            self._strangers(splits)
        if self.ours:
            self._records(splits, self._run(splits))
        self._other_files()

    def fault(self, file: str, where: str, what: str) -> None:
        self.faults.append(Fault(file, where, what))

    def right(self, file: str, where: str, entry: Any, rules: Rules) -> bool:
        """Whether an entry holds what it must; names what it does not."""
        wrong = list(_broken(entry, rules))
        for what in wrong:
            self.fault(file, where, what)
        return not wrong

    # Files.

    def _read(self, name: str) -> bytes | None:
        """The content of a file; pipes and devices are none."""
        try:
            if (self.root / name).is_file():
                return (self.root / name).read_bytes()
            self.fault(name, "", "missing")
        except OSError as error:
            self.fault(name, "", f"cannot be read: {error.strerror}")
        return None

    def _json(self, name: str, rules: Rules | None) -> Entry | None:
        """An object read from a file; without rules anything may be in it."""
        self.seen.add(name)
        content = self._read(name)
        if content is None:
            return None
        constants: set[str] = set()

        def constant(text: str) -> float:
            constants.add(text)
            return float(text)

        try:
            tree = json.loads(content, parse_constant=constant)
        except (ValueError, RecursionError) as error:
            self.fault(name, "", f"no JSON: {_first_line(error)}")
            return None
        for text in sorted(constants):
            self.fault(name, "", f"no JSON: {text} is in it")
        if self.ours:
            self._machine_paths(name, tree)
        return tree if rules is not None and self.right(name, "", tree, rules) else None

    def _machine_paths(self, name: str, tree: Any) -> None:
        """Names texts and keys that begin as paths of a machine do; without recursion: trees may be deep."""
        waiting: list[tuple[str, Any]] = [("", tree)]
        while waiting:
            where, node = waiting.pop()
            if type(node) is str and MACHINE_PATH.match(node):
                self.fault(name, where, f"{_show(node)} is an absolute path of a machine")
            elif type(node) is list:
                waiting += [(where, item) for item in node if isinstance(item, str | list | dict)]
            elif type(node) is dict:
                waiting += [(where, key) for key in node]
                inner = (item for item in node.items() if isinstance(item[1], str | list | dict))
                waiting += [
                    (f"{where}.{key}"[-80:], item) for key, item in inner if key not in RUN_LENGTH_KEYS
                ]

    def _document(self, name: str) -> _Document | None:
        """An annotation file with its right entries; the wrong ones are named."""
        tree = self._json(name, OUR_FILES if self.ours else FILES)
        if tree is None:
            return None
        document = _Document(name, len(tree["images"]), len(tree["annotations"]))
        document.categories = self._by_id(name, "categories", tree, OUR_CATEGORY if self.ours else CATEGORY)
        document.images = self._by_id(name, "images", tree, OUR_IMAGE if self.ours else IMAGE)
        document.annotations = self._by_id(
            name, "annotations", tree, OUR_ANNOTATION if self.ours else ANNOTATION
        )
        for key, entries in (("name", document.categories), ("file_name", document.images)):
            self._once(name, key, entries)
        document.by_name = {image["file_name"]: image for image in document.images.values()}
        document.of_image = {image: [] for image in document.images}
        for annotation in list(document.annotations.values()):
            self._references(document, annotation)
        return document

    def _by_id(self, name: str, kind: str, tree: Entry, rules: Rules) -> dict[int, Entry]:
        """The right entries of a list, by id."""
        found: dict[int, Entry] = {}
        for rank, entry in enumerate(tree[kind]):
            if not self.right(name, f"{kind}[{rank}]", entry, rules):
                continue
            if entry["id"] in found:
                self.fault(name, f"{kind}[{rank}]", f"id {entry['id']} is there twice")
            found.setdefault(entry["id"], entry)
        ids = [entry.get("id") if type(entry) is dict else None for entry in tree[kind]]
        if self.ours and ids != list(range(1, len(ids) + 1)):
            self.fault(name, kind, "ids are not the ranks 1, 2, 3, ... in order")
        return found

    def _once(self, name: str, key: str, entries: dict[int, Entry]) -> None:
        known: dict[str, int] = {}
        for entry in entries.values():
            if known.setdefault(entry[key], entry["id"]) != entry["id"]:
                self.fault(name, f"id {entry['id']}", f"{key} {_show(entry[key])} is there twice")

    def _references(self, document: _Document, annotation: Entry) -> None:
        where = f"annotation {annotation['id']}"
        known = {"image_id": document.images, "category_id": document.categories}
        missing = [key for key, entries in known.items() if annotation[key] not in entries]
        for key in missing:
            self.fault(
                document.name, where, f"{key} {annotation[key]} is no id of this file (or of a broken entry)"
            )
        if missing or (
            self.ours and not self.right(document.name, where, annotation["attributes"], ATTRIBUTES)
        ):
            del document.annotations[annotation["id"]]
        else:
            document.of_image[annotation["image_id"]].append(annotation)

    # Labels.

    def _labels(self, document: _Document, split: str) -> None:
        """The masks of a split, image by image, with their amodal partners where there are any."""
        name = f"annotations/amodal_{split}.json"
        amodal = self._document(name) if self.ours or (self.root / name).exists() else None
        if amodal is not None:
            self.amodal[split] = amodal
            self._partners(document, amodal)
        previous = -1
        for image in document.images.values():
            masks = []
            for annotation in document.of_image[image["id"]]:
                mask = self._mask(document.name, image, annotation)
                if mask is not None:
                    masks.append((annotation["id"], mask))
                if amodal is not None and annotation["id"] in amodal.annotations:
                    self._pair(document, image, annotation, mask, amodal)
            if self.ours:
                self._our_image(document, image, masks)
                if image["scene"] < previous:
                    self.fault(document.name, f"image {image['id']}", "scenes are not in order")
                previous = image["scene"]

    def _our_image(self, document: _Document, image: Entry, masks: list[tuple[int, Stretches]]) -> None:
        where = f"image {image['id']}"
        if pair := _overlap(masks):
            self.fault(document.name, where, f"the masks of annotations {pair[0]} and {pair[1]} overlap")
        instances = [annotation["attributes"]["instance"] for annotation in document.of_image[image["id"]]]
        if len(set(instances)) < len(instances):
            self.fault(document.name, where, "two annotations have the same instance")
        for ignored in image["ignored"]:
            right = self.right(document.name, f"{where}, ignored", ignored, IGNORED)
            if right and ignored["category_id"] not in document.categories:
                self.fault(document.name, where, f"ignored: {ignored['category_id']} is no category_id")
        extra = "".join(
            f"_{letter}{image[key]}" for letter, key in (("l", "lighting"), ("c", "copy")) if image[key]
        )
        stem = f"s{image['scene']:06d}_v{image['view']:02d}{extra}"
        if image["file_name"].rpartition(".")[0] != stem:
            self.fault(
                document.name, where, f"file_name {_show(image['file_name'])} does not tell its key, {stem}"
            )

    def _mask(self, name: str, image: Entry, annotation: Entry) -> Stretches | None:
        """A mask that agrees with its box and area, or what is wrong with it."""
        where, width, height = f"annotation {annotation['id']}", image["width"], image["height"]
        x, y, box_width, box_height = annotation["bbox"]
        slack = 0 if self.ours else SLACK_PX
        if box_width <= 0 or box_height <= 0:
            self.fault(name, where, f"bbox {_show(annotation['bbox'])} is empty")
        elif min(x, y) < -slack or x + box_width > width + slack or y + box_height > height + slack:
            self.fault(name, where, f"bbox {_show(annotation['bbox'])} reaches out of the image")
        segmentation = annotation.get("segmentation")
        if not self.ours and segmentation in (None, []):
            return None
        try:
            if self.ours and not (type(segmentation) is dict and type(segmentation.get("counts")) is str):
                raise ValueError("segmentation is no compressed run lengths")
            mask = mask_of(segmentation, height, width)
        except ValueError as error:
            self.fault(name, where, str(error))
            return None
        if mask.area == 0:
            self.fault(name, where, "the mask is empty")
            return None
        self._measures(name, where, annotation, mask)
        return mask

    def _measures(self, name: str, where: str, annotation: Entry, mask: Stretches) -> None:
        """Box and area: exactly the mask's in ours, near it in those of others."""
        box, given, area = mask.box_xywh, annotation["bbox"], mask.area
        edges = [[b[0], b[1], b[0] + b[2], b[1] + b[3]] for b in (given, box)]
        box_slack, area_slack = 0.0, 0.0
        if not self.ours:
            box_slack, area_slack = SLACK_PX, SLACK_PX + SLACK_SHARE * area + box[2] + box[3]
        if any(abs(one - other) > box_slack for one, other in zip(*edges, strict=True)):
            self.fault(name, where, f"bbox {_show(given)} is not the mask's, {_show(box)}")
        if abs(annotation["area"] - area) > area_slack:
            self.fault(name, where, f"area {_show(annotation['area'])} is not the mask's, {area}")

    def _partners(self, document: _Document, amodal: _Document) -> None:
        """The amodal file is about the same images, categories and instances."""
        for kind, visible, whole, keys in (
            ("image", document.images, amodal.images, [*IMAGE, *KEY] if self.ours else IMAGE),
            ("category", document.categories, amodal.categories, CATEGORY),
            ("annotation", document.annotations, amodal.annotations, ("image_id", "category_id")),
        ):
            for identity in sorted(visible.keys() ^ whole.keys()):
                lacking = amodal.name if identity in visible else document.name
                self.fault(lacking, f"{kind} {identity}", "is missing or broken here, the other file has it")
            for identity in sorted(visible.keys() & whole.keys()):
                for key in keys:
                    if visible[identity][key] != whole[identity][key]:
                        self.fault(amodal.name, f"{kind} {identity}", f"{key} differs from {document.name}")

    def _pair(
        self, document: _Document, image: Entry, annotation: Entry, mask: Stretches | None, amodal: _Document
    ) -> None:
        """A visible mask, its amodal one, and the fractions that both give."""
        where, partner = f"annotation {annotation['id']}", amodal.annotations[annotation["id"]]
        whole = self._mask(amodal.name, image, partner)
        if mask is None or whole is None:
            return
        if not mask.inside(whole):
            self.fault(document.name, where, "the visible mask is not inside the amodal one")
        if not self.ours:
            return
        shares = annotation["attributes"]
        if any(shares[key] != partner["attributes"][key] for key in ATTRIBUTES):
            self.fault(amodal.name, where, f"attributes differ from {document.name}")
        occlusion = 1 - mask.area / whole.area
        if abs(shares["occlusion"] - occlusion) > FRACTION_ERROR:
            self.fault(
                document.name, where, f"occlusion {shares['occlusion']} is not the masks', {occlusion:.6f}"
            )
        visible = (1 - occlusion) * (1 - shares["truncation"])
        if abs(shares["visible_fraction"] - visible) > FRACTION_ERROR:
            what = f"is not (1 - occlusion) (1 - truncation), {visible:.6f}"
            self.fault(document.name, where, f"visible_fraction {shares['visible_fraction']} {what}")

    # Pictures.

    def _pictures(self, split: str, document: _Document | None) -> None:
        """Each entry has its picture, whole and of its size; each file has its entry."""
        files = set(self._files(f"images/{split}"))
        entries = document.by_name if document is not None else {}
        for name, image in entries.items():
            path = f"images/{split}/{name}"
            if path not in files:
                self.fault(path, "", f"missing: image {image['id']} has no file")
                continue
            size = self._decoded(path)
            if size is not None and size != (image["width"], image["height"]):
                what = f"is {size[0]} x {size[1]}, its entry says {image['width']} x {image['height']}"
                self.fault(path, "", f"the picture {what}")
        if document is not None:
            for path in sorted(files - {f"images/{split}/{name}" for name in entries}):
                self.fault(path, "", f"has no entry in {document.name}")

    def _decoded(self, path: str) -> tuple[int, int] | None:
        """Width and height of a picture, all of whose pixels can be read."""
        try:
            if not (self.root / path).is_file():
                raise OSError("it is no file")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of size: that is compared
                with Image.open(self.root / path, formats=("JPEG", "PNG")) as picture:
                    picture.load()
                    return picture.size
        except UnidentifiedImageError:
            self.fault(path, "", "no JPEG or PNG")
        except Exception as error:  # broken pictures raise whatever the decoder met
            self.fault(path, "", f"cannot be decoded as a whole: {error}")
        return None

    def _files(self, folder: str) -> Iterator[str]:
        """The names of all files below a folder."""
        for parent, folders, files in os.walk(self.root / folder):
            folders.sort()
            for file in sorted(files):
                if not file.startswith(TEMPORARY):
                    yield (Path(parent) / file).relative_to(self.root).as_posix()

    # The data set as a whole.

    def _across_splits(self) -> None:
        owners: dict[int, str] = {}
        first: _Document | None = None
        for split, document in self.documents.items():
            names = [(category["id"], category["name"]) for category in document.categories.values()]
            first = first or document
            if names != [(category["id"], category["name"]) for category in first.categories.values()]:
                self.fault(document.name, "categories", f"differ from those of {first.name}")
            for image in document.images.values() if self.ours else ():
                other = owners.setdefault(image["scene"], split)
                if other != split:
                    what = f"scene {image['scene']} is in split {other} too"
                    self.fault(document.name, f"image {image['id']}", what)

    def _strangers(self, splits: list[str]) -> None:
        """Pictures and amodal files of splits that have no instances."""
        for path in self._files("images"):
            if path.count("/") == 1 or path.split("/")[1] not in splits:
                self.fault(path, "", "belongs to no split: no annotations/instances_<split>.json names it")
        for partner in sorted((self.root / "annotations").glob("amodal_*.json")):
            if partner.name.removeprefix("amodal_").removesuffix(".json") not in splits:
                self.fault(f"annotations/{partner.name}", "", "has no instances file beside it")

    def _other_files(self) -> None:
        """What writers that died have left, and paths of a machine in the files not looked at yet."""
        for parent, folders, files in os.walk(self.root):
            folders.sort()
            for file in sorted(files):
                path = Path(parent) / file
                name = path.relative_to(self.root).as_posix()
                if file.startswith(TEMPORARY):
                    self.fault(name, "", "a temporary file that a writer has left; the next run removes it")
                elif self.ours and path.suffix == ".json" and name not in self.seen:
                    self._json(name, None)
                elif self.ours and path.suffix in (".yaml", ".yml"):
                    self._yaml(name)

    def _yaml(self, name: str) -> None:
        """Paths of a machine in YAML: its events are read, no tree is built, so nothing can blow up."""
        try:
            for event in yaml.parse(self._read(name) or b"", Loader=yaml.SafeLoader):
                if isinstance(event, yaml.ScalarEvent) and MACHINE_PATH.match(event.value):
                    mark = event.start_mark
                    where = f"line {mark.line + 1}" if mark is not None else ""
                    self.fault(name, where, f"{_show(event.value)} is an absolute path of a machine")
        except (ValueError, yaml.YAMLError) as error:
            self.fault(name, "", f"no YAML: {_first_line(error)}")

    # Records.

    def _run(self, splits: list[str]) -> int | None:
        """The number of accepted views that the run was to make."""
        run = self._json("run.json", RUN)
        if not (self.root / "config.yaml").is_file():
            self.fault("config.yaml", "", "missing")
        if not splits:
            self.fault(
                "annotations", "", "missing: the run has not come to its end; the same command goes on"
            )
        return run["num_images"] if run is not None else None

    def _records(self, splits: list[str], wanted: int | None) -> None:
        """The records tell of the same pictures and labels as COCO, and the pictures are those they were."""
        accepted = 0
        told: set[tuple[str, str]] = set()
        for rank, name in enumerate(sorted(self._files("records"))):
            if name != f"records/{rank // 1000:03d}/{rank:06d}.json":
                self.fault(
                    name, "", f"scenes are not 0, 1, 2, ...: the record of scene {rank} is missing before it"
                )
                break
        for name in sorted(self._files("records")):
            record = self._json(name, RECORD)
            if record is None:
                continue
            if Path(name).stem != f"{record['scene']:06d}":
                self.fault(name, "", f"is about scene {record['scene']}")
            for view in record["views"]:
                if self.right(name, "views", view, VIEW) and not view["reasons"]:
                    accepted += 1
                    if wanted is None or accepted <= wanted:
                        told |= set(self._view(name, record, view))
        if wanted is not None and accepted < wanted:
            self.fault(
                "run.json", "num_images", f"is {wanted}, but the records hold {accepted} accepted views"
            )
        for split in sorted({split for split, _ in told} - set(splits)) if splits else ():
            self.fault(
                f"annotations/instances_{split}.json", "", "missing: records tell of pictures in this split"
            )
        for split, document in self.documents.items():
            for file in document.by_name.keys() - {file for owner, file in told if owner == split}:
                self.fault(document.name, f"image {document.by_name[file]['id']}", "no record tells of it")

    def _view(self, name: str, record: Entry, view: Entry) -> Iterator[tuple[str, str]]:
        """Split and name of each picture of an accepted view."""
        if not view["pictures"]:
            self.fault(name, f"view {view['view']}", "is accepted but has no pictures")
        for picture in view["pictures"]:
            if self.right(name, f"view {view['view']}", picture, PICTURE):
                self._picture(name, record, view, picture)
                yield record["split"], picture["name"]

    def _picture(self, name: str, record: Entry, view: Entry, picture: Entry) -> None:
        path = f"images/{record['split']}/{picture['name']}"
        document = self.documents.get(record["split"])
        image = document.by_name.get(picture["name"]) if document is not None else None
        if (self.root / path).is_file():
            with (self.root / path).open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != picture["sha256"]:
                    self.fault(
                        name, picture["name"], "sha256 differs: the picture's file is not what was written"
                    )
        elif image is None:  # otherwise it was named already
            self.fault(path, "", f"missing: {name} tells of it")
        if document is None:
            return
        if image is None:
            self.fault(name, picture["name"], f"has no entry in {document.name}")
            return
        told = picture | {"scene": record["scene"], "view": view["view"], "lighting": view["lighting"]}
        for key in ("width", "height", *KEY):
            if told[key] != image[key]:
                self.fault(name, picture["name"], f"{key} is {told[key]}, COCO says {image[key]}")
        whole = self.amodal[record["split"]].annotations if record["split"] in self.amodal else {}
        self._same_labels(name, picture, document, document.of_image[image["id"]], whole)

    def _same_labels(
        self,
        name: str,
        picture: Entry,
        document: _Document,
        annotations: list[Entry],
        amodal: dict[int, Entry],
    ) -> None:
        labels = picture["annotations"]
        if len(labels) != len(annotations):
            what = f"{len(labels)} annotations here, {len(annotations)} right ones in {document.name}"
            self.fault(name, picture["name"], what)
            return
        for label, annotation in zip(labels, annotations, strict=True):
            if not self.right(name, picture["name"], label, LABEL):
                continue
            coco = (
                annotation["attributes"]
                | {"category": annotation["category_id"] - 1}
                | _mask_keys(annotation)
            )
            if whole := amodal.get(annotation["id"]):
                coco |= {f"amodal_{key}": value for key, value in _mask_keys(whole).items()}
            for key in (key for key in LABEL if key in coco):
                if label[key] != coco[key]:
                    what = f"{key} differs from annotation {annotation['id']} of {document.name}"
                    self.fault(name, picture["name"], what)
                    break
