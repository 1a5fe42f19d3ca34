"""Converts Hydra's composed configuration to a recipe and run options, and Hydra's errors to one line.

Hydra is imported only where it is called, because `--help` does not need it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import yaml
from pydantic import Field, SerializeAsAny

import conf
import sim2coco.engines
import sim2coco.export
from scenes.camera import CameraKind
from scenes.light import LightKind
from scenes.scene import Scene
from scenes.settings import Kind, Settings, did_you_mean, load_kinds, one_of
from sim.render.settings import Render
from sim2coco.engines.engine import Engine
from sim2coco.engines.local import Local
from sim2coco.export.settings import Export
from sim2coco.messages import ConfigError, build, nearest
from sim2coco.plugins import plugin_kinds
from sim2coco.recipe import Recipe

if TYPE_CHECKING:
    from omegaconf import DictConfig

load_kinds(sim2coco.engines, sim2coco.export)
GROUPS = (
    "assets",
    "scene",
    "camera",
    "light",
    "render",
    "quality",
    "augment",
    "export",
    "engine",
    "experiment",
)
MAX_NODES = 100_000
"""Maximum number of values in a YAML file with aliases expanded; 200 bytes can expand to billions."""
LIBRARY_CHOICE = "assets=library"
"""Override that is added if the command line sets assets.path=FOLDER but has no override `assets=CHOICE`."""
SPLIT_BY = "split.by="
"""Start of the override that must be applied last, since the default `split: null` has no key `by`."""
SPACES_HINT = "write a name with spaces in braces: '+assets.categories={Gear parts: {weight: 2}}'"
CODEC_MOVED = "export: the image format is now set by image.format=jpg|png, its quality by image.jpeg_quality"
"""Error message for settings that earlier versions had under `export`."""
CIRCULAR_DEFAULTS = "the defaults list of a choice leads back to the choice itself"
USAGE_HINT = "write KEY=VALUE or GROUP=CHOICE, in quotes if it contains brackets or spaces"


FAMILIES: dict[str, type[Kind]] = {
    "scene": Scene,
    "camera": CameraKind,
    "light": LightKind,
    "render": Render,
    "engine": Engine,
}
"""Groups whose choices are classes with a `kind` field, and the base class of the classes in each group."""


class RunOptions(Settings):
    """Settings of a run that do not change its images."""

    out: str
    """Folder of the data set; it is created, resumed or extended."""
    num_images: Annotated[int, Field(ge=1)] = 100
    """Number of accepted images to make; a larger number than before extends the data set."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Number of worker processes; it does not change the result."""
    retry_failed: bool = False
    """Whether to retry scenes that failed in an earlier run."""
    engine: SerializeAsAny[Annotated[Engine, one_of(Engine)]] = Local()
    """Where scenes are made: in worker processes or in this process."""
    export: Export = Export()
    """Formats of the annotations."""


def hydra_arguments(arguments: Sequence[str]) -> list[str]:
    """Puts command line arguments into the order and form that Hydra expects: flags first, then overrides.

    Raises:
        ConfigError: A flag is unknown or lacks its value, or a YAML file of --config-dir is too large.
    """
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    read, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise ConfigError(f"no flag {unknown[0]!r}; {USAGE_HINT}")
    for path in _config_dir_files(read.config_dir):
        _check_size(path)
    overrides = [argument for argument in arguments if argument in read.overrides]
    begun = [word.partition("=")[0] for word in overrides]
    flags = [argument for argument in arguments if argument not in overrides]
    if "assets.path" in begun and "assets" not in begun:
        overrides = [*map(_as_null_entry, overrides), LIBRARY_CHOICE]
    # `split.by` has no default to override, so it is added with ++, after any `split=` that would replace it.
    split_by = [f"++{argument}" for argument in overrides if argument.startswith(SPLIT_BY)]
    return flags + [argument for argument in overrides if not argument.startswith(SPLIT_BY)] + split_by


def _as_null_entry(override: str) -> str:
    """Rewrites `~assets.categories.NAME` as an override that sets the category to null.

    Hydra can only remove keys of the configuration, which does not list the categories of a library.
    Other overrides are returned unchanged.
    """
    found = re.fullmatch(r"~assets\.categories\.([^.=]+)", override)
    return f"+assets.categories={{{found[1]}: null}}" if found else override


def _refuse(message: str) -> NoReturn:
    raise ConfigError(message)


def _config_dir_files(folder: str | None) -> Iterator[Path]:
    """The YAML files of a --config-dir folder that Hydra may read."""
    if folder is not None:
        for place in (".", *GROUPS):
            yield from sorted((Path(folder) / place).glob("*.yaml"))


def _check_size(path: Path) -> None:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return  # Hydra reports the error if it needs the file.
    if root is not None and _count_values(root, {}) > MAX_NODES:
        raise ConfigError(f"{path}: its aliases (*) expand to more than {MAX_NODES:,} values")


def _count_values(node: yaml.Node, known: dict[int, int]) -> int:
    """Number of values in a node, with aliases expanded.

    Args:
        node: The node.
        known: Numbers of values of the nodes counted so far, by `id` of the node; modified in place.
    """
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1  # used if the node contains an alias of itself
        inner = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = (
            1 if isinstance(node, yaml.ScalarNode) else 1 + sum(_count_values(n, known) for n in inner)
        )
    return known[id(node)]


def read(composed: "DictConfig") -> tuple[Recipe, RunOptions]:
    """The recipe and the run options of a composed configuration.

    Raises:
        ConfigError: A key or value is invalid.
    """
    tree = _resolved(composed)
    if tree.get("out") in (None, ""):
        raise ConfigError("out: name the folder to write to, for example out=data/parts")
    if type(tree["out"]) is int:
        tree["out"] = str(tree["out"])
    return _built(tree)


def read_preview(composed: "DictConfig") -> tuple[Recipe, Path]:
    """The recipe of a composed configuration, and the path of the PNG to write.

    Raises:
        ConfigError: A key or value is invalid.
    """
    tree = _resolved(composed)
    if tree.get("out") in (None, ""):
        tree["out"] = "preview.png"
    recipe, options = _built(tree)
    target = Path(options.out)
    if target.suffix.lower() != ".png":
        raise ConfigError(f"out: {str(target)!r} must end in .png: a preview is one image")
    return recipe, target


def _built(tree: dict[str, Any]) -> tuple[Recipe, RunOptions]:
    if isinstance(tree.get("export"), dict) and {"format", "jpeg_quality"} & tree["export"].keys():
        raise ConfigError(CODEC_MOVED)
    for key in tree:
        if key not in Recipe.model_fields and key not in RunOptions.model_fields:
            raise ConfigError(f"{key}: no such setting; {nearest(key, Recipe, RunOptions)}")
    options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    return build(Recipe, tree), build(RunOptions, options)


def _resolved(composed: "DictConfig") -> dict[str, Any]:
    """The configuration as plain values, with interpolations such as `${hydra.job.num}` resolved."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    hydra = HydraConfig.get()
    for override in OmegaConf.to_container(hydra.overrides.task) or ():
        key, _, value = str(override).partition("=")
        if re.fullmatch(r"\{\s*\}", value) and OmegaConf.select(composed, key):
            raise ConfigError(f"{key}: {{}} changes nothing, as entries are merged; ~{key}.NAME removes one")
    # Hydra sets the job number in sweeps only.
    known = {"num": 0 if OmegaConf.is_missing(hydra.job, "num") else hydra.job.num}
    try:
        whole = OmegaConf.merge({"hydra": {"job": known}}, composed)
        tree = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'configuration'}: {str(error).splitlines()[0]}") from error
    assert isinstance(tree, dict)
    tree.pop("hydra")
    return {str(key): value for key, value in tree.items()}


def composition_error(error: Exception, arguments: Sequence[str]) -> str:
    """Describes in one line an error that Hydra raised while it composed the configuration."""
    text = f"{error}\n{error.__cause__ or ''}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [repr(error)]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{mark.name}: line {mark.line + 1}: {error.problem}"
    if re.search(r"'export(/(jpg|png)|\.(format|jpeg_quality))'", text):
        return CODEC_MOVED
    if isinstance(error, RecursionError):
        return CIRCULAR_DEFAULTS
    if override := getattr(error, "override", None):
        if (key := str(override).partition("=")[0]).count(" ") and "assets." in key:
            return f"cannot read {override!r}: {SPACES_HINT}"
        tilde = "; quote a ~ inside brackets: {path: '~/gear.obj'}" if "~" in str(override)[1:] else ""
        return f"cannot read {override!r}: {USAGE_HINT}{tilde}"
    if found := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        listed = text.partition("Available options in")[2].partition(":")[2].split("Config search path")[0]
        clause = _misplaced(found[1], found[2], arguments) + did_you_mean(found[2], listed.split())
        return f"{found[1]}: no choice {found[2]!r}; {clause}"
    if found := re.search(r"In '([^']+)/([^'/]+)': Could not load '(?:[^']*/)?([^'/]+)'", text):
        return f"{found[1]}={found[2]}: no choice {found[3]!r}; {did_you_mean(found[3], choices(found[1]))}"
    if found := re.search(r"Could not delete from config. '([^']+)' does not exist", text):
        return f"~{found[1]}: no such entry to remove; {_existing_keys(found[1])}"
    if found := re.search(r"Could not override '([^']+)'", text):
        clause = nearest(found[1], Recipe, RunOptions)
        known = clause.startswith(("not set", "entries"))
        return f"{found[1]}: {'' if known else 'no such setting; '}{clause}"
    if found := re.search(r"Multiple values for (\S+)\.", text):
        return f"{found[1]}: chosen twice; write {found[1]}=CHOICE once, without +"
    if found := re.search(r"Error merging override ([^=]+)=", text):
        return f"{found[1]}: {lines[1] if len(lines) > 1 else 'has the wrong type'}"
    if lines[0].startswith("Ambiguous value"):
        return f"{lines[0]}: -m sweeps over values, [1,2] is a list"
    if "Config group override must be" in text:
        return _not_a_name(arguments)
    return lines[0]


def _misplaced(group: str, choice: str, arguments: Sequence[str]) -> str:
    """A clause that says that a choice is missing in --config-dir, or that its file is in the wrong folder.

    Returns:
        The clause; "" if the command line has no --config-dir.
    """
    from hydra._internal.utils import get_args_parser

    folder = get_args_parser().parse_known_intermixed_args(arguments)[0].config_dir
    for path in (Path(folder or "") / f"{choice}.yaml", Path(folder or "") / choice / f"{choice}.yaml"):
        if folder and path.is_file():
            return f"{path} must be in the folder {group}/ of --config-dir; "
    return f"there is no {Path(folder) / group / choice}.yaml; " if folder else ""


def _existing_keys(key: str) -> str:
    """A clause that suggests existing keys in place of a key that the default configuration lacks."""
    tree: Any = default_config()
    parent, _, name = key.rpartition(".")
    for step in parent.split(".") if parent else ():
        tree = tree.get(step) if isinstance(tree, dict) else None
    return did_you_mean(name, list(tree or ()))


def _not_a_name(arguments: Sequence[str]) -> str:
    """The error message for an argument GROUP=CHOICE whose choice is no name but, say, a number."""
    for argument in arguments:
        group, equals, choice = argument.lstrip("+").partition("=")
        if equals and (not group or (group in GROUPS and choice not in choices(group))):
            known = f"allowed: {', '.join(choices(group))}" if group else USAGE_HINT
            return f"{group or argument}: no choice {choice!r}; {known}"
    return USAGE_HINT


def choices(group: str) -> list[str]:
    """The names of a group's choices, including those of plug-ins."""
    return sorted([*choice_files(group), *_plugin_choices(group)])


def choice_files(group: str) -> list[str]:
    """The names of a group's YAML files in conf/."""
    return [path.stem for path in (_root() / group).glob("*.yaml")]


def _plugin_choices(group: str) -> dict[str, type[Kind]]:
    return plugin_kinds(FAMILIES[group]) if group in FAMILIES else {}


def default_config() -> dict[str, Any]:
    """The default configuration: the values of conf/config.yaml and of the choices in its defaults list."""
    tree: dict[str, Any] = yaml.safe_load((_root() / "config.yaml").read_text())
    for group, choice in defaults().items():
        tree[group] = settings_of(group, choice)
    return {key: value for key, value in tree.items() if key not in ("defaults", "hydra")}


def settings_of(group: str, choice: str) -> dict[str, Any]:
    """The settings of a choice in conf/, merged over those of its defaults list as Hydra does."""
    own: dict[str, Any] = yaml.safe_load((_root() / group / f"{choice}.yaml").read_text()) or {}
    tree: dict[str, Any] = {}
    for entry in own.pop("defaults", ["_self_"]):
        if isinstance(entry, str):  # the other entries are choices of other groups
            tree = _merged(tree, own if entry == "_self_" else settings_of(group, entry))
    return tree


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merges two trees: mappings recursively; other values of the second replace those of the first."""
    tree = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(tree.get(key), dict)
        tree[key] = _merged(tree[key], value) if both else value
    return tree


def first_sentence(group: str, choice: str) -> str:
    """The first comment in the file of a choice; for a plug-in, the first line of the class docstring."""
    if kind := _plugin_choices(group).get(choice):
        return (kind.__doc__ or "A kind that a plug-in defines.").strip().splitlines()[0]
    lines = (_root() / group / f"{choice}.yaml").read_text().splitlines()
    return next(line.removeprefix("#").strip() for line in lines if not line.startswith("# @"))


def defaults() -> dict[str, str]:
    """The default choice of each group."""
    entries = yaml.safe_load((_root() / "config.yaml").read_text())["defaults"]
    return {key: entry[key] for entry in entries if isinstance(entry, dict) for key in entry if key in GROUPS}


def _root() -> Path:
    return Path(conf.__path__[0])
