"""Checks `run.json` against its own hash and against `config.yaml`, to detect edits of either file."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import yaml

from sim2coco.check.faults import Place
from sim2coco.check.folder import Folder
from sim2coco.check.paths import LOADER
from sim2coco.check.values import Entry, show

APART = ("format", "num_images", "asked_for", "formats", "format_plugins", "identity", "sources")
"""The keys of `run.json` that are excluded from its identity hash."""


def check_settings(folder: Folder, run: Entry) -> None:
    """Checks the identity hash in `run.json`, and that `config.yaml` equals the recipe in `run.json`."""
    parts = {key: value for key, value in run.items() if key not in APART}
    if sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest() != run["identity"]:
        what = "identity does not match the rest of the file: it was edited"
        folder.at("run.json").fault("run", what)
    config = _config(folder)
    if config is not None:
        where = _difference("", config, run["recipe"])
        if where is not None:
            what = f"differs from the recipe in run.json{': ' if where else ''}{show(where) if where else ''}"
            folder.at("config.yaml").fault("run", what)


def _config(folder: Folder) -> Any | None:
    """The settings in `config.yaml`; None if the file is missing, invalid YAML or has aliases."""
    name = "config.yaml"
    content = folder.read_yaml(name) if folder.has(name) else None
    if content is None:
        return None
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=LOADER)):
            folder.at(name).fault("run", "has aliases, which sim2coco does not write")
            return None
        return yaml.load(content, Loader=LOADER) or {}  # noqa: S506 - a safe loader, C or Python
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


def _difference(path: str, one: Any, other: Any) -> str | None:
    """The path of the first difference between two trees; None if they are equal."""
    if type(one) is dict and type(other) is dict:
        for key in [*one, *(key for key in other if key not in one)]:
            inner = f"{path}.{key}".removeprefix(".")
            if key not in one or key not in other:
                return inner
            if (found := _difference(inner, one[key], other[key])) is not None:
                return found
        return None if list(one) == list(other) else path
    return None if type(one) is type(other) and one == other else path


def check_record(place: Place, record: Entry, assets: frozenset[str] | None) -> None:
    """Checks that the status of a record fits its content, and that `run.json` lists its meshes.

    Args:
        place: Where faults are reported.
        record: The record.
        assets: The meshes that `run.json` lists; None if they are unknown, so that they cannot be compared.
    """
    place.add(("record", what) for what in _status(record))
    if assets is not None:
        for key in sorted(_meshes(record) - assets)[:1]:
            place.fault("run", f"mesh {show(key)} is not among the assets of run.json")


def _status(record: Entry) -> Iterator[str]:
    status, settled = record["status"], record.get("settled")
    if status == "done" and type(settled) is not dict:
        yield "status is 'done', but there is no scene"
    elif status != "done" and record["views"]:
        yield f"status is {status!r}, but there are views"
    elif status == "failed" and type(record.get("error")) is not str:
        yield "status is 'failed', but there is no error"
    elif status == "rejected" and (settled is not None or not record.get("unlucky")):
        yield "status is 'rejected', but there is a scene, or no reason"


def _meshes(record: Entry) -> set[str]:
    """Returns the keys of the meshes in the scene of a record, except furniture.

    `run.json` does not list furniture.
    """
    try:
        bodies = record["settled"]["spec"]["bodies"]
        return {str(body["asset"]) for body in bodies if body.get("role") != "furniture"}
    except (KeyError, TypeError, AttributeError):
        return set()


def assets_of(run: Entry | None) -> frozenset[str] | None:
    """Returns the keys of the meshes listed in `run.json`; None if there is no such list or it is empty.

    Args:
        run: The content of `run.json`; None if it could not be read.
    """
    listed = (run or {}).get("assets")
    return frozenset(map(str, listed)) if type(listed) is list and listed else None
