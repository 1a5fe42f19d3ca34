"""Whether the disk has room for a run, from the sizes of files that were measured."""

import logging
import shutil

from sim2coco.messages import counted
from sim2coco.recipe import Recipe
from sim2coco.store import Store, StoreError

IMAGE_BYTES_PER_PX = {"jpg": 0.13, "png": 0.45}
DEPTH_BYTES_PER_PX = 0.15
LABEL_BYTES = 35_000
"""Records and annotations of an image; like the sizes above, those of `assets=everyday` at 640x480."""
CERTAIN = 2.0
"""A run is refused if it needs this many times the free space; the estimate may be too large by that much."""


def check_space(store: Store, recipe: Recipe, images: int) -> None:
    """Warns if the disk will probably be full before a run has ended.

    Args:
        store: Where the images are written.
        recipe: Their settings.
        images: Number of images that are still to be made.

    Raises:
        StoreError: There is far too little space.
    """
    needed, free = images * bytes_per_image(recipe), shutil.disk_usage(store.path(".")).free
    if needed <= free:
        return
    room = f"{store}: {counted(images, 'image')} take about {_size(needed)}, and {_size(free)} are free"
    if needed > CERTAIN * free:
        raise StoreError(f"out: {room}; name a folder on a larger disk, or ask for fewer images")
    logging.getLogger("sim2coco").warning("%s; a run that fills the disk can be continued later", room)


def bytes_per_image(recipe: Recipe) -> float:
    """Estimated size of an accepted image with its copies and labels."""
    image = recipe.image
    per_px = IMAGE_BYTES_PER_PX[image.format] + DEPTH_BYTES_PER_PX * len(image.extra)
    return (1 + recipe.augment.copies) * (per_px * image.width * image.height + LABEL_BYTES)


def _size(number: float) -> str:
    """A number of bytes as text.

    Example:
        >>> _size(2.34e9), _size(5e6)
        ('2.3 GB', '5.0 MB')
    """
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
