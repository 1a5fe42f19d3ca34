"""The config groups, which are the folders of `conf/`; a configuration has one option of each group."""

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
