"""Text that is generated from the settings: the help of `generate` and `preview`, and commented YAML."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic_core import PydanticUndefined

from scenes.settings import Settings
from sim2coco.cli.config import RunOptions, choices, default_config, defaults, first_sentence
from sim2coco.cli.groups import GROUPS
from sim2coco.keys import Setting, walk
from sim2coco.recipe import Recipe

WIDTH, LEFT = 100, 44
MAX_LINE = 1_000_000
"""Line length in characters up to which a YAML value is written on one line."""

HEAD = """\
usage: sim2coco {command} [GROUP=OPTION ...] [KEY=VALUE ...]

  sim2coco generate out=data/parts num_images=500 'scene.num_objects=[5,12]' workers=2
  sim2coco generate -m light=day,dusk out='data/sweep/${{hydra.job.num}}'
  sim2coco preview assets=shapes '+assets.categories.gear={{path: gear.obj, size_m: 0.04}}'

  '[low,high]'    a range of random values, ends included; a single number fixes the value
  +KEY=VALUE      adds an entry to a mapping;  ~KEY removes one
  -m              a sweep: one data set for each combination of comma-separated values
  --config-dir D  searches folder D first: D/assets/mine.yaml defines assets=mine
  --cfg job       prints the composed settings and exits"""


def manual(command: str) -> str:
    """The help of a command: all groups and settings, each with a description."""
    lines = [HEAD.format(command=command), "", "Groups (* is the default)"]
    chosen, tree = defaults(), default_config()
    for group in GROUPS:
        for choice in choices(group):
            star = "*" if chosen.get(group) == choice else " "
            lines += _entry(f"{star} {group}={choice}", first_sentence(group, choice), 24)
    lines += ["", "Run", *_settings(RunOptions, tree)]
    lines += ["", "Recipe: settings that determine the images", *_settings(Recipe, tree)]
    return "\n".join(lines)


def as_yaml(settings: Settings) -> str:
    """Returns settings as YAML; a comment before each setting describes it."""
    sentences = {setting.key: setting.description for setting in walk(type(settings))}
    return "".join(f"{line}\n" for line in _yaml_lines(settings, sentences))


def _yaml_lines(settings: Settings, sentences: Mapping[str, str | None], parent: str = "") -> Iterator[str]:
    """Yields the lines of YAML of a group of settings.

    Args:
        settings: The group.
        sentences: Description of each setting, by its full key, for example `scene.num_objects`.
        parent: Start of the full keys of this group, for example `scene.`; "" for the outermost group.
    """
    indent = "  " * parent.count(".")
    for name, value in settings:
        if sentence := sentences[parent + name]:
            yield f"{indent}# {sentence}"
        if isinstance(value, Settings):
            yield f"{indent}{name}:"
            yield from _yaml_lines(value, sentences, f"{parent}{name}.")
        else:
            plain = settings.model_dump(mode="json", include={name})
            yield indent + yaml.safe_dump(plain, default_flow_style=True, width=MAX_LINE).strip()[1:-1]


def _settings(settings: type[Settings], tree: dict[str, Any]) -> Iterator[str]:
    """Yields the lines of the settings of a class; `tree` is the default configuration."""
    known: dict[tuple[str, str | None], list[Setting]] = {}
    for setting in walk(settings):
        known.setdefault((setting.key, setting.description), []).append(setting)
    for (key, description), found in known.items():
        kinds = [setting.kind for setting in found if setting.kind]
        is_kind = key.endswith("kind")
        sentence = description or (
            f"One of {', '.join(kinds)}." if is_kind else "A setting without a docstring."
        )
        if kinds and kinds != _all_kinds(key, known):
            sentence += f" [{', '.join(kinds)}]"
        chosen = next((setting for setting in found if setting.kind == _kind(setting, tree)), found[0])
        yield from _entry(f"  {key}{_default(chosen, tree)}", sentence, LEFT)


def _all_kinds(key: str, known: dict[tuple[str, str | None], list[Setting]]) -> list[str | None]:
    """Returns the possible values of `kind` in the group that contains the setting `key`.

    If that group has no `kind`, the nearest group around it that has one is used.
    """
    while (f"{key}.kind", None) not in known:
        key = key.rpartition(".")[0]
    return [setting.kind for setting in known[f"{key}.kind", None]]


def _entry(left: str, sentence: str, left_width: int) -> list[str]:
    """Returns lines with a name and its description in two columns; a long name gets its own line."""
    wrapped = textwrap.wrap(sentence, WIDTH - left_width)
    below = [" " * left_width + line for line in wrapped]
    if len(left) > left_width - 2:
        return [left, *below]
    return [f"{left:{left_width}}{wrapped[0]}", *below[1:]]


def _default(setting: Setting, tree: Any) -> str:
    """The default of a setting as ` = VALUE`; "" for a group of settings and for a required setting."""
    own = setting.info.get_default(call_default_factory=True, validated_data={})
    if own is PydanticUndefined or isinstance(own, Settings):
        return ""
    if setting.name == "kind" and setting.kind != _kind(setting, tree):  # an entry of a list, or a named one
        return ""
    value: Any = tree if setting.kind in (None, _kind(setting, tree)) else None
    for step in setting.key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    value = own if value is None else value
    if isinstance(value, dict) and any(isinstance(entry, dict) for entry in value.values()):
        return " = {" + ", ".join(value) + "}"
    return f" = {_value(value)}"


def _kind(setting: Setting, tree: Any) -> object:
    """The default `kind` of the outermost group that contains a setting; None if this group has no kinds."""
    group = tree.get(setting.key.partition(".")[0])
    return group.get("kind") if isinstance(group, dict) else None


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return "[" + ",".join(_value(item) for item in value) + "]" if len(value) <= 4 else "[...]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + "}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
