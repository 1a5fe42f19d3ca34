"""Where the images of a merged or split data set come from: `sources.json`, and facts of each image."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage, Scalar
from sim2coco.datasets.size import Size

FILE = "sources.json"
DATASET, NAME, SCENE = "source_dataset", "source_name", "source_scene"
"""Facts of an image: the identity of the data set that it was made in, and its split/name and scene there."""
DIGITS = 8
"""Digits of an identity that file names begin with."""


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that images were taken from.

    Attributes:
        identity: Its identity, 64 hex digits.
        about: What COCO's `info` says of it.
    """

    identity: str
    about: Mapping[str, Scalar]


def _read(path: Path) -> tuple[Source, ...]:
    """The data sets that `sources.json` lists; none without the file.

    Raises:
        DataSetError: The file is invalid.
    """
    if not path.exists():
        return ()
    try:
        listed = json.loads(path.read_bytes())["sources"]
        return tuple(Source(_identity(entry["identity"]), dict(entry.get("about") or {})) for entry in listed)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataSetError(f"{path}: cannot be read ({type(error).__name__})") from error


def _identity(value: object) -> str:
    if type(value) is not str or not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError("an identity has 64 hex digits")
    return value


def sources_file(made_by: Mapping[str, Any], sources: Iterable[Source], sizes: Mapping[str, Size]) -> bytes:
    """The content of `sources.json`.

    Args:
        made_by: The command and its settings.
        sources: The data sets that images were taken from.
        sizes: Number of images and of annotations of each, by identity.
    """
    about = {source.identity: dict(source.about) for source in sources}
    listed = [
        {
            "identity": identity,
            "images": size.images,
            "annotations": size.annotations,
            "about": about.get(identity, {}),
        }
        for identity, size in sorted(sizes.items())
    ]
    return json.dumps({"format": 1, "made_by": dict(made_by), "sources": listed}, indent=1).encode() + b"\n"


def with_origin(image: LabelledImage, identity: str) -> LabelledImage:
    """An image with the facts that say where it comes from; those that it has from an earlier merge stay."""
    if origin(image) is not None:
        return image
    scene = {} if image.scene is None else {SCENE: image.scene}
    own = {DATASET: identity, NAME: "/".join(filter(None, (image.split, image.name)))}
    return replace(image, facts={**image.facts, **own, **scene})


def origin(image: LabelledImage) -> str | None:
    """The identity of the data set that an image was made in; None if the image does not say."""
    found = image.facts.get(DATASET)
    return found if type(found) is str and re.fullmatch("[0-9a-f]{64}", found) else None


def scene_of(image: LabelledImage) -> str:
    """What images of one scene have in common, or else the name of the image: the same after any merge."""
    scene = image.facts.get(SCENE, image.scene)
    return f"scene {scene}" if scene is not None else str(image.facts.get(NAME, image.name))


def sources_of(root: Path, identity: str, info: DatasetInfo) -> tuple[Source, ...]:
    """The data sets that the images of a data set were made in: itself, unless it was made from others.

    Args:
        root: Its folder.
        identity: Its identity.
        info: What its images share.
    """
    return _read(root / FILE) or (Source(identity, info.about),)


def refuse_twice(sources: Sequence[tuple[str, tuple[Source, ...]]]) -> None:
    """Refuses data sets of which two contain images of the same one.

    Args:
        sources: For each data set, its name in messages, and the data sets that its images come from.

    Raises:
        DataSetError: A data set is contained in two of them.
    """
    known: dict[str, str] = {}
    for name, contained in sources:
        for source in contained:
            other = known.setdefault(source.identity, name)
            if other != name:
                what = f"the data set {source.identity[:DIGITS]}"
                raise DataSetError(f"{name}: has the images of {other} ({what}); merge each data set once")
