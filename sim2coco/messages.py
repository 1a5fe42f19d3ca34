"""Error messages for settings: the key, the value and what is allowed, in one line."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenes.settings import Settings, did_you_mean
from sim2coco.keys import NAME, walk

WORDS = {
    "Value error, ": "",
    "Input should be ": "must be ",
    "a valid ": "a ",
    "an object": "a mapping",
    "a integer": "a whole number",
    "array": "list",
    "tuple": "list",
    "Dictionary": "mapping",
    " after validation": "",
    "boolean": "true or false",
    "a true": "true",
}
"""Replacements in the messages of pydantic."""


class ConfigError(Exception):
    """Invalid settings; the message is one line with the key, what is wrong, and what is allowed."""


def counted(number: int, one: str, many: str = "") -> str:
    """A number with a noun in singular or plural.

    Example:
        >>> counted(1, "image"), counted(2, "category", "categories")
        ('1 image', '2 categories')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def build(
    settings: type[Settings],
    tree: dict[str, Any],
    parse: Callable[[type[Settings], dict[str, Any]], Settings] = lambda settings, tree: settings.parse(tree),
) -> Any:
    """Builds settings from a tree of parsed YAML values.

    Args:
        settings: The class of the settings.
        tree: The values.
        parse: Parses the tree; it may convert values that have the wrong type.

    Raises:
        ConfigError: A value is invalid; the message describes the first one.
    """
    try:
        return parse(settings, tree)
    except ValidationError as error:
        raise ConfigError(_message_of(error.errors(), settings, tree)) from error


def _message_of(errors: Sequence[ErrorDetails], settings: type[Settings], tree: Mapping[str, Any]) -> str:
    """Describes one error in one line: the first unknown key, or the first error if all keys are known."""
    errors = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")
    path = _path(errors[0], tree)
    key = ".".join(path)
    if errors[0]["type"] == "extra_forbidden":
        return f"{key}: no such setting; {_elsewhere(path, errors[0]['input'], settings, tree)}"
    if errors[0]["type"] == "missing" and isinstance(errors[0]["loc"][-1], str):
        return f"{key}: missing"
    here = [error for error in errors if _path(error, tree) == path]
    deepest = max(len(error["loc"]) for error in here)
    shown = [error for error in here if len(error["loc"]) == deepest]
    if shown[0]["loc"] and isinstance(shown[0]["loc"][-1], int):
        del shown[1:]
    message = " or ".join(dict.fromkeys(_message(error) for error in shown))
    value = shown[0]["input"]
    contains_value = isinstance(value, dict) or "unknown" in message or f"'{value}'" in message
    suffix = "" if contains_value else f" (got {_value(value)})"
    if message == "must be a list" and isinstance(value, str) and value:
        suffix += f"; write [{value}]"
    if message == "must be a mapping":
        suffix += _as_mapping(path, value, settings)
    return f"{key}: {message}{suffix}" if key else message


def _elsewhere(path: list[str], value: object, settings: type[Settings], tree: object) -> str:
    """Suggests how to correct an unknown key: another name, another place, or a missing colon."""
    group, name = path[:-1], path[-1]
    if [name] == group:
        return f"remove this key; in its own file, the settings of {name} are at the top level"
    if group == ["assets"] and isinstance(value, dict) and {"path", "shape", "size_m"} & value.keys():
        return f"a category belongs one level lower: write 'categories:' above {name}, and indent {name}"
    known = _siblings(path, settings, tree)
    first, space, rest = name.partition(" ")
    if space and first in known:
        return f"a colon is missing: write {first}: {rest}"
    return did_you_mean(name, known)


def _as_mapping(path: list[str], value: object, settings: type[Settings]) -> str:
    """Suggests what to write if a mapping is required instead of `value`; "" if there is no suggestion."""
    if len(path) == 3 and path[0] == "assets" and isinstance(value, str) and value:
        return f"; write a mesh as {{path: {value}, size_m: 0.06}}"
    if len(path) == 3 and path[0] == "assets" and value is None:
        return f"; ~{'.'.join(path)} removes it"
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return "; write its entries as NAME: VALUE, without the dashes of a list" if value else ""
    keys = [setting.key for setting in walk(settings) if setting.parent == ".".join(path)]
    return f"; its settings are {', '.join(dict.fromkeys(keys))}" if keys and len(keys) <= 8 else ""


def _path(error: ErrorDetails, tree: object) -> list[str]:
    """The keys that lead to the error: pydantic's location without list indices and union members."""
    path = []
    for step in error["loc"]:
        if isinstance(tree, list) and isinstance(step, int):
            tree = tree[step] if step < len(tree) else None
        elif isinstance(tree, Mapping) and isinstance(step, str):
            path.append(step)
            tree = tree.get(step)
    return path


def _siblings(path: list[str], settings: type[Settings], tree: object) -> list[str]:
    """Returns the valid names for the last key of a path.

    If `tree` sets a `kind`, settings of other kinds are left out, unless nothing would remain.

    Args:
        path: The keys that lead to a setting. The last one may be wrong.
        settings: The class of all settings.
        tree: The values of all settings.
    """
    kind: object = None
    for step in path[:-1]:
        tree = tree[step] if isinstance(tree, Mapping) else None
        kind = tree.get("kind", kind) if isinstance(tree, Mapping) else kind
    found = []
    for setting in walk(settings):
        steps = setting.parent.split(".") if setting.parent else []
        same = len(steps) == len(path) - 1 and all(
            known in (step, NAME) for known, step in zip(steps, path, strict=False)
        )
        if same:
            found.append(setting)
    chosen = [setting for setting in found if setting.kind in (kind, None)] or found
    return list(dict.fromkeys(setting.name for setting in chosen))


def _message(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "more values are needed"
    message = error["msg"].splitlines()[0]
    for old, new in WORDS.items():
        message = message.replace(old, new)
    return message[:1].lower() + message[1:]


def _value(value: object) -> str:
    """A value as text, in the notation of the command line, cut off after 80 characters."""
    text = (
        json.dumps(value, ensure_ascii=False, default=repr).replace("NaN", "nan").replace("Infinity", "inf")
    )
    return text if len(text) <= 80 else text[:77] + "..."
