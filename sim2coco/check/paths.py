"""Finds strings that look like absolute paths: a data set must not depend on where it was generated."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's safe loader; if available, the libyaml version, which is ten times as fast."""
MACHINE_PATH = re.compile(r"/|~/|\\\\|file:|[A-Za-z]:[\\/]")
# These keys are skipped: RLE strings may contain any characters from "0" to "o", and may begin with "C:\".
RUN_LENGTH_KEYS = ("counts", "amodal_counts")


def paths_in_tree(tree: Any) -> Iterator[tuple[str, str]]:
    """Yields the location and text of each path in a JSON tree; not recursive, because trees may be deep."""
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        where, node = waiting.pop()
        if type(node) is str and MACHINE_PATH.match(node):
            yield where, node
        elif type(node) is list:
            waiting += [(where, item) for item in node if isinstance(item, str | list | dict)]
        elif type(node) is dict:
            waiting += [(where, key) for key in node]
            inner = (item for item in node.items() if isinstance(item[1], str | list | dict))
            waiting += [(f"{where}.{key}"[-80:], item) for key, item in inner if key not in RUN_LENGTH_KEYS]


def paths_in_yaml(content: bytes) -> Iterator[tuple[str, str]]:
    """Yields the line and text of each path in a YAML file, in linear time: aliases are not expanded.

    Raises:
        ValueError, yaml.YAMLError: The file is not valid YAML.
    """
    for event in yaml.parse(content, Loader=LOADER):
        if isinstance(event, yaml.ScalarEvent) and MACHINE_PATH.match(event.value):
            mark = event.start_mark
            yield f"line {mark.line + 1}" if mark else "", event.value
