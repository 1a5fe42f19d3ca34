"""Converts composed settings to a recipe and run options, and lists the config options of each group."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, SerializeAsAny

import conf
import sim2coco.engines
import sim2coco.export
from scenes.cameras.camera import CameraKind
from scenes.light import LightKind
from scenes.scene import Scene
from scenes.settings import Kind, Settings, load_kinds, one_of
from sim.render.settings import Render
from sim2coco.check.paths import LOADER
from sim2coco.cli.groups import GROUPS
from sim2coco.cli.scalars import parsed, typed
from sim2coco.engines.engine import Engine
from sim2coco.engines.local import Local
from sim2coco.export.settings import Export
from sim2coco.keys import nearest
from sim2coco.messages import ConfigError, build
from sim2coco.plugins import loaded_plugins, plugin_kinds
from sim2coco.recipe import Recipe
from sim2coco.sweeps.settings import Score

load_kinds(sim2coco.engines, sim2coco.export)
CODEC_MOVED = "export: the image format is now set by image.format=jpg|png, its quality by image.jpeg_quality"
"""Error message for settings that earlier versions had under `export`."""


FAMILIES: dict[str, type[Kind]] = {
    "scene": Scene,
    "camera": CameraKind,
    "light": LightKind,
    "render": Render,
    "engine": Engine,
}
"""Maps config groups whose options are classes with a `kind` field to the base class of these classes."""


PLUGGABLE = (*FAMILIES, "quality", "export")
"""Groups with settings whose kinds a plug-in may define."""


class RunOptions(Settings):
    """Settings of a run that do not change its images."""

    out: str
    """Folder of the data set, or s3://bucket/folder; it is created, resumed or extended."""
    num_images: Annotated[int, Field(ge=1, le=100_000_000)] = 100
    """Number of accepted images to make; a larger number than before extends the data set."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Number of worker processes; it does not change the result."""
    retry_failed: bool = False
    """Whether to retry scenes that failed in an earlier run."""
    engine: SerializeAsAny[Annotated[Engine, one_of(Engine)]] = Local()
    """Where scenes are made: in this process, in worker processes, or on a Ray cluster."""
    export: Export = Export()
    """Annotation formats, and the data set's card and report."""
    score: Score = Score()
    """How the data sets of a sweep are scored."""


def read(settings: dict[str, Any]) -> tuple[Recipe, RunOptions]:
    """Builds the recipe and the run options from composed settings, which are parsed YAML values.

    Raises:
        ConfigError: A key or value is invalid.
    """
    if settings.get("out") in (None, ""):
        raise ConfigError("out: name the folder to write to, for example out=data/parts")
    return _built(settings)


def read_without_out(settings: dict[str, Any]) -> tuple[Recipe, RunOptions]:
    """Builds the recipe and the run options from composed settings, in which `out` may be missing.

    Raises:
        ConfigError: A key or value is invalid.
    """
    return _built({**settings, "out": "."})


def read_preview(settings: dict[str, Any]) -> tuple[Recipe, Path]:
    """Builds the recipe from composed settings; returns it, and the path of the PNG to write.

    Raises:
        ConfigError: A key or value is invalid.
    """
    named = {} if settings.get("out") not in (None, "") else {"out": "preview.png"}
    recipe, options = _built({**settings, **named})
    target = Path(options.out)
    if target.suffix.lower() != ".png":
        raise ConfigError(f"out: {str(target)!r} must end in .png: a preview is one image")
    return recipe, target


def _built(settings: dict[str, Any]) -> tuple[Recipe, RunOptions]:
    tree = dict(settings)
    if isinstance(tree.get("export"), dict) and {"format", "jpeg_quality"} & tree["export"].keys():
        raise ConfigError(CODEC_MOVED)
    for key in tree:
        if key not in Recipe.model_fields and key not in RunOptions.model_fields:
            raise ConfigError(f"{key}: no such setting; {nearest(key, Recipe, RunOptions)}")
    options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    if isinstance(augment := tree.get("augment"), dict):  # arguments of transforms have no declared types
        stages = {stage: typed(augment[stage]) for stage in ("geometry", "pixels") if stage in augment}
        tree["augment"] = {**augment, **stages}
    try:
        return build(Recipe, tree, parsed), build(RunOptions, options, parsed)
    except ConfigError as error:
        raise ConfigError(with_plugin_hint(str(error))) from error


def with_plugin_hint(message: str) -> str:
    """Extends a message about an unknown kind, option or setting with a hint that a plug-in may define it."""
    unknown = ("unknown kind" in message or "no such setting" in message or "no option" in message) and (
        "; allowed: " in message
    )
    if not unknown or loaded_plugins() or message.split(":")[0].partition(".")[0] not in PLUGGABLE:
        return message
    return f"{message}; if a plug-in defines it, add --plugin FILE.py"


def choices(group: str) -> list[str]:
    """The names of a group's config options, including those of plug-ins."""
    return sorted([*choice_files(group), *_plugin_choices(group)])


def choice_files(group: str) -> list[str]:
    """The names of a group's YAML files in conf/."""
    return [path.stem for path in (_root() / group).glob("*.yaml")]


def _plugin_choices(group: str) -> dict[str, type[Kind]]:
    return plugin_kinds(FAMILIES[group]) if group in FAMILIES else {}


def default_config() -> dict[str, Any]:
    """The default configuration: the values of conf/config.yaml and of the options in its defaults list."""
    tree: dict[str, Any] = _read("config.yaml")
    for group, choice in defaults().items():
        tree[group] = settings_of(group, choice)
    return {key: value for key, value in tree.items() if key not in ("defaults", "hydra")}


def settings_of(group: str, choice: str) -> dict[str, Any]:
    """Returns the settings of a config option in conf/.

    If its defaults list names other options of the same group, their settings are merged in, as in Hydra.
    """
    own: dict[str, Any] = _read(f"{group}/{choice}.yaml") or {}
    tree: dict[str, Any] = {}
    for entry in own.pop("defaults", ["_self_"]):
        if isinstance(entry, str):  # other entries select options of other groups
            tree = _merged(tree, own if entry == "_self_" else settings_of(group, entry))
    return tree


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merges two trees: mappings recursively; other values of `above` replace the values of `below`."""
    tree = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(tree.get(key), dict)
        tree[key] = _merged(tree[key], value) if both else value
    return tree


def first_sentence(group: str, choice: str) -> str:
    """Returns the sentence that describes a config option.

    It is the first comment of the option's YAML file, or the first docstring line of a plug-in's class.
    """
    if kind := _plugin_choices(group).get(choice):
        return (kind.__doc__ or "A kind defined by a plug-in.").strip().splitlines()[0]
    lines = (_root() / group / f"{choice}.yaml").read_text().splitlines()
    return next(line.removeprefix("#").strip() for line in lines if not line.startswith("# @"))


def defaults() -> dict[str, str]:
    """Returns a dict from each config group to its default option."""
    entries = _read("config.yaml")["defaults"]
    return {key: entry[key] for entry in entries if isinstance(entry, dict) for key in entry if key in GROUPS}


def _read(name: str) -> Any:
    """Parses a YAML file in conf/."""
    return yaml.load((_root() / name).read_text(), LOADER)  # noqa: S506 (a safe loader)


def _root() -> Path:
    return Path(conf.__path__[0])
