"""Texts that begin as a path of a machine does: they say where a data set was made, not what is in it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

MACHINE_PATH = re.compile(r"/|~/|\\\\|file:|[A-Za-z]:[\\/]")
RUN_LENGTH_KEYS = ("counts", "amodal_counts")  # any characters from "0" to "o": also "C:\"


def paths_in_tree(tree: Any) -> Iterator[tuple[str, str]]:
    """Where in a JSON tree there are some; found without recursion, as trees may be deep."""
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
    """In which lines of a YAML file there are some; no tree is built, so nothing can blow up.

    Raises:
        ValueError: It is no YAML; so does `yaml.YAMLError`.
    """
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.ScalarEvent) and MACHINE_PATH.match(event.value):
            mark = event.start_mark
            yield f"line {mark.line + 1}" if mark else "", event.value
