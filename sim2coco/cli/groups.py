"""The names of the config groups (the folders of `conf/`). A configuration has one option of each group."""

GROUPS = (
    "assets",
    "scene",
    "image",
    "camera",
    "light",
    "render",
    "quality",
    "augment",
    "export",
    "engine",
    "experiment",
)
