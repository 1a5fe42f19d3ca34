"""What fork servers import before they fork workers; this module itself imports nothing."""

PRELOADED = (
    "sim2coco.engines.local",
    "scipy.ndimage",
    "scipy.sparse.csgraph",
    "scipy.spatial",
    "scenes.assets.reading.read",
    "encodings.cp437",
)
"""Modules that workers, or the process that reads the meshes, need; the last one is for .npz files."""
TRANSFORMS = "augment.library"
"""The module that workers need if images are augmented."""
