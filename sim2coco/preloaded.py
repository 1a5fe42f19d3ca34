"""Names of the modules that fork servers import before they fork workers."""

MESHES = ("scenes.assets.reading.read", "scipy.spatial")
"""Modules that reading meshes needs."""
PRELOADED = (
    *("sim2coco.engines.local", "sim2coco.committing", "sim.render.relight", "sim.render.raster.tiny"),
    *(*MESHES, "scipy.ndimage", "encodings.cp437"),
)
"""Modules that workers need; `encodings.cp437` is for .npz files."""
TRANSFORMS = "augment.library"
"""The module that workers need if images are augmented."""
