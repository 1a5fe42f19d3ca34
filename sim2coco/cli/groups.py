"""The groups of the configuration: the folders of `conf/`, from each of which one choice is composed."""

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
