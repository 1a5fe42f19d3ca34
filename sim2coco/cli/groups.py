"""The config groups: the folders of `conf/`; the configuration is composed of one option of each."""

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
