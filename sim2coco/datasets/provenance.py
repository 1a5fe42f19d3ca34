"""The origin of the images of a merged or split data set: `sources.json`, and the `facts` of each image."""

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
"""Keys of an image's facts: identity of the original data set, and split/name and scene in that data set."""
DIGITS = 8
"""Number of digits of an identity at the beginning of file names."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source data set.

    Attributes:
        identity: The identity of the data set, 64 hex digits.
        about: COCO's `info` of the data set.
    """

    identity: str
    about: Mapping[str, Scalar]


def _read(path: Path) -> tuple[Source, ...]:
    """Reads the data sets in `sources.json`; none if the file does not exist.

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
    """Returns the content of `sources.json`.

    Args:
        made_by: The command and its settings.
        sources: The source data sets.
        sizes: Numbers of images and annotations from each data set, keyed by the data set's identity.
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
    """Adds the original data set, name and scene of an image to its `facts`, unless already present."""
    if origin(image) is not None:
        return image
    scene = {} if image.scene is None else {SCENE: image.scene}
    own = {DATASET: identity, NAME: "/".join(filter(None, (image.split, image.name)))}
    return replace(image, facts={**image.facts, **own, **scene})


def origin(image: LabelledImage) -> str | None:
    """Returns the identity of an image's original data set; None if the image has no origin."""
    found = image.facts.get(DATASET)
    return found if type(found) is str and re.fullmatch("[0-9a-f]{64}", found) else None


def scene_of(image: LabelledImage) -> str:
    """Returns a key for the scene of an image, or for the image if its scene is unknown.

    The key stays the same when data sets are merged.
    """
    scene = image.facts.get(SCENE, image.scene)
    return f"scene {scene}" if scene is not None else str(image.facts.get(NAME, image.name))


def sources_of(root: Path, identity: str, info: DatasetInfo) -> tuple[Source, ...]:
    """Returns the data sets listed in `sources.json`; without that file, the data set itself.

    Args:
        root: The data set folder.
        identity: The data set's identity.
        info: The data set's metadata.
    """
    return _read(root / FILE) or (Source(identity, info.about),)


def refuse_twice(sources: Sequence[tuple[str, tuple[Source, ...]]]) -> None:
    """Refuses data sets that share a source data set.

    Args:
        sources: For each data set, its name in messages and its source data sets.

    Raises:
        DataSetError: Two of the data sets have the same source.
    """
    known: dict[str, str] = {}
    for name, contained in sources:
        for source in contained:
            other = known.setdefault(source.identity, name)
            if other != name:
                what = f"the data set {source.identity[:DIGITS]}"
                raise DataSetError(f"{name}: shares images with {other} ({what}); merge each data set once")
