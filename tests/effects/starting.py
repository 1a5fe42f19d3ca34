"""The settings that effects start from."""

from typing import Any

UNIT_M = 0.1
"""The typical object size of `BASE`."""
BASE: dict[str, Any] = {
    "seed": 3,
    "views": 1,
    "assets": {
        "categories": {"block": {"shape": "box", "size_m": UNIT_M}},
        "distractors": {"tube": {"shape": "tube", "size_m": UNIT_M}},
    },
    "looks": "abstract",
    "scene": {"kind": "drop", "num_objects": 2, "num_distractors": 0, "empty_share": 0.0, "size_jitter": 1.0},
    "camera": {"kind": "shell"},
    "image": {"width": 64, "height": 48},
    "augment": {"splits": []},
    "out": "data",
    "num_images": 1,
    "engine": {"kind": "inline"},
    "export": {"card": False, "report": False},
}


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Sets a value of a tree of settings by its key, such as `scene.num_objects`."""
    if key.startswith("export.formats."):  # a list
        formats = tree["export"].setdefault("formats", [{}])
        return put(formats[0], key.removeprefix("export.formats."), value)
    *groups, name = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = value
