"""The keys of all settings, and suggestions for unknown keys."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from scenes.assets.paths import AssetPath
from scenes.descriptions import descriptions
from scenes.settings import Kind, Settings

NAME = "NAME"
"""Placeholder in a key for a name chosen by the user, such as a category name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a settings class.

    Attributes:
        key: The full key, with dots between the names of the groups.
        info: Type and default of the setting, as pydantic stores them.
        kind: Value that `kind` in the enclosing group must have for this setting to exist, such as `drop` in
            the group `scene`. None if no enclosing group has a `kind`.
        description: What the setting does, in a sentence.
    """

    key: str
    info: FieldInfo
    kind: str | None
    description: str | None

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


def walk(settings: type[Settings], prefix: str = "", kind: str | None = None) -> Iterator[Setting]:
    """Yields all settings of a class, including nested ones.

    If a nested group has several kinds, the settings of all kinds are yielded.

    Args:
        settings: The class.
        prefix: Start of the full keys.
        kind: The `kind` of each yielded `Setting`, except in nested groups that have a `kind` of their own.
    """
    sentences = descriptions(settings)
    for name, info in settings.model_fields.items():
        if name in settings.without:
            continue
        yield Setting(prefix + name, info, kind, sentences.get(name))
        for inner, level, inner_kind in _inner(info.annotation):
            yield from walk(inner, f"{prefix}{name}.{level}", inner_kind or kind)


def _inner(annotation: Any, level: str = "") -> Iterator[tuple[type[Settings], str, str | None]]:
    """Yields each settings class that a field of a given type may hold, with key prefix and kind.

    Args:
        annotation: The type of the field.
        level: Key prefix of the classes. Classes inside a dict get the prefix `NAME.` instead.

    Yields:
        The class, the prefix of its keys relative to the field, and its kind (None if it has none).
    """
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        for kind, member in sorted(annotation.family.items()):
            yield member, level, kind
    elif isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation, level, None
    else:
        for argument in get_args(annotation):
            yield from _inner(argument, f"{NAME}." if get_origin(annotation) is dict else level)


def is_whole(key: str, *all_settings: type[Settings]) -> bool:
    """Whether a setting takes a single whole number."""
    return any(annotation is int for annotation in _annotations(key, all_settings))


def takes_text(key: str, *all_settings: type[Settings]) -> bool:
    """Whether a setting takes arbitrary text, such as a file path."""
    found = _annotations(key, all_settings)
    return any(member in (str, AssetPath) for own in found for member in _members(own))


def _annotations(key: str, all_settings: Sequence[type[Settings]]) -> Iterator[Any]:
    """Yields the types of all settings with this key; different kinds may have different types."""
    for settings in all_settings:
        yield from _along(settings, key.split("."))


def _along(settings: type[Settings], steps: Sequence[str]) -> Iterator[Any]:
    """Yields the possible types of the setting with a given key.

    Args:
        settings: The settings class to which the first step belongs.
        steps: The key, split at its dots. A step can be a name chosen by the user.
    """
    info = settings.model_fields.get(steps[0])
    if info is None:
        return
    if len(steps) == 1:
        yield info.annotation
    for inner, level, _ in _inner(info.annotation):
        if rest := steps[2:] if level else steps[1:]:
            yield from _along(inner, rest)


def _members(annotation: Any) -> Iterator[Any]:
    """Yields the types in a union, or the type itself if it is not a union; unwraps `Annotated`."""
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
    """Returns all values that `kind` can have in the group that contains `key`.

    If that group has no `kind`, the group around it is used, and so on. The result is empty if none has one.
    """
    while key := key.rpartition(".")[0]:
        if found := {setting.kind for setting in known if setting.key == f"{key}.kind" and setting.kind}:
            return found
    return set()


def _named(setting: Setting, key: str) -> Setting:
    """Returns a copy of a setting with the placeholders in its key replaced by the names in `key`."""
    steps = zip_longest(setting.key.split("."), key.split("."))
    names = [given if known == NAME and given else known for known, given in steps if known]
    return replace(setting, key=".".join(names))
