"""What fork servers import before they fork workers; this module itself imports nothing."""

MESHES = ("scenes.assets.reading.read", "scipy.spatial")
"""Modules that reading meshes needs."""
PRELOADED = ("sim2coco.engines.local", *MESHES, "scipy.ndimage", "encodings.cp437")
"""Modules that workers need; the last one is for .npz files."""
TRANSFORMS = "augment.library"
"""The module that workers need if images are augmented."""
