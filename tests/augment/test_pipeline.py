"""Every transform on hand-made samples: labels are transformed exactly as the image is."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from augment.allowed import DROPOUTS, GEOMETRY, PIXELS
from augment.pipeline import Augmenter
from augment.settings import AugmentSettings
from scenes.geometry import Pose
from scenes.shot import Camera
from sim.sample import Instance, Sample, measure, num_planes
from sim2coco.seeding import rng_for

POSE = Pose((0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0))

# Each allowed transform, with arguments that have a strong effect.
GEOMETRY_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "Affine": {
        "scale": [0.5, 1.5],
        "rotate": [-180, 180],
        "translate_percent": [-0.3, 0.3],
        "shear": [-20, 20],
    },
    "CenterCrop": {"height": 61, "width": 150},
    "Crop": {"x_min": 7, "y_min": 5, "x_max": 90, "y_max": 70},
    "CropAndPad": {"percent": [-0.2, 0.2]},
    "D4": {},
    "HorizontalFlip": {},
    "LongestMaxSize": {"max_size": 77},
    "Pad": {"padding": [3, 5, 7, 9]},
    "PadIfNeeded": {"min_height": 131, "min_width": 140},
    "Perspective": {"scale": [0.05, 0.2], "fill": [114, 114, 114]},
    "RandomCrop": {"height": 200, "width": 60},
    "RandomCropFromBorders": {"crop_left": 0.3, "crop_right": 0.3, "crop_top": 0.3, "crop_bottom": 0.3},
    "RandomResizedCrop": {"size": [80, 100], "scale": [0.3, 1.0]},
    "RandomRotate90": {},
    "RandomScale": {"scale_limit": [-0.5, 1.0], "area_for_downscale": "image"},
    "Resize": {"height": 50, "width": 200},
    "Rotate": {"limit": [-90, 90], "crop_border": True},
    "SafeRotate": {"limit": [-90, 90]},
    "SmallestMaxSize": {"max_size": [60, 150]},
    "Transpose": {},
    "VerticalFlip": {},
}
DROPOUT_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "CoarseDropout": {"num_holes_range": [3, 6], "fill": [255, 0, 255]},
    "Erasing": {"scale": [0.1, 0.3], "fill": "random"},
    "GridDropout": {"ratio": 0.4},
}
PIXEL_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "AdditiveNoise": {
        "noise_type": "gaussian",
        "spatial_mode": "shared",
        "noise_params": {"mean_range": [0.0, 0.0], "std_range": [0.05, 0.1]},
    },
    "AdvancedBlur": {},
    "AutoContrast": {},
    "Blur": {"blur_limit": [3, 9]},
    "CLAHE": {},
    "ChannelDropout": {},
    "ChannelShuffle": {},
    "ColorJitter": {"brightness": [0.6, 1.4], "hue": [-0.2, 0.2]},
    "Defocus": {},
    "Downscale": {"scale_range": [0.3, 0.6]},
    "Equalize": {},
    "GaussNoise": {"std_range": [0.02, 0.1]},
    "GaussianBlur": {"sigma_limit": [0.5, 2.0]},
    "HueSaturationValue": {},
    "ISONoise": {},
    "Illumination": {},
    "ImageCompression": {"quality_range": [30, 90]},
    "InvertImg": {},
    "MedianBlur": {"blur_limit": [3, 7]},
    "MotionBlur": {},
    "MultiplicativeNoise": {},
    "PixelDropout": {"dropout_prob": 0.05},
    "PlanckianJitter": {},
    "Posterize": {"num_bits": [2, 4]},
    "RGBShift": {},
    "RandomBrightnessContrast": {"brightness_limit": [-0.3, 0.3]},
    "RandomGamma": {},
    "RandomGravel": {},
    "RandomRain": {},
    "RandomShadow": {},
    "RandomSnow": {},
    "RandomToneCurve": {},
    "RingingOvershoot": {},
    "SaltAndPepper": {},
    "Sharpen": {},
    "Solarize": {},
    "Spatter": {},
    "ToGray": {},
    "ToSepia": {},
    "UnsharpMask": {},
}

ALL = {
    **{name: ("geometry", arguments) for name, arguments in GEOMETRY_ARGUMENTS.items()},
    **{name: ("pixels", arguments) for name, arguments in {**DROPOUT_ARGUMENTS, **PIXEL_ARGUMENTS}.items()},
}
COUNTS = (1, 7, 8, 9, 16, 17, 24, 25, 40)
SIZE_HW = (96, 128)


def rng(index: int = 0) -> np.random.Generator:
    return rng_for(3, scene=index, stream="augment")


def augmenter(name: str, p: float = 1.0, **arguments: Any) -> Augmenter:
    """An augmenter with one transform, which may be in either list."""
    group = "geometry" if name in GEOMETRY else "pixels"
    return Augmenter(AugmentSettings.parse({group: {"it": {"name": name, "p": p, **arguments}}}))


def always(name: str) -> Augmenter:
    """A transform that is always applied, with the arguments in the tables above."""
    return augmenter(name, **ALL[name][1])


def sample_of(masks: NDArray[np.bool_], truncation: float = 0.0, dtype: type = np.uint8) -> Sample:
    """A sample of objects (n, h, w), later ones in front; every seventh is completely hidden."""
    shape = masks.shape[1:]
    ids: NDArray[Any] = np.zeros(shape, dtype)
    amodal = np.zeros((*shape, num_planes(len(masks))), np.uint8)
    instances = []
    for index, mask in enumerate(masks):
        if index % 7 != 6:
            ids[mask] = index + 1
        amodal[..., index // 8] |= mask.astype(np.uint8) << np.uint8(index % 8)
        px, box = int(mask.sum()), (0, 0, 1, 1)
        instances.append(
            Instance(index + 1, index, index % 3, f"asset{index}", POSE, 1.0, px, box, truncation)
        )
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.stack([x * 255 // shape[1], y * 255 // shape[0], (x * 7 + y * 13) % 256], axis=-1).astype(
        np.uint8
    )
    image[ids > 0, 2] = 255
    depth_m = np.where(ids > 0, 1.0 + ids / 64, np.inf).astype(np.float32)
    camera = Camera(shape[1], shape[0], 100.0, 100.0, shape[1] / 2, shape[0] / 2, POSE)
    sample = Sample(image, ids, amodal, depth_m, camera, tuple(instances))
    for array in arrays(sample):
        array.flags.writeable = False
    return sample


@cache
def discs(count: int, shape: tuple[int, int] = SIZE_HW, radius: float = 14.0) -> NDArray[np.bool_]:
    """Overlapping discs, some of them cut by the frame: (count, h, w)."""
    draws = rng_for(1, scene=count, stream="poses")
    y, x = np.mgrid[: shape[0], : shape[1]]
    centers = draws.random((count, 2)) * shape
    near = [
        (y - cy) ** 2 + (x - cx) ** 2 < (radius * (0.4 + 0.6 * draws.random())) ** 2 for cy, cx in centers
    ]
    return np.array([mask if mask.any() else y + x < 5 for mask in near])


def rectangle(y: slice, x: slice, shape: tuple[int, int] = SIZE_HW) -> NDArray[np.bool_]:
    mask = np.zeros((1, *shape), np.bool_)
    mask[0, y, x] = True
    return mask


def arrays(sample: Sample) -> list[NDArray[Any]]:
    return [sample.image, sample.ids, sample.amodal, sample.depth_m]


def facts(sample: Sample) -> tuple[object, ...]:
    """The whole content of a sample, comparable with ==."""
    return (*((a.tobytes(), a.shape, a.dtype) for a in arrays(sample)), sample.camera, sample.instances)


def in_color(sample: Sample) -> bool:
    return sample.image.dtype == np.uint8 and sample.image.shape == (*sample.ids.shape, 3)


def test_every_allowed_transform_is_tested() -> None:
    assert set(GEOMETRY_ARGUMENTS) == set(GEOMETRY)
    assert set(DROPOUT_ARGUMENTS) == set(DROPOUTS)
    assert set(PIXEL_ARGUMENTS) | set(DROPOUT_ARGUMENTS) == set(PIXELS)


@pytest.mark.parametrize("name", GEOMETRY_ARGUMENTS)
def test_labels_stay_whole_and_exact_when_pixels_move(name: str) -> None:
    mover = always(name)
    for count in COUNTS:
        before = sample_of(discs(count))
        after = mover.augment(before, rng(count))
        assert in_color(after)
        assert after.camera is None
        assert after.ids.dtype == np.uint8
        assert after.depth_m.dtype == np.float32
        assert after.depth_m.shape == after.ids.shape
        assert after.amodal.shape == (*after.ids.shape, num_planes(len(after.instances)))
        assert [instance.id for instance in after.instances] == list(range(1, len(after.instances) + 1))
        assert after.ids.max() <= len(after.instances)
        union = np.zeros(after.ids.shape, np.bool_)
        for instance, measures in zip(after.instances, measure(after), strict=True):
            amodal = after.amodal_mask(instance.id)
            assert amodal.any()
            assert not ((after.ids == instance.id) & ~amodal).any()
            assert measures.amodal_px == np.count_nonzero(amodal)
            assert 0.0 <= instance.truncation <= 1.0
            # The depth, which is warped together with the ids, identifies the object.
            seen = after.depth_m[after.ids == instance.id]
            assert (seen == np.float32(1.0 + (instance.body + 1) / 64)).all()
            union |= amodal
        assert (after.ids[~union] == 0).all()
        assert np.isinf(after.depth_m[after.ids == 0]).all()
        assert not np.unpackbits(after.amodal, axis=2, bitorder="little")[..., len(after.instances) :].any()


@pytest.mark.parametrize("name", GEOMETRY_ARGUMENTS)
def test_planes_in_a_stack_are_warped_like_single_planes(name: str) -> None:
    """OpenCV 5.0 warps stacks of two planes and some number types differently."""
    masks = discs(25)
    whole = sample_of(masks)
    together = always(name).augment(whole, rng())
    for index in range(25):
        alone = always(name).augment(sample_of(masks[index : index + 1]), rng())
        if not alone.instances:
            assert index not in [instance.body for instance in together.instances]
            continue
        (found,) = (instance for instance in together.instances if instance.body == index)
        assert np.array_equal(together.amodal_mask(found.id), alone.amodal_mask(1))
        assert found.truncation == pytest.approx(alone.instances[0].truncation, abs=1e-12)


@pytest.mark.parametrize("name", GEOMETRY_ARGUMENTS)
def test_all_labels_are_warped_by_the_same_map(name: str) -> None:
    """Random values as uint8 stacks of 1, 3, 4, 5, 6 and 9 planes, as uint16 and as float32."""
    draws = rng_for(2, scene=0, stream="looks")
    planes = draws.integers(1, 256, (*SIZE_HW, 9), dtype=np.uint8)
    ids = planes[..., 0].astype(np.uint16) * np.uint16(257)
    depth_m, mover, empty = ids.astype(np.float32), always(name), sample_of(np.zeros((0, *SIZE_HW), np.bool_))

    def moved(amodal: NDArray[np.uint8]) -> Sample:
        return mover.augment(replace(empty, ids=ids, amodal=amodal, depth_m=depth_m), rng())

    alone = np.dstack([moved(planes[..., index : index + 1]).amodal for index in range(9)])
    for count in (1, 3, 4, 5, 6, 9):
        after = moved(np.ascontiguousarray(planes[..., :count]))
        assert np.array_equal(after.amodal, alone[..., :count])
        assert np.array_equal(after.ids, alone[..., 0].astype(np.uint16) * np.uint16(257))
        assert np.array_equal(after.depth_m, np.where(after.ids == 0, np.inf, after.ids).astype(np.float32))


@pytest.mark.parametrize("name", GEOMETRY_ARGUMENTS)
def test_more_than_255_objects_keep_their_ids(name: str) -> None:
    masks = np.zeros((300, *SIZE_HW), np.bool_)
    for index in range(300):
        masks[index, index // 20 * 6 : index // 20 * 6 + 6, index % 20 * 6 : index % 20 * 6 + 6] = True
    before = sample_of(masks, dtype=np.uint16)
    after = always(name).augment(before, rng())
    assert after.ids.dtype == (np.uint16 if len(after.instances) > 255 else np.uint8)
    for instance in after.instances:
        assert not ((after.ids == instance.id) & ~after.amodal_mask(instance.id)).any()


@pytest.mark.parametrize(("left", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_ids_are_wide_where_more_than_255_objects_are_left(left: int, dtype: type) -> None:
    """300 objects in a row, of which a crop leaves some."""
    masks = np.eye(300, dtype=np.bool_)[:, None].repeat(16, axis=1)
    crop = augmenter("Crop", x_min=0, y_min=0, x_max=left, y_max=16)
    after = crop.augment(sample_of(masks, dtype=np.uint16), rng())
    assert len(after.instances) == left
    assert after.ids.dtype == dtype
    seen = [number for number in range(1, left + 1) if (number - 1) % 7 != 6]  # the others are hidden
    assert np.array_equal(np.unique(after.ids), [0, *seen])


@pytest.mark.parametrize("name", PIXEL_ARGUMENTS)
def test_pixel_transforms_change_the_image_and_no_label(name: str) -> None:
    before = sample_of(discs(9), truncation=0.25)
    changed = False
    for index in range(3):
        after = always(name).augment(before, rng(index))
        assert in_color(after)
        assert facts(after)[1:] == facts(before)[1:]
        changed |= not np.array_equal(after.image, before.image)
    assert changed


@pytest.mark.parametrize("name", DROPOUT_ARGUMENTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_dropouts_clear_the_ids_and_keep_the_amodal_masks(name: str, dtype: type) -> None:
    before = sample_of(discs(25, radius=40.0), dtype=dtype)
    arguments = ALL[name][1] | {"fill": [1, 2, 3]}
    after = augmenter(name, **arguments).augment(before, rng())
    hole = (after.image == (1, 2, 3)).all(axis=-1)
    assert hole.any()
    assert not hole.all()
    assert np.array_equal(after.ids, np.where(hole, 0, before.ids))
    assert np.array_equal(after.image[~hole], before.image[~hole])
    assert after.ids.dtype == dtype
    assert (after.camera, after.instances) == (before.camera, before.instances)
    assert np.array_equal(after.amodal, before.amodal)
    assert np.array_equal(after.depth_m, before.depth_m)


@pytest.mark.parametrize("name", ALL)
def test_a_result_depends_only_on_sample_and_generator(name: str) -> None:
    first, second = sample_of(discs(9)), sample_of(discs(3, (64, 80)))
    untouched = facts(first)
    one = always(name)
    results = [
        facts(one.augment(sample, rng(index))) for index, sample in ((0, first), (1, second), (0, first))
    ]
    assert results[0] == results[2]
    assert results[0] == facts(always(name).augment(first, rng(0)))
    assert facts(first) == untouched


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(16, 16), (17, 41)])
def test_no_image_is_too_small(name: str, shape: tuple[int, int]) -> None:
    for index in range(3):
        assert in_color(always(name).augment(sample_of(discs(2, shape, 5.0)), rng(index)))


def test_a_writable_sample_is_not_modified() -> None:
    for name in ALL:
        before = sample_of(discs(5, (48, 64)))
        for array in arrays(before):
            array.flags.writeable = True
        untouched = facts(before)
        always(name).augment(before, rng())
        assert facts(before) == untouched, name


def test_transforms_are_drawn_independently() -> None:
    """With one seed for all, as in `Compose.set_random_seed`, all or none would be applied."""
    flips = {"geometry": {"h": {"name": "HorizontalFlip", "p": 0.5}, "v": {"name": "VerticalFlip", "p": 0.5}}}
    both = Augmenter(AugmentSettings.parse(flips))
    before = sample_of(rectangle(slice(0, 10), slice(0, 10)))
    corners = []
    for index in range(100):
        y, x = np.argwhere(both.augment(before, rng(index)).ids)[0]
        corners.append((y > 0, x > 0))
    counts = [corners.count((v, h)) for v in (False, True) for h in (False, True)]
    assert min(counts) >= 12


def test_a_key_in_both_lists_is_drawn_twice() -> None:
    same = {
        "geometry": {"it": {"name": "HorizontalFlip", "p": 0.5}},
        "pixels": {"it": {"name": "InvertImg", "p": 0.5}},
    }
    both, before = Augmenter(AugmentSettings.parse(same)), sample_of(rectangle(slice(0, 10), slice(0, 10)))
    before = replace(before, image=np.zeros_like(before.image))
    after = [both.augment(before, rng(index)) for index in range(100)]
    found = [(bool(sample.ids[0, 0]), bool(sample.image.any())) for sample in after]
    assert min(found.count((h, i)) for h in (False, True) for i in (False, True)) >= 12


def test_a_transform_does_not_change_the_random_numbers_of_others() -> None:
    turn = {"turn": {"name": "Rotate", "p": 0.5}}
    flip = {"flip": {"name": "HorizontalFlip", "p": 0.0}}
    noise = {"noise": {"name": "GaussNoise", "p": 1.0}}
    before = sample_of(discs(5))
    results = [
        facts(Augmenter(AugmentSettings.parse(tree)).augment(before, rng()))[1:]
        for tree in ({"geometry": turn}, {"geometry": flip | turn}, {"geometry": turn, "pixels": noise})
    ]
    assert results[0] == results[1] == results[2]


def test_without_transforms_the_sample_itself_is_returned() -> None:
    before = sample_of(discs(3))
    assert Augmenter(AugmentSettings()).augment(before, rng()) is before
    for name in ALL:
        assert augmenter(name, p=0.0, **ALL[name][1]).augment(before, rng()) is before


@pytest.mark.parametrize("drawn", [False, True])
def test_the_camera_is_kept_until_pixels_move(drawn: bool) -> None:
    """A flip counts as movement even if the flipped image looks the same."""
    before = sample_of(rectangle(slice(40, 60), slice(54, 74)), truncation=0.3)
    before = replace(before, image=np.zeros_like(before.image))
    flip = {"name": "HorizontalFlip", "p": float(drawn)}
    settings = {"geometry": {"flip": flip}, "pixels": {"invert": {"name": "InvertImg", "p": 1.0}}}
    after = Augmenter(AugmentSettings.parse(settings)).augment(before, rng())
    assert [a.tobytes() for a in arrays(after)[1:]] == [a.tobytes() for a in arrays(before)[1:]]
    assert (after.image == 255).all()
    assert after.camera == (None if drawn else before.camera)
    assert after.instances == before.instances


def test_a_flip_is_exactly_a_flip() -> None:
    before = sample_of(discs(9), truncation=0.3)
    after = augmenter("HorizontalFlip").augment(before, rng())
    for moved, original in zip(arrays(after), arrays(before), strict=True):
        assert np.array_equal(moved, np.fliplr(original))
    assert after.instances == before.instances


@pytest.mark.parametrize(
    ("name", "arguments", "share"),
    [
        # Of columns 10 to 70, 30 to 70 stay in the frame.
        ("Crop", {"x_min": 30, "y_min": 0, "x_max": 128, "y_max": 96}, 40 / 60),
        # A quarter of the width and of the height stays.
        ("Crop", {"x_min": 55, "y_min": 60, "x_max": 128, "y_max": 96}, 1 / 16),
        ("Pad", {"padding": 20}, 1.0),
        ("Resize", {"height": 192, "width": 256}, 1.0),
        ("Transpose", {}, 1.0),
        ("VerticalFlip", {}, 1.0),
        # Twice as large about the middle (64, 48): the frame shows columns 32 to 96 and rows 24 to 72.
        ("Affine", {"scale": [2.0, 2.0]}, 38 / 60),
        ("Affine", {"scale": [0.5, 0.5]}, 1.0),
        # A quarter to the right: columns 10 to 70 become 42 to 102, all in the frame.
        ("Affine", {"translate_percent": {"x": [0.25, 0.25], "y": [0.0, 0.0]}}, 1.0),
        # Half to the left: only columns 64 to 70 stay.
        ("Affine", {"translate_percent": {"x": [-0.5, -0.5], "y": [0.0, 0.0]}}, 6 / 60),
    ],
)
@pytest.mark.parametrize("truncation", [0.0, 0.25])
def test_truncation_counts_what_leaves_the_frame(
    name: str, arguments: dict[str, Any], share: float, truncation: float
) -> None:
    before = sample_of(rectangle(slice(30, 70), slice(10, 70)), truncation)
    after = augmenter(name, **arguments).augment(before, rng())
    inexact = name == "Affine" and "scale" in arguments
    expected = 1 - (1 - truncation) * share
    assert after.instances[0].truncation == pytest.approx(expected, abs=0.02 if inexact else 1e-6)
    scale = {"Resize": 4.0}.get(name, 1.0)
    if not inexact:
        assert measure(after)[0].amodal_px == pytest.approx(2400 * share * scale, abs=1e-6)
        assert measure(after)[0].visible_fraction == pytest.approx((1 - truncation) * share, abs=1e-6)


@pytest.mark.parametrize(
    "name", ["Affine", "Perspective", "Rotate", "SafeRotate", "RandomScale", "CropAndPad"]
)
def test_an_object_that_stays_in_the_frame_has_almost_no_truncation(name: str) -> None:
    gentle: dict[str, dict[str, Any]] = {
        "Affine": {"scale": [0.8, 1.2], "rotate": [-30, 30], "shear": [-10, 10]},
        "Rotate": {"limit": [-45, 45]},
        "Perspective": {"scale": [0.02, 0.08]},
        "CropAndPad": {"percent": [-0.1, 0.1]},
    }
    y, x = np.mgrid[:96, :128]
    before = sample_of(((y - 45) ** 2 + (x - 66) ** 2 < 20**2)[None])
    for index in range(10):
        after = augmenter(name, **gentle.get(name, ALL[name][1])).augment(before, rng(index))
        assert after.instances[0].truncation < 0.03


def test_ids_stay_consecutive_when_objects_leave_the_image() -> None:
    """Twenty columns, of which the middle ones stay in the frame, hidden or not."""
    masks = np.zeros((20, 40, 80), np.bool_)
    for index in range(20):
        masks[index, 10:30, index * 4 : index * 4 + 4] = True
    before = sample_of(masks)
    after = augmenter("Crop", x_min=22, y_min=0, x_max=58, y_max=40).augment(before, rng())
    assert [instance.body for instance in after.instances] == list(range(5, 15))
    assert [instance.id for instance in after.instances] == list(range(1, 11))
    assert after.amodal.shape == (40, 36, 3)
    for instance, was in zip(after.instances, before.instances[5:15], strict=True):
        assert np.array_equal(after.amodal_mask(instance.id), masks[instance.body, :, 22:58])
        assert np.array_equal(after.ids == instance.id, before.ids[:, 22:58] == was.id)
        assert (instance.asset, instance.category, instance.whole_px) == (
            was.asset,
            was.category,
            was.whole_px,
        )
    assert [instance.truncation for instance in after.instances] == [0.5, *[0.0] * 8, 0.5]


def test_an_empty_image_stays_empty() -> None:
    before = sample_of(np.zeros((0, *SIZE_HW), np.bool_))
    for name in ALL:
        after = always(name).augment(before, rng())
        assert after.instances == ()
        assert not after.ids.any()
