"""Error messages for settings: the key, the value and what is allowed, in one line."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scenes.assets.paths import AssetPath
from scenes.descriptions import descriptions
from scenes.settings import Kind, Settings, did_you_mean

NAME = "NAME"
"""Placeholder in a key for a name chosen by the user, such as that of a category."""

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


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a settings class.

    Attributes:
        key: Its full key, with dots between the names of the groups.
        info: Its pydantic field.
        kind: The `kind` of the class that has this setting; None if it does not depend on a kind.
    """

    key: str
    info: FieldInfo
    kind: str | None

    @property
    def parent(self) -> str:
        """The key of the group that contains this setting."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key of this setting within its group."""
        return self.key.rpartition(".")[2]

    @property
    def takes_names(self) -> bool:
        """Whether this setting also accepts entries under names chosen by the user."""
        own = self.info.annotation
        return (
            isinstance(own, type) and issubclass(own, Settings) and own.model_config.get("extra") == "allow"
        )


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
    """Builds settings from plain values.

    Args:
        settings: The class of the settings.
        tree: The values.
        parse: Makes the settings; it may change values that it can read in another way.

    Raises:
        ConfigError: The first invalid value.
    """
    try:
        return parse(settings, tree)
    except ValidationError as error:
        raise ConfigError(_message_of(error.errors(), settings, tree)) from error


def walk(settings: type[Settings], prefix: str = "", kind: str | None = None) -> Iterator[Setting]:
    """Yields all settings of a class, including nested ones.

    Where `kind` chooses among several classes of a nested group, the settings of each are yielded.
    """
    sentences = descriptions(settings)
    for name, info in settings.model_fields.items():
        told = copy(info)
        told.description = sentences.get(name)
        yield Setting(prefix + name, told, kind)
        for inner, level, inner_kind in _inner(info.annotation):
            yield from walk(inner, f"{prefix}{name}.{level}", inner_kind or kind)


def _inner(annotation: Any, level: str = "") -> Iterator[tuple[type[Settings], str, str | None]]:
    """The settings classes that a field may hold, each with the prefix of its keys and its kind."""
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        for kind, member in sorted(annotation.family.items()):
            yield member, level, kind
    elif isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation, level, None
    else:
        for argument in get_args(annotation):
            yield from _inner(argument, f"{NAME}." if get_origin(annotation) is dict else level)


def is_whole(key: str, *all_settings: type[Settings]) -> bool:
    """Whether the value of a setting is one whole number."""
    known = [_named(setting, key) for settings in all_settings for setting in walk(settings)]
    return any(setting.key == key and setting.info.annotation is int for setting in known)


def takes_text(key: str, *all_settings: type[Settings]) -> bool:
    """Whether the value of a setting may be any text, such as the path of a file."""
    known = [_named(setting, key) for settings in all_settings for setting in walk(settings)]
    found = [setting.info.annotation for setting in known if setting.key == key]
    return any(member in (str, AssetPath) for own in found for member in _members(own))


def _members(annotation: Any) -> Iterator[Any]:
    """The members of a union, without their validators; of another annotation, itself."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def nearest(key: str, *all_settings: type[Settings]) -> str:
    """Returns a hint at what to write instead of an unknown key, such as `did you mean 'seed'?`."""
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
    siblings = {setting.name: setting.key for setting in known if setting.parent == parent}
    if not siblings and parent in [setting.key for setting in known]:
        return f"write {parent} as a whole"
    # Compare the last part of the key: settings of one group share the beginning.
    word = key.rpartition(".")[2]
    elsewhere = [setting.key for setting in known if setting.name in (word, word.lower())]
    close = [siblings[name] for name in difflib.get_close_matches(word, siblings, n=1)]
    far = [] if siblings else difflib.get_close_matches(key, [setting.key for setting in known], n=1)
    for found in (elsewhere, close, far):
        if found:
            return f"did you mean {found[0]!r}?"
    if any(setting.key == parent and setting.takes_names for setting in known):
        return f"write {parent} as a whole"
    top = [setting.key for setting in known if not setting.parent]
    return f"allowed: {', '.join(siblings.values() or top)}"


def _all_kinds(key: str, known: Sequence[Setting]) -> set[str]:
    """All kinds of the innermost group that contains a key and has a field `kind`; empty if there is none."""
    while key := key.rpartition(".")[0]:
        if found := {setting.kind for setting in known if setting.key == f"{key}.kind" and setting.kind}:
            return found
    return set()


def _named(setting: Setting, key: str) -> Setting:
    """A copy of a setting: placeholders in its key become the names at the same positions in `key`."""
    steps = zip_longest(setting.key.split("."), key.split("."))
    names = [given if known == NAME and given else known for known, given in steps if known]
    return replace(setting, key=".".join(names))


def _message_of(errors: Sequence[ErrorDetails], settings: type[Settings], tree: Mapping[str, Any]) -> str:
    """The message for an unknown key, or else for the first error, as one line."""
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
    """Where an unknown key may belong instead."""
    group, name = path[:-1], path[-1]
    if [name] == group:
        return f"leave it out: the settings of {name} are not below a key {name!r} in its own file"
    if group == ["assets"] and isinstance(value, dict) and {"path", "shape", "size_m"} & value.keys():
        return f"a category belongs one level lower: write 'categories:' above {name}, and indent {name}"
    known = _siblings(path, settings, tree)
    first, space, rest = name.partition(" ")
    if space and first in known:
        return f"a colon is missing: write {first}: {rest}"
    return did_you_mean(name, known)


def _as_mapping(path: list[str], value: object, settings: type[Settings]) -> str:
    """How to write a mapping in place of a value."""
    if len(path) == 3 and path[0] == "assets" and isinstance(value, str) and value:
        return f"; a mesh is named by {{path: {value}, size_m: 0.06}}"
    if len(path) == 3 and path[0] == "assets" and value is None:
        return f"; ~{'.'.join(path)} removes it"
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return "; write its entries as NAME: VALUE, without the dashes of a list" if value else ""
    keys = [setting.key for setting in walk(settings) if setting.parent == ".".join(path)]
    return f"; its settings are {', '.join(dict.fromkeys(keys))}" if keys and len(keys) <= 8 else ""


def _path(error: ErrorDetails, tree: object) -> list[str]:
    """The keys that lead to the error: pydantic's location without indices of lists and members of unions."""
    path = []
    for step in error["loc"]:
        if isinstance(tree, list) and isinstance(step, int):
            tree = tree[step] if step < len(tree) else None
        elif isinstance(tree, Mapping) and isinstance(step, str):
            path.append(step)
            tree = tree.get(step)
    return path


def _siblings(path: list[str], settings: type[Settings], tree: object) -> list[str]:
    """Valid names for the last key of a path.

    If `tree` gives a `kind` and that kind has settings there, only their names are returned.
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
