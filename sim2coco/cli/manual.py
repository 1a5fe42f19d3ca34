"""Written from the settings themselves: the help of `generate` and `preview`, and YAML with comments."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic_core import PydanticUndefined

from scenes.settings import Settings
from sim2coco.cli.config import GROUPS, RunOptions, choices, defaults, first_sentence, preset
from sim2coco.messages import Setting, walk
from sim2coco.recipe import Recipe

WIDTH, LEFT = 100, 44
MAX_LINE = 1_000_000
"""Characters up to which a value of YAML stays on one line."""

HEAD = """\
usage: sim2coco {command} [GROUP=CHOICE ...] [KEY=VALUE ...]

  sim2coco generate out=data/parts num_images=500 'scene.num_objects=[5,12]' workers=2
  sim2coco generate -m light=day,dusk out='data/sweep/${{hydra.job.num}}'
  sim2coco preview assets=shapes '+assets.categories.gear={{path: gear.obj, size_m: 0.04}}'

  '[low,high]'    what is drawn is a number or a range, both ends included
  +KEY=VALUE      adds an entry to a mapping;  ~KEY removes one
  -m              a sweep over values with commas: one data set each
  --config-dir D  finds choices in D too, as D/assets/mine.yaml for assets=mine
  --cfg job       prints all settings as they would be used"""


def manual(command: str) -> str:
    """Everything that can be set, with a sentence each."""
    lines = [HEAD.format(command=command), "", "Groups (* is the default)"]
    chosen = defaults()
    for group in GROUPS:
        for choice in choices(group):
            star = "*" if chosen.get(group) == choice else " "
            lines += _entry(f"{star} {group}={choice}", first_sentence(group, choice), 24)
    lines += ["", "Run", *_settings(RunOptions)]
    lines += ["", "Recipe: what pictures depend on", *_settings(Recipe)]
    return "\n".join(lines)


def as_yaml(settings: Settings) -> str:
    """Settings as YAML, each below a comment that says what it means."""
    sentences = {setting.key: setting.info.description for setting in walk(type(settings))}
    return "".join(f"{line}\n" for line in _yaml_lines(settings, sentences))


def _yaml_lines(settings: Settings, sentences: Mapping[str, str | None], parent: str = "") -> Iterator[str]:
    """Lines of YAML; keys of the sentences begin with those of the parents."""
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


def _settings(settings: type[Settings]) -> Iterator[str]:
    tree = preset()
    known: dict[tuple[str, str | None], list[Setting]] = {}
    for setting in walk(settings):
        known.setdefault((setting.key, setting.info.description), []).append(setting)
    for (key, description), found in known.items():
        kinds = [setting.kind for setting in found if setting.kind]
        sentence = description or f"One of {', '.join(kinds)}."
        if kinds and kinds != _all_kinds(key, known):
            sentence += f" [{', '.join(kinds)}]"
        chosen = next((setting for setting in found if setting.kind == _kind(setting, tree)), found[0])
        yield from _entry(f"  {key}{_default(chosen, tree)}", sentence, LEFT)


def _all_kinds(key: str, known: dict[tuple[str, str | None], list[Setting]]) -> list[str | None]:
    """The kinds of the group that a setting belongs to."""
    while (f"{key}.kind", None) not in known:
        key = key.rpartition(".")[0]
    return [setting.kind for setting in known[f"{key}.kind", None]]


def _entry(left: str, sentence: str, left_width: int) -> list[str]:
    """A thing and its sentence in two columns; side by side where that fits."""
    wrapped = textwrap.wrap(sentence, WIDTH - left_width)
    below = [" " * left_width + line for line in wrapped]
    if len(left) > left_width - 2:
        return [left, *below]
    return [f"{left:{left_width}}{wrapped[0]}", *below[1:]]


def _default(setting: Setting, tree: Any) -> str:
    """What a setting is where nothing is said; nothing for what holds settings of its own."""
    own = setting.info.get_default(call_default_factory=True, validated_data={})
    if own is PydanticUndefined or isinstance(own, Settings):
        return ""
    value: Any = tree if setting.kind in (None, _kind(setting, tree)) else None
    for step in setting.key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    value = own if value is None else value
    if isinstance(value, dict) and any(isinstance(entry, dict) for entry in value.values()):
        return " = {" + ", ".join(value) + "}"
    return f" = {_value(value)}"


def _kind(setting: Setting, tree: Any) -> object:
    """The kind that is chosen where a setting belongs."""
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
