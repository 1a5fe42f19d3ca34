"""What fork servers import before they fork workers; this module itself imports nothing."""

PRELOADED = ("sim2coco.engines.local", "scipy.ndimage", "scipy.sparse.csgraph", "scipy.spatial")
"""Modules that all workers need."""
TRANSFORMS = "augment.library"
"""The module that workers need if images are augmented."""
