"""From the composed tree of Hydra to a Recipe and run options, and what stops Hydra from composing it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import yaml
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, SerializeAsAny

import conf
import sim2coco.engines
import sim2coco.export
from scenes.settings import Settings, did_you_mean, load_kinds, one_of
from sim2coco.engines.engine import Engine
from sim2coco.engines.local import Local
from sim2coco.export.settings import Export
from sim2coco.messages import ConfigError, build, nearest
from sim2coco.recipe import Recipe

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
"""Values that a YAML file may hold, repetitions counted; a file of 200 bytes can stand for billions."""
LIBRARY = "assets=library"
"""The choice that comes with assets.path=FOLDER where no other is made."""
APART = "split.by="
"""What `split: null` has no place for."""
SPACES = "a name with spaces stands in braces: '+assets.categories={Gear parts: {weight: 2}}'"
CODEC = "export: pictures' codec is now image.format=jpg|png, its quality image.jpeg_quality"
"""What is said of settings that `export` once had."""
CIRCLE = "the defaults list of a choice leads back to the choice itself"
HOW = "write KEY=VALUE or GROUP=CHOICE, in quotes where it has brackets or spaces"


class RunOptions(Settings):
    """What a run does, without changing a picture."""

    out: str
    """The data set's folder."""
    num_images: Annotated[int, Field(ge=1)] = 100
    """Accepted views to make; more than before extends the data set."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes that make scenes."""
    retry_failed: bool = False
    """Try scenes again that failed before."""
    engine: SerializeAsAny[Annotated[Engine, one_of(Engine)]] = Local()
    """Where scenes are made."""
    export: Export = Export()
    """Formats of the annotations."""


def ordered(arguments: Sequence[str]) -> list[str]:
    """The command line as Hydra reads it: flags first, wherever they were written.

    Raises:
        ConfigError: A flag is unknown or lacks its value, or a file of its folder stands for too much.
    """
    parser = get_args_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    read, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise ConfigError(f"no flag {unknown[0]!r}; {HOW}")
    for path in _own_files(read.config_dir):
        _check_size(path)
    overrides = [argument for argument in arguments if argument in read.overrides]
    begun = [word.partition("=")[0] for word in overrides]
    flags = [argument for argument in arguments if argument not in overrides]
    if "assets.path" in begun and "assets" not in begun:
        overrides = [*map(_left_out, overrides), LIBRARY]
    # It has no value to replace, and shares that came after it would replace it.
    apart = [f"++{argument}" for argument in overrides if argument.startswith(APART)]
    return flags + [argument for argument in overrides if not argument.startswith(APART)] + apart


def _left_out(override: str) -> str:
    """A category of a library that is to be left out as null: what is in it Hydra does not know."""
    found = re.fullmatch(r"~assets\.categories\.([^.=]+)", override)
    return f"+assets.categories={{{found[1]}: null}}" if found else override


def _refuse(message: str) -> NoReturn:
    raise ConfigError(message)


def _own_files(folder: str | None) -> Iterator[Path]:
    """The YAML files of a user's folder, where Hydra looks for them."""
    if folder is not None:
        for place in (".", *GROUPS):
            yield from sorted((Path(folder) / place).glob("*.yaml"))


def _check_size(path: Path) -> None:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return  # Hydra says it if it needs the file.
    if root is not None and _size(root, {}) > MAX_NODES:
        raise ConfigError(f"{path}: its aliases (*) stand for more than {MAX_NODES:,} values")


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, aliases written out."""
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1  # for an alias of what it is in
        inner = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = 1 if isinstance(node, yaml.ScalarNode) else 1 + sum(_size(n, known) for n in inner)
    return known[id(node)]


def read(composed: DictConfig) -> tuple[Recipe, RunOptions]:
    """The Recipe and the run options of a composed tree.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    tree = _resolved(composed)
    if tree.get("out") in (None, ""):
        raise ConfigError("out: name the folder to write to, for example out=data/parts")
    if type(tree["out"]) is int:
        tree["out"] = str(tree["out"])
    return _built(tree)


def read_preview(composed: DictConfig) -> tuple[Recipe, Path]:
    """The Recipe of a composed tree, and the PNG to write.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    tree = _resolved(composed)
    if tree.get("out") in (None, ""):
        tree["out"] = "preview.png"
    recipe, options = _built(tree)
    target = Path(options.out)
    if target.suffix.lower() != ".png":
        raise ConfigError(f"out: {str(target)!r} must end in .png: a preview is one picture")
    return recipe, target


def _built(tree: dict[str, Any]) -> tuple[Recipe, RunOptions]:
    if isinstance(tree.get("export"), dict) and {"format", "jpeg_quality"} & tree["export"].keys():
        raise ConfigError(CODEC)
    for key in tree:
        if key not in Recipe.model_fields and key not in RunOptions.model_fields:
            raise ConfigError(f"{key}: no such setting; {nearest(key, Recipe, RunOptions)}")
    options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    return build(Recipe, tree), build(RunOptions, options)


def _resolved(composed: DictConfig) -> dict[str, Any]:
    """Plain values, with `${hydra.job.num}` and the like filled in."""
    hydra = HydraConfig.get()
    for override in OmegaConf.to_container(hydra.overrides.task) or ():
        key, _, value = str(override).partition("=")
        if re.fullmatch(r"\{\s*\}", value) and OmegaConf.select(composed, key):
            raise ConfigError(f"{key}: {{}} changes nothing: entries are added; ~{key}.NAME removes one")
    # Only a sweep numbers its jobs.
    known = {"num": 0 if OmegaConf.is_missing(hydra.job, "num") else hydra.job.num}
    try:
        whole = OmegaConf.merge({"hydra": {"job": known}}, composed)
        tree = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'configuration'}: {str(error).splitlines()[0]}") from error
    assert isinstance(tree, dict)
    tree.pop("hydra")
    return {str(key): value for key, value in tree.items()}


def composition_sentence(error: Exception, arguments: Sequence[str]) -> str:
    """What Hydra could not compose, in one line."""
    text = f"{error}\n{error.__cause__ or ''}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [repr(error)]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{mark.name}: line {mark.line + 1}: {error.problem}"
    if re.search(r"'export(/(jpg|png)|\.(format|jpeg_quality))'", text):
        return CODEC
    if isinstance(error, RecursionError):
        return CIRCLE
    if override := getattr(error, "override", None):
        if (key := str(override).partition("=")[0]).count(" ") and "assets." in key:
            return f"cannot read {override!r}: {SPACES}"
        tilde = "; a ~ in brackets needs quotes: {path: '~/gear.obj'}" if "~" in str(override)[1:] else ""
        return f"cannot read {override!r}: {HOW}{tilde}"
    if found := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        listed = text.partition("Available options in")[2].partition(":")[2].split("Config search path")[0]
        clause = _elsewhere(found[1], found[2], arguments) + did_you_mean(found[2], listed.split())
        return f"{found[1]}: no choice {found[2]!r}; {clause}"
    if found := re.search(r"In '([^']+)/([^'/]+)': Could not load '(?:[^']*/)?([^'/]+)'", text):
        return f"{found[1]}={found[2]}: no choice {found[3]!r}; {did_you_mean(found[3], choices(found[1]))}"
    if found := re.search(r"Could not delete from config. '([^']+)' does not exist", text):
        return f"~{found[1]}: nothing there to remove; {_present(found[1])}"
    if found := re.search(r"Could not override '([^']+)'", text):
        clause = nearest(found[1], Recipe, RunOptions)
        known = clause.startswith(("not set", "entries"))
        return f"{found[1]}: {'' if known else 'no such setting; '}{clause}"
    if found := re.search(r"Multiple values for (\S+)\.", text):
        return f"{found[1]}: chosen twice; write {found[1]}=CHOICE once, without +"
    if found := re.search(r"Error merging override ([^=]+)=", text):
        return f"{found[1]}: {lines[1] if len(lines) > 1 else 'of another type'}"
    if lines[0].startswith("Ambiguous value"):
        return f"{lines[0]}: -m sweeps over values, [1,2] is a list"
    if "Config group override must be" in text:
        return _no_choice(arguments)
    return lines[0]


def _elsewhere(group: str, choice: str, arguments: Sequence[str]) -> str:
    """A clause on a choice that a user's folder has not, or not where it must be; or nothing."""
    folder = get_args_parser().parse_known_intermixed_args(arguments)[0].config_dir
    for path in (Path(folder or "") / f"{choice}.yaml", Path(folder or "") / choice / f"{choice}.yaml"):
        if folder and path.is_file():
            return f"{path} must lie in a folder {group}/ of --config-dir; "
    return f"there is no {Path(folder) / group / choice}.yaml; " if folder else ""


def _present(key: str) -> str:
    """A clause that names what is there beside a key that is not."""
    tree: Any = preset()
    parent, _, name = key.rpartition(".")
    for step in parent.split(".") if parent else ():
        tree = tree.get(step) if isinstance(tree, dict) else None
    return did_you_mean(name, list(tree or ()))


def _no_choice(arguments: Sequence[str]) -> str:
    """The sentence for a group whose choice is no word."""
    for argument in arguments:
        group, equals, choice = argument.lstrip("+").partition("=")
        if equals and (not group or (group in GROUPS and choice not in choices(group))):
            known = f"allowed: {', '.join(choices(group))}" if group else HOW
            return f"{group or argument}: no choice {choice!r}; {known}"
    return HOW


def choices(group: str) -> list[str]:
    """The names of a group's choices."""
    return sorted(path.stem for path in (_root() / group).glob("*.yaml"))


def preset() -> dict[str, Any]:
    """The default configuration: the values of conf/config.yaml and of the choices that it names."""
    tree: dict[str, Any] = yaml.safe_load((_root() / "config.yaml").read_text())
    for group, choice in defaults().items():
        tree[group] = settings_of(group, choice)
    return {key: value for key, value in tree.items() if key not in ("defaults", "hydra")}


def settings_of(group: str, choice: str) -> dict[str, Any]:
    """The settings of a choice in conf/, merged over those of its defaults list as Hydra does."""
    own: dict[str, Any] = yaml.safe_load((_root() / group / f"{choice}.yaml").read_text()) or {}
    tree: dict[str, Any] = {}
    for entry in own.pop("defaults", ["_self_"]):
        if isinstance(entry, str):  # the others choose in other groups
            tree = _merged(tree, own if entry == "_self_" else settings_of(group, entry))
    return tree


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two trees in one: mappings are merged; other values of the second replace those of the first."""
    tree = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(tree.get(key), dict)
        tree[key] = _merged(tree[key], value) if both else value
    return tree


def first_sentence(group: str, choice: str) -> str:
    """The comment that a choice begins with."""
    lines = (_root() / group / f"{choice}.yaml").read_text().splitlines()
    return next(line.removeprefix("#").strip() for line in lines if not line.startswith("# @"))


def defaults() -> dict[str, str]:
    """The choice that each group has by default."""
    entries = yaml.safe_load((_root() / "config.yaml").read_text())["defaults"]
    return {key: entry[key] for entry in entries if isinstance(entry, dict) for key in entry if key in GROUPS}


def _root() -> Path:
    return Path(conf.__path__[0])
