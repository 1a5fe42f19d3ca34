"""The allowed Albumentations transforms, and the allowed values of their arguments.

Labels are warped with nearest-neighbour interpolation. With Albumentations 2.0.8 and OpenCV 4.14.0, warping a
stack of 1 to 9 planes at once was measured to give the same pixels as warping each plane alone. This includes
stacks of two planes (0 of 3.9 billion pixels differ, for Affine, Rotate, SafeRotate, Perspective,
RandomResizedCrop and RandomScale at five image sizes) and the types uint16 and float32. The exception is
int16, where up to 0.1 % of the pixels differ. The tests fail with an OpenCV that behaves differently.

Transforms are not allowed if they

- take over 40 ms: ElasticTransform, FancyPCA, GlassBlur, HEStain, PiecewiseAffine, PlasmaBrightnessContrast,
  PlasmaShadow, RandomFog, RandomSunFlare, ShotNoise, Superpixels, ThinPlateSpline;
- stretch unevenly, or round keypoints, so that the measured area of an object is wrong by up to 27 %:
  GridDistortion, OpticalDistortion;
- move labels relative to the image, or tear objects apart: Morphological, RandomGridShuffle;
- move the image but no label (`MOVING`): ChromaticAberration, Emboss, ZoomBlur. The transforms in `PIXELS`
  move the image by at most a quarter of a pixel on average: see `docs/augmentation.md`;
- fail on an image that is smaller than their arguments: RandomSizedCrop, XYMasking;
- need other images, boxes, files or code, do not return 8-bit RGB, do nothing, or are an alias of a
  transform listed below.
"""

from collections.abc import Mapping

GEOMETRY: Mapping[str, float] = {
    "CenterCrop": 0.2,
    "Crop": 0.3,
    "RandomCrop": 0.3,
    "RandomCropFromBorders": 0.3,
    "Pad": 0.4,
    "VerticalFlip": 0.4,
    "HorizontalFlip": 0.5,
    "PadIfNeeded": 0.6,
    "SmallestMaxSize": 1.7,
    "CropAndPad": 1.9,
    "LongestMaxSize": 2.2,
    "RandomResizedCrop": 2.3,
    "Resize": 2.3,
    "Affine": 5.0,
    "RandomScale": 5.4,
    "Rotate": 5.4,
    "SafeRotate": 5.7,
    "RandomRotate90": 5.8,
    "D4": 6.4,
    "Transpose": 6.4,
    "Perspective": 8.8,
}
"""Transforms that move pixels, and the time that each takes in ms.

Measured at 640×480 on one core, for an image with ids, three bit planes and depth.
"""

DROPOUTS: Mapping[str, float] = {
    "Erasing": 0.8,
    "CoarseDropout": 1.0,
    "GridDropout": 1.5,
}
"""Transforms that cover parts of the image, and their times in ms; covered pixels lose their id."""

PIXELS: Mapping[str, float] = {
    **DROPOUTS,
    "InvertImg": 0.1,
    "ChannelDropout": 0.2,
    "Solarize": 0.2,
    "ToGray": 0.2,
    "ToSepia": 0.2,
    "ChannelShuffle": 0.3,
    "Posterize": 0.3,
    "RandomBrightnessContrast": 0.3,
    "RandomGamma": 0.3,
    "Blur": 0.4,
    "Downscale": 0.4,
    "MedianBlur": 0.4,
    "RandomToneCurve": 0.4,
    "MotionBlur": 0.7,
    "MultiplicativeNoise": 0.7,
    "GaussianBlur": 0.9,
    "RGBShift": 0.9,
    "PlanckianJitter": 1.1,
    "AutoContrast": 1.2,
    "Sharpen": 1.2,
    "Equalize": 1.3,
    "AdvancedBlur": 1.4,
    "HueSaturationValue": 1.8,
    "ImageCompression": 2.0,
    "RandomRain": 2.2,
    "RandomGravel": 2.6,
    "ColorJitter": 3.0,
    "RandomSnow": 3.3,
    "CLAHE": 5.1,
    "PixelDropout": 5.1,
    "SaltAndPepper": 5.2,
    "RandomShadow": 6.8,
    "AdditiveNoise": 7.9,
    "Defocus": 9.1,
    "RingingOvershoot": 9.9,
    "GaussNoise": 15.2,
    "Illumination": 17.8,
    "UnsharpMask": 28.1,
    "ISONoise": 32.3,
    "Spatter": 34.1,
}
"""Transforms that change the image but no label, and the dropouts; times in ms as for `GEOMETRY`."""

MOVING: Mapping[str, str] = {
    "ChromaticAberration": "red and blue towards the border; there is no substitute",
    "Emboss": "edges by 1 px towards one side; use Sharpen",
    "ZoomBlur": "objects away from the centre, by up to 4.5 px; use Defocus or MotionBlur",
}
"""Transforms that would move the image but no label: what each one moves, and what to use instead."""

LIMITS: Mapping[str, tuple[object, ...]] = {
    # Labels must not be interpolated when they are warped, nor averaged when they are downscaled.
    "mask_interpolation": (0,),
    "area_for_downscale": (None, "image"),
    # Other border modes would repeat part of an object beyond the border, with the same id.
    "border_mode": (0,),
    "fill_mask": (0,),
    "mask_drop_value": (None,),
    # With other values, a transform fails in the middle of a run on an image smaller than its arguments.
    "pad_if_needed": (True,),
    "px": (None,),
    "unit_size_range": (None,),
    "holes_number_xy": (None,),
    # MotionBlur: other values make the kernel asymmetric; it then moves the image by up to half the kernel.
    "allow_shifted": (False,),
    "direction_range": ([0, 0],),
    # Downscale must average pixels; picking single pixels would move edges.
    "interpolation_pair": (
        {"downscale": 3, "upscale": 1},
        {"downscale": 3, "upscale": 2},
        {"downscale": 3, "upscale": 4},
    ),
    # The other method subtracts 8-bit images, which turns the dark sides of edges into bright lines.
    "Sharpen.method": ("kernel",),
}
"""Allowed values of an argument, in all transforms or only in the named one; the first is the default."""

BOUNDS: Mapping[str, tuple[float, float]] = {
    "AdvancedBlur.noise_limit": (0.75, 1.25),
    "Downscale.scale_range": (0.25, 1.0),
    "ImageCompression.quality_range": (30, 100),
    "Sharpen.alpha": (0.0, 0.5),
}
"""Lowest and highest allowed value of an argument; beyond this range, edges would move."""
