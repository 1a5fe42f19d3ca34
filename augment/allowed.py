"""Which transforms of Albumentations may be used, and which values their arguments must have.

Measured with Albumentations 2.0.8 on OpenCV 4.14.0: labels warped to the nearest pixel as a stack of 1 to 9
planes are what each plane gives alone, two planes included (0 of 3.9 billion px differ: Affine, Rotate,
SafeRotate, Perspective, RandomResizedCrop and RandomScale at five sizes), uint16 and float32 as well. Only
int16 is not (up to 0.1 % of the px). The tests would notice an OpenCV that does otherwise.

Left out is what

- takes over 40 ms: ElasticTransform, FancyPCA, GlassBlur, HEStain, PiecewiseAffine, PlasmaBrightnessContrast,
  PlasmaShadow, RandomFog, RandomSunFlare, ShotNoise, Superpixels, ThinPlateSpline;
- stretches unevenly or rounds keypoints, so that the area of an object is told wrong by up to 27 %:
  GridDistortion, OpticalDistortion;
- moves labels off the image, or tears objects apart: Morphological, RandomGridShuffle;
- fails on a picture that is smaller than its arguments: RandomSizedCrop, XYMasking;
- needs other pictures, boxes, files or code; gives no 8-bit RGB; does nothing; or is another name of one
  below.
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
"""Transforms that move pixels, with ms at 640×480 on one core: image, ids, three bit planes, depth."""

DROPOUTS: Mapping[str, float] = {
    "Erasing": 0.8,
    "CoarseDropout": 1.0,
    "GridDropout": 1.5,
}
"""Transforms that paint over parts of the image, with ms; the pixels under them lose their id."""

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
    "Emboss": 0.9,
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
    "ChromaticAberration": 5.4,
    "RandomShadow": 6.8,
    "AdditiveNoise": 7.9,
    "ZoomBlur": 8.9,
    "Defocus": 9.1,
    "RingingOvershoot": 9.9,
    "GaussNoise": 15.2,
    "Illumination": 17.8,
    "UnsharpMask": 28.1,
    "ISONoise": 32.3,
    "Spatter": 34.1,
}
"""Transforms that change the image and no label, and the dropouts; with ms at 640×480 on one core."""

LIMITS: Mapping[str, tuple[object, ...]] = {
    # Labels are never interpolated: not by mask_interpolation, and not by averaging where they shrink.
    "mask_interpolation": (0,),
    "area_for_downscale": (None, "image"),
    # Other borders would show a part of an object twice, under one id.
    "border_mode": (0,),
    "fill_mask": (0,),
    "mask_drop_value": (None,),
    # With these, pictures smaller than the transform expects would fail, one by one, in the middle of a run.
    "pad_if_needed": (True,),
    "px": (None,),
    "unit_size_range": (None,),
    "holes_number_xy": (None,),
}
"""Arguments that have to have one of these values, the first where none is given."""
