"""Estimates from measured file sizes whether the disk has room for a run."""

import logging
import shutil

from sim2coco.messages import counted
from sim2coco.recipe import Recipe
from sim2coco.storage import Storage, StoreError

IMAGE_BYTES_PER_PX = {"jpg": 0.13, "png": 0.45}
NOISY_BYTES_PER_PX = {"jpg": 0.3, "png": 2.0}
"""Bytes per pixel with sensor noise at ISO 400 to 800."""
EXTRA_BYTES_PER_PX = {
    "depth": 0.15,
    "depth_exr": 2.3,
    "sensor_depth": 0.5,
    "normals": 0.5,
    "instance_ids": 0.02,
    "semantic_ids": 0.015,
}
LABEL_BYTES = 35_000
"""Size of an image's record and annotations. All sizes are measured with `assets=everyday` at 640x480."""
LEAST_BYTES_PER_PX = 0.01
LEAST_LABEL_BYTES = 2_000
"""Lower bounds on bytes per pixel and on label bytes: those of a featureless image without objects. A run is
refused only if the disk has no room even for images of this size.
"""


def check_space(store: Storage, recipe: Recipe, images: int) -> None:
    """Warns if the disk will probably be full before a run has ended.

    Args:
        store: Where the images are written.
        recipe: The settings of the images.
        images: Number of images that are still to be made.

    Raises:
        StoreError: There is far too little space.
    """
    disk = shutil.disk_usage(store.disk())
    needed = images * bytes_per_image(recipe)
    if needed <= disk.free or not disk.total:  # some network file systems do not report it
        return
    least, free = images * least_bytes_per_image(recipe), f"but only {_size(disk.free)} are free"
    what = f"{store}: {counted(images, 'image')} need"
    if least > disk.free:
        told = f"{what} at least {_size(least)}, {free}"
        raise StoreError(f"out: {told}; name a folder on a larger disk, or request fewer images")
    told = f"{what} about {_size(needed)}, {free}"
    logging.getLogger("sim2coco").warning("%s; a run that fills the disk can be resumed later", told)


def bytes_per_image(recipe: Recipe) -> float:
    """Estimated size in bytes of an accepted image with its copies and labels."""
    image = recipe.image
    noisy = "iso" in recipe.camera.sensor.effects
    per_px = (NOISY_BYTES_PER_PX if noisy else IMAGE_BYTES_PER_PX)[image.format]
    per_px += sum(EXTRA_BYTES_PER_PX[name] for name in image.extra)
    return (1 + recipe.augment.copies) * (per_px * image.width * image.height + LABEL_BYTES)


def least_bytes_per_image(recipe: Recipe) -> float:
    """Lower bound in bytes on the size of an accepted image with its labels, without augmented copies."""
    return LEAST_BYTES_PER_PX * recipe.image.width * recipe.image.height + LEAST_LABEL_BYTES


def _size(number: float) -> str:
    """A number of bytes as text.

    Example:
        >>> _size(2.34e9), _size(5e6)
        ('2.3 GB', '5.0 MB')
    """
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
