"""Splits a data set that has no splits: by scene if scenes are known, otherwise by image."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from sim2coco.datasets.derived import Derived
from sim2coco.datasets.errors import DataSetError, no_images
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.names import Names
from sim2coco.datasets.provenance import scene_of, sources_of, with_origin
from sim2coco.datasets.reading import Dataset, has_depth


def divided(data: Dataset, shares: Mapping[str, float], seed: int = 0) -> Derived:
    """Splits a data set into train, val and test.

    The split of an image depends only on the seed and on its scene, or its file name if the scene is unknown.
    Therefore no image changes its split when other images are added, and all images of a scene are in the
    same split, even across the data sets of a sweep.

    Args:
        data: The data set.
        shares: Fractions of `val` and optionally `test`; the rest is `train`.
        seed: Random seed.

    Raises:
        DataSetError: The data set already has several splits, or has no images. The error is also raised
            while the images of the result are read, if the data set is unreadable or a split gets no image.
    """
    sizes = {split: size.images for split, size in data.sizes().items() if size.images}
    if not sizes:
        raise no_images(data.root)
    if len(sizes) > 1:
        what = f"{data.root}: already has the splits {', '.join(sizes)}"
        raise DataSetError(f"{what}; only a data set with one split or none can be split")
    splits = ("train", *(name for name in ("val", "test") if name in shares))
    made_by = {"command": "split", **shares, "seed": seed}
    info = replace(data.info, splits=splits, category_ids=())
    images = _images(data, shares, seed)
    return Derived(
        info,
        images,
        sum(sizes.values()),
        sources_of(data.root, data.identity, data.info),
        made_by,
        notes=(f"depth files are left out; they remain in {data.root}",) if has_depth(data) else (),
        roots=(data.root,),
    )


def _images(data: Dataset, shares: Mapping[str, float], seed: int) -> Iterator[LabelledImage]:
    names, identity = Names(), data.identity
    empty = {"train", *shares}
    for image in data.images():
        split = _split(scene_of(image), shares, seed)
        moved = replace(with_origin(image, identity), split=split, other_files={})
        yield replace(moved, name=names.of(moved, prefixed=False))
        empty.discard(split)
    if empty:
        what = "try another --seed or other shares"
        raise DataSetError(f"{data.root}: no image is in split {min(empty)}; {what}")


def _split(scene: str, shares: Mapping[str, float], seed: int) -> str:
    """The split of a scene: `val` for low values of its hash, `test` for high values, otherwise `train`."""
    place = int.from_bytes(sha256(f"{seed} {scene}".encode()).digest()[:8]) / 2**64
    if place < shares.get("val", 0):
        return "val"
    return "test" if place >= 1 - shares.get("test", 0) else "train"
