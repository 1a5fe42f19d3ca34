"""Changes a labelled picture, and its labels with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from augment.settings import AugmentSettings, TransformSettings
from sim.annotate import Instance, Sample, num_planes

Array = NDArray[np.float64]
Ids = NDArray[np.uint8] | NDArray[np.uint16]
Planes = NDArray[np.uint8]

# (256, 8): which bits a byte has.
BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float64)
# Legs, in pixels, of the corner that measures the local area scale: whole, so that flips and crops are exact.
STEP_PX = 8.0


class Augmenter:
    """Augments samples; each result depends on the sample and the generator alone.

    Example:
        >>> settings = AugmentSettings.parse({"geometry": {"flip": {"name": "HorizontalFlip", "p": 1.0}}})
        >>> augmenter = Augmenter(settings)
    """

    def __init__(self, settings: AugmentSettings) -> None:
        labels = {"ids": "mask", "amodal": "mask", "depth_m": "mask"}
        points = {"format": "xy", "remove_invisible": False}
        self._geometry = _Transforms(settings.geometry, additional_targets=labels, keypoint_params=points)
        self._pixels = _Transforms(settings.pixels, additional_targets={"ids": "mask"})

    def augment(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """A sample changed by the transforms that are drawn; the sample itself where none is.

        Once pixels have moved, `camera` is None, instances that left the picture are dropped and the others
        numbered anew from 1; `pose`, `whole_px` and `whole_xyxy` still speak of the rendered camera.

        Args:
            sample: Left as it is.
            rng: The copy's own generator; gives two numbers.
        """
        seeds = rng.integers(2**63, size=2)
        return self._recolor(self._move(sample, int(seeds[0])), int(seeds[1]))

    def _move(self, sample: Sample, seed: int) -> Sample:
        if not self._geometry:
            return sample
        areas_px, centers = _areas_and_centers(sample.amodal)
        corners = centers[:, None] + np.array([[0.0, 0.0], [STEP_PX, 0.0], [0.0, STEP_PX]])
        moved = self._geometry.apply(
            seed,
            image=sample.image,
            ids=sample.ids,
            amodal=np.ascontiguousarray(sample.amodal),
            depth_m=sample.depth_m,
            keypoints=corners.reshape(-1, 2),
        )
        if moved is None:
            return sample
        # A stack of one plane comes back without its last axis.
        amodal: Planes = moved["amodal"].reshape(*moved["ids"].shape, -1)
        shares = _shares_left(areas_px, amodal, np.asarray(moved["keypoints"]).reshape(-1, 3, 2))
        # 0 is what albumentations puts where the picture does not reach; no surface has that depth.
        depth_m = np.where(moved["depth_m"] == 0, np.float32(np.inf), moved["depth_m"])
        instances = [_truncated(instance, shares[instance.id - 1]) for instance in sample.instances]
        whole = Sample(moved["image"], moved["ids"], amodal, depth_m, None, tuple(instances))
        return _without(whole, shares == 0)

    def _recolor(self, sample: Sample, seed: int) -> Sample:
        changed = self._pixels.apply(seed, image=sample.image, ids=sample.ids) if self._pixels else None
        return sample if changed is None else replace(sample, image=changed["image"], ids=changed["ids"])


class _Transforms:
    """Transforms in order, each with random numbers of its own.

    `Compose.set_random_seed` would give the same seed to every transform: a flip and a rotation of p = 0.5
    would then always come together (106 of 200 pictures with both, 94 with neither, none with one).
    """

    def __init__(self, transforms: Mapping[str, TransformSettings], **targets: Any) -> None:
        self._by_key = {key: transform.build() for key, transform in transforms.items()}
        self._all: Callable[..., dict[str, Any]] | None = None
        if transforms:
            import albumentations as A  # noqa: N812 (its own documentation calls it so)

            every = list(self._by_key.values())
            self._all = A.Compose(every, strict=True, save_applied_params=True, **targets)

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def apply(self, seed: int, **targets: Any) -> dict[str, Any] | None:
        """The targets changed, or None where no transform was drawn."""
        assert self._all is not None
        for key, transform in self._by_key.items():
            state = np.random.SeedSequence([seed, crc32(key.encode())]).generate_state(1, np.uint64)
            transform.set_random_seed(int(state[0]))
        changed = self._all(**targets)
        return changed if changed["applied_transforms"] else None


def _areas_and_centers(amodal: Planes) -> tuple[Array, Array]:
    """Areas (8P,) in pixels of the bits of all planes, and their centres (8P, 2), rounded to pixels."""
    sums = []
    for at, values in _covered(amodal):
        y, x = np.divmod(at, amodal.shape[1])
        sums.append([np.bincount(values, weights, minlength=256) @ BITS for weights in (None, x, y)])
    area_px, x_sum, y_sum = np.concatenate(sums, axis=1)
    return area_px, np.rint(np.stack([x_sum, y_sum], axis=1) / np.maximum(area_px, 1)[:, None])


def _areas(amodal: Planes) -> Array:
    """Areas (8P,) in pixels of the bits of all planes."""
    return np.concatenate([np.bincount(values, minlength=256) @ BITS for _, values in _covered(amodal)])


def _covered(amodal: Planes) -> Iterator[tuple[NDArray[np.int64], Planes]]:
    """For each plane the flat indices of its pixels that are not 0, and their values."""
    for plane in np.moveaxis(amodal, -1, 0):
        flat = plane.ravel()
        at = np.flatnonzero(flat != 0)
        yield at, flat[at]


def _shares_left(areas_px: Array, amodal: Planes, corners: Array) -> Array:
    """Which share of each in-frame object is in the frame still: a' / (a·s), (8P,); 0 for no object.

    Args:
        areas_px: a, (8P,), before.
        amodal: (H, W, P), after.
        corners: (8P, 3, 2), where the corner at each object's centre has come to.
    """
    legs = (corners[:, 1:] - corners[:, :1]).astype(np.float64) / STEP_PX
    scales = np.abs(np.linalg.det(legs))
    return np.asarray(_areas(amodal) / np.maximum(areas_px * scales, 1e-9))


def _truncated(instance: Instance, share: float) -> Instance:
    # 1 - (1 - truncation)·share, written so that a share of 1 changes nothing, not even by rounding.
    truncation = instance.truncation + (1.0 - instance.truncation) * (1.0 - float(share))
    return replace(instance, truncation=min(max(truncation, 0.0), 1.0))


def _without(sample: Sample, gone: NDArray[np.bool_]) -> Sample:
    """A sample without some instances, given by their bits (8P,); the others are numbered from 1 again."""
    kept = [instance for instance in sample.instances if not gone[instance.id - 1]]
    if len(kept) == len(sample.instances):
        return sample
    count = len(sample.instances) + 1
    new_ids: Ids = np.zeros(count, np.uint8) if len(kept) <= 255 else np.zeros(count, np.uint16)
    amodal = np.zeros((*sample.ids.shape, num_planes(len(kept))), np.uint8)
    for index, instance in enumerate(kept):
        new_ids[instance.id] = index + 1
        plane, bit = divmod(index, 8)
        amodal[..., plane] |= sample.amodal_mask(instance.id).astype(np.uint8) << np.uint8(bit)
    instances = tuple(replace(instance, id=index + 1) for index, instance in enumerate(kept))
    return replace(sample, ids=new_ids[sample.ids], amodal=amodal, instances=instances)
