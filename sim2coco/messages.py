"""What can be set, and what is wrong in what was set: the key, the value and what is allowed, in one line."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scenes.descriptions import descriptions
from scenes.settings import Kind, Settings, did_you_mean

NAME = "NAME"
"""Stands in a key for a name that people give, as that of a category."""

WORDS = {
    "Value error, ": "",
    "Input should be ": "must be ",
    "a valid ": "a ",
    "an object": "a mapping",
    "a integer": "a whole number",
    "array": "list",
    "tuple": "list",
    "string": "text",
    "Dictionary": "mapping",
    " after validation": "",
    "boolean": "true or false",
    "a true": "true",
}


class ConfigError(Exception):
    """Wrong input, in one line: the key, what is wrong, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set; `kind` names the choice that it was found under, if there is a choice."""

    key: str
    info: FieldInfo
    kind: str | None

    @property
    def parent(self) -> str:
        """The key of what it belongs to."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its key within that."""
        return self.key.rpartition(".")[2]

    @property
    def takes_names(self) -> bool:
        """Whether it holds entries under names that people give, beside settings of its own."""
        own = self.info.annotation
        return (
            isinstance(own, type) and issubclass(own, Settings) and own.model_config.get("extra") == "allow"
        )


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts, one of it or many.

    Example:
        >>> counted(1, "image"), counted(2, "category", "categories")
        ('1 image', '2 categories')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def build(settings: type[Settings], tree: Mapping[str, Any]) -> Any:
    """Settings from plain values.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    try:
        return settings.parse(tree)
    except ValidationError as error:
        raise ConfigError(_sentence(error.errors(), settings, tree)) from error


def walk(settings: type[Settings], prefix: str = "", kind: str | None = None) -> Iterator[Setting]:
    """Every setting, and all that it holds; once for each kind that has it."""
    sentences = descriptions(settings)
    for name, info in settings.model_fields.items():
        told = copy(info)
        told.description = sentences.get(name)
        yield Setting(prefix + name, told, kind)
        for inner, level, inner_kind in _inner(info.annotation):
            yield from walk(inner, f"{prefix}{name}.{level}", inner_kind or kind)


def _inner(annotation: Any, level: str = "") -> Iterator[tuple[type[Settings], str, str | None]]:
    """The settings that a field may hold, what comes before their keys, and the kind that each is."""
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        for kind, member in sorted(annotation.family.items()):
            yield member, level, kind
    elif isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation, level, None
    else:
        for argument in get_args(annotation):
            yield from _inner(argument, f"{NAME}." if get_origin(annotation) is dict else level)


def nearest(key: str, *all_settings: type[Settings]) -> str:
    """A clause that says what to write instead of a key that the tree does not have."""
    known = [_named(setting, key) for settings in all_settings for setting in walk(settings)]
    if any(setting.parent == key for setting in known) and key not in [setting.key for setting in known]:
        return f"not set so far: write +{key}={{...}}"
    same = [setting for setting in known if setting.key == key]
    kinds = {setting.kind for setting in same if setting.kind}
    if kinds and kinds != _all_kinds(key, known):
        return f"it belongs to the kind {' or '.join(sorted(kinds))}"
    if any(get_origin(setting.info.annotation) is dict for setting in same):
        return f"entries are added with +{key}.{NAME}=..., and removed with ~{key}.{NAME}"
    if same:
        return f"not set so far: write +{key}=VALUE"
    parent = key.rpartition(".")[0]
    beside = {setting.name: setting.key for setting in known if setting.parent == parent}
    if not beside and parent in [setting.key for setting in known]:
        return f"write {parent} as a whole"
    # The last words decide: what settings of one group begin with is the same.
    word = key.rpartition(".")[2]
    elsewhere = [setting.key for setting in known if setting.name == word]
    close = [beside[name] for name in difflib.get_close_matches(word, beside, n=1)]
    far = [] if beside else difflib.get_close_matches(key, [setting.key for setting in known], n=1)
    for found in (elsewhere, close, far):
        if found:
            return f"did you mean {found[0]!r}?"
    if any(setting.key == parent and setting.takes_names for setting in known):
        return f"write {parent} as a whole"
    top = [setting.key for setting in known if not setting.parent]
    return f"allowed: {', '.join(beside.values() or top)}"


def _all_kinds(key: str, known: Sequence[Setting]) -> set[str]:
    """The kinds of the choice that a key belongs to; none if it belongs to no choice."""
    while key := key.rpartition(".")[0]:
        if found := {setting.kind for setting in known if setting.key == f"{key}.kind" and setting.kind}:
            return found
    return set()


def _named(setting: Setting, key: str) -> Setting:
    """A setting with the names that a key has in their places."""
    steps = zip_longest(setting.key.split("."), key.split("."))
    names = [given if known == NAME and given else known for known, given in steps if known]
    return replace(setting, key=".".join(names))


def _sentence(errors: Sequence[ErrorDetails], settings: type[Settings], tree: Mapping[str, Any]) -> str:
    """The first of the errors as one line."""
    path = _path(errors[0], tree)
    key = ".".join(path)
    if errors[0]["type"] == "extra_forbidden":
        return f"{key}: no such setting; {did_you_mean(path[-1], _beside(path, settings, tree))}"
    if errors[0]["type"] == "missing" and isinstance(errors[0]["loc"][-1], str):
        return f"{key}: missing"
    here = [error for error in errors if _path(error, tree) == path]
    deepest = max(len(error["loc"]) for error in here)
    told = [error for error in here if len(error["loc"]) == deepest]
    if told[0]["loc"] and isinstance(told[0]["loc"][-1], int):
        del told[1:]
    message = " or ".join(dict.fromkeys(_message(error) for error in told))
    value = told[0]["input"]
    told_already = isinstance(value, dict) or "unknown" in message or f"'{value}'" in message
    shown = "" if told_already else f" (got {_value(value)})"
    return f"{key}: {message}{shown}" if key else message


def _path(error: ErrorDetails, tree: object) -> list[str]:
    """The keys down to what is wrong: of pydantic's steps those into mappings, not into lists and unions."""
    path = []
    for step in error["loc"]:
        if isinstance(tree, list) and isinstance(step, int):
            tree = tree[step] if step < len(tree) else None
        elif isinstance(tree, Mapping) and isinstance(step, str):
            path.append(step)
            tree = tree.get(step)
    return path


def _beside(path: list[str], settings: type[Settings], tree: object) -> list[str]:
    """The settings where the last key of a path stands: those of the kind that is named there, if any."""
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
    for theirs, ours in WORDS.items():
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]


def _value(value: object) -> str:
    """A value as people write it."""
    text = (
        json.dumps(value, ensure_ascii=False, default=repr).replace("NaN", "nan").replace("Infinity", "inf")
    )
    return text if len(text) <= 80 else text[:77] + "..."
