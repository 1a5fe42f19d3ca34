"""Transforms that are known to be valid without Albumentations, which is slow to import.

A test builds every transform of `conf/augment/`, so settings that have no others need not build them again.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import conf

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NOT_ARGUMENTS = ("name", "p")


def is_tested(name: str, arguments: dict[str, Any]) -> bool:
    """Whether a transform with these arguments is in `conf/augment/`, whatever its probability."""
    return _written(name, arguments) in _tested()


@cache
def _tested() -> frozenset[str]:
    return frozenset(_written(*transform) for transform in built_in())


def built_in() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the arguments of each transform in `conf/augment/`."""
    for path in sorted(Path(conf.__path__[0], "augment").glob("*.yaml")):
        tree = yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506 (a SafeLoader)
        for stage in ("geometry", "pixels"):
            for entry in (tree.get(stage) or {}).values():
                yield entry["name"], {key: entry[key] for key in entry if key not in NOT_ARGUMENTS}


def _written(name: str, arguments: dict[str, Any]) -> str:
    try:
        return json.dumps([name, arguments], sort_keys=True)
    except (TypeError, ValueError):
        return ""  # no value of a YAML file
