"""Records: one for each scene, with everything needed to export it and to render it again.

A scene is committed when its record is written.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import PurePosixPath
from sys import intern
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from scenes.geometry import Matrix, Pose, Scale, Vec3
from scenes.shot import Camera, Shot
from sim.sample import Keypoint
from sim.settled import Settled
from sim2coco.shard import Shard
from sim2coco.storage import Storage

FORMAT = 1
HASH = b',"sha256":"'
"""Separator between a record's JSON and its hash."""
MAX_VALUES = 10_000_000
"""Records with more values than this are not read, because they would not fit into memory."""
DEPTH = "depth"
"""Name of the folder of depth files in the data set."""
Xywh = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One label. Fractions and areas are computed from the masks.

    Boxes are x, y, width, height in pixels, and areas are in pixels. `counts` and `amodal_counts` are masks
    in COCO's compressed RLE. `whole_px` and `whole_bbox` are the area and the box that the object would have
    in an unlimited image without occlusion. `outermost_m` contains the mesh points that are projected
    farthest to the left, right, top and bottom. `box_m` contains the smallest and the largest coordinates of
    the mesh. Both are in the mesh frame, before scaling. `whole_px`, `whole_bbox`, `outermost_m`, `box_m` and
    `pose` apply to the rendered image. They are None if an augmentation has moved pixels; `outermost_m` and
    `box_m` are also None in records of earlier versions. Each of the `keypoints` is x and y in pixels and a
    visibility: 0 outside the image, 1 hidden, 2 visible. `keypoints` is None if the category has none.

    If the label is a decal, `on` is the instance id of the object that carries it, `decal` is its index among
    the decals of `body`, and `pose` is None. If the label is an object, `on` and `decal` are None.
    """

    instance: int
    body: int
    category: int
    asset: str
    bbox: Xywh
    area: int
    counts: str
    amodal_bbox: Xywh
    amodal_area: int
    amodal_counts: str
    visible_fraction: float
    occlusion: float
    truncation: float
    scale: Scale
    pose: Pose | None
    whole_px: int | None
    whole_bbox: Xywh | None
    outermost_m: Annotated[tuple[Vec3, ...] | None, Field(exclude_if=lambda points: points is None)] = None
    box_m: Annotated[tuple[Vec3, Vec3] | None, Field(exclude_if=lambda corners: corners is None)] = None
    on: Annotated[int | None, Field(exclude_if=lambda on: on is None)] = None
    decal: Annotated[int | None, Field(exclude_if=lambda decal: decal is None)] = None
    keypoints: Annotated[tuple[Keypoint, ...] | None, Field(exclude_if=lambda points: points is None)] = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A visible object or decal whose label was dropped.

    `body` is a body index; None in records of earlier versions. `decal` is the index of the decal among those
    of the body; None if an object was dropped.
    """

    category: int
    asset: str
    bbox: Xywh
    reason: str
    body: Annotated[int | None, Field(exclude_if=lambda body: body is None)] = None
    decal: Annotated[int | None, Field(exclude_if=lambda decal: decal is None)] = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One written image and its labels.

    `copy` is 0 if the image is the rendered view, and 1, 2, ... if it is an augmented copy. `other_files`
    maps the name of each further file of the image, such as its depth file, to the SHA-256 of the file.
    `unseen` contains the body index of each object without a visible pixel; it is None in records of earlier
    versions. `unseen_decals` contains (body index, decal index) of each decal without a visible pixel.
    """

    name: str
    copy: int
    width: int
    height: int
    sha256: str
    camera: Camera | None
    annotations: tuple[Annotation, ...]
    ignored: tuple[Ignored, ...]
    other_files: Annotated[dict[str, str], Field(exclude_if=lambda files: not files)] = field(
        default_factory=dict
    )
    unseen: Annotated[tuple[int, ...] | None, Field(exclude_if=lambda bodies: bodies is None)] = None
    unseen_decals: Annotated[tuple[tuple[int, int], ...], Field(exclude_if=lambda pairs: not pairs)] = ()


@dataclass(frozen=True, slots=True)
class View:
    """One shot and its images, or the reasons why it was rejected.

    `bins` maps the name of each histogram that a target can have to the bins into which the values of the
    images fall. A run with a target uses it to decide whether to keep the view. It is None if the run has no
    target, or if the quality checks reject the view.
    """

    view: int
    lighting: int
    shot: Shot
    reasons: tuple[str, ...]
    pictures: tuple[Picture, ...]
    bins: Annotated[dict[str, tuple[int, ...]] | None, Field(exclude_if=lambda bins: bins is None)] = None


Status = Literal["done", "rejected", "failed"]


@dataclass(frozen=True, slots=True)
class Record:
    """One scene.

    Attributes:
        format: Version of the record format.
        scene: Scene index from 0.
        split: The split of the scene.
        status: `done`; `rejected` if every sampled attempt was rejected; `failed` if every try to make the
            scene ended with an error, a crash or an exceeded limit.
        unlucky: For each rejected attempt, the reason why it was rejected.
        error: The error message if the scene failed, otherwise None.
        settled: The scene at rest, from the attempt that succeeded; None if none did.
        views: The accepted and rejected views, in the order in which they were made.
        from_file: For each body of the scene, the transform from the coordinates in the user's file to the
            frame of the body's `pose`; it applies unit, up axis, `size_m` and the body's scale. Empty in
            records of versions that did not write this field.
        drawn: Keys of the assets in the last attempt, if the scene failed. Empty if that attempt failed
            before all bodies were sampled.
        sha256: Hash of all other fields, as stored in the file of the record. None in records of earlier
            versions, and in records that are not yet written.
    """

    format: int
    scene: int
    split: str
    status: Status
    unlucky: tuple[str, ...]
    error: str | None
    settled: Settled | None
    views: tuple[View, ...]
    from_file: Annotated[tuple[Matrix, ...], Field(exclude_if=lambda matrices: not matrices)] = ()
    drawn: Annotated[tuple[str, ...], Field(exclude_if=lambda assets: not assets)] = ()
    sha256: Annotated[str | None, Field(exclude_if=lambda digest: digest is None)] = field(
        default=None, compare=False
    )


@cache
def codec() -> TypeAdapter[Record]:
    """The encoder and parser of records; it is built on first use, because this takes 40 ms."""
    return TypeAdapter(Record)


def to_bytes(record: Record) -> bytes:
    """Encodes a record as JSON. Its last value is the SHA-256 hash of the rest."""
    rest = codec().dump_json(replace(record, sha256=None)).removesuffix(b"}")
    return rest + HASH + sha256(rest).hexdigest().encode() + b'"}\n'


def is_intact(record: Record, content: bytes) -> bool:
    """Whether a record is unchanged since it was written; True for records of earlier versions (no hash)."""
    if record.sha256 is None:
        return True
    rest, _, end = content.rpartition(HASH)
    return end == f'{sha256(rest).hexdigest()}"}}\n'.encode()


def from_bytes(content: bytes) -> Record:
    """Reads a record from JSON.

    Raises:
        ValueError: The content is not a record of this format, or has more than `MAX_VALUES` values.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise ValueError(f"more than {MAX_VALUES} values")
    record = codec().validate_json(content)
    if record.format != FORMAT:
        raise ValueError(f"record format {record.format}; this version reads only {FORMAT}")
    return record


def record_name(scene: int) -> str:
    """The name of a scene's record in the data set; there is a folder for each 1,000 scenes."""
    return f"records/{scene // 1000:03d}/{scene:06d}.json"


def scene_of(name: str) -> int | None:
    """Parses the scene index from the name of a record; None if it is not the name of a record.

    Example:
        >>> scene_of("records/000/000057.json"), scene_of("records/000/notes.json")
        (57, None)
    """
    stem = PurePosixPath(name).stem
    scene = int(stem) if re.fullmatch(r"\d{6,9}", stem, re.ASCII) else None
    return scene if scene is not None and name == record_name(scene) else None


def record_names(store: Storage, shard: Shard | None = None) -> Iterator[str]:
    """Yields the names of all records in a data set; with `shard`, only those of the shard's scenes."""
    for name in store.list("records"):
        scene = scene_of(name)
        if scene is not None and (shard is None or shard.holds(scene)):
            yield name


def picture_name(scene: int, view: int, lighting: int, copy: int, suffix: str) -> str:
    """The file name of an image, made from its scene, view, lighting and copy."""
    extra = (f"_l{lighting}" if lighting else "") + (f"_c{copy}" if copy else "")
    return f"s{scene:06d}_v{view:02d}{extra}.{suffix}"


def picture_key(name: str) -> tuple[int, ...] | None:
    """Parses scene, view, lighting and copy from a file name; None if it is not the name of an image's file.

    Example:
        >>> picture_key("depth/train/s000057_v02_l1.png"), picture_key("config.yaml")
        ((57, 2, 1, 0), None)
    """
    own = PurePosixPath(name).name
    found = re.fullmatch(r"s(\d{6,9})_v(\d{2,9})(?:_l(\d{1,9}))?(?:_c(\d{1,9}))?\.(\w+)", own, re.ASCII)
    if found is None:
        return None
    scene, view, lighting, copy = (int(number or 0) for number in found.groups()[:4])
    is_ours = own == picture_name(scene, view, lighting, copy, found[5])
    return (scene, view, lighting, copy) if is_ours else None


def picture_path(split: str, name: str, folder: str = "images") -> str:
    """Returns the full name of an image's file in the data set: folder, split and file name."""
    return f"{folder}/{split}/{name}"


def picture_files(split: str, picture: Picture) -> dict[str, str]:
    """Maps the name of each file of an image to the SHA-256 of its content; the image file comes first."""
    return {picture_path(split, picture.name): picture.sha256, **picture.other_files}


@dataclass(frozen=True, slots=True)
class Summary:
    """The part of a record that a run keeps in memory.

    `views` contains the rejection reasons of each view: an empty tuple if the view was accepted. `assets`
    contains the keys of the assets in the scene; those of a failed scene may be unknown. `bins` contains
    `View.bins` of each view.
    """

    scene: int
    status: Status
    unlucky: tuple[str, ...]
    views: tuple[tuple[str, ...], ...]
    error: str | None
    assets: tuple[str, ...] = ()
    bins: tuple[dict[str, tuple[int, ...]] | None, ...] = ()


def summary(record: Record) -> Summary:
    """The summary of a record."""
    views = tuple(view.reasons for view in record.views)
    bodies = record.settled.spec.bodies if record.settled else ()
    assets = dict.fromkeys(intern(asset) for asset in (*(body.asset for body in bodies), *record.drawn))
    bins = tuple(view.bins for view in record.views)
    return Summary(record.scene, record.status, record.unlucky, views, record.error, tuple(assets), bins)


def plain(value: object) -> Any:
    """Converts a value of a record to dicts, lists, numbers and strings."""
    return json.loads(TypeAdapter(type(value)).dump_json(value))


def kept_views(record: Record, limit: int) -> Iterator[View]:
    """Yields the accepted views of a scene in order, at most `limit` of them."""
    for view in record.views:
        if not view.reasons and limit > 0:
            limit -= 1
            yield view
