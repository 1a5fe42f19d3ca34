"""From the composed tree of Hydra to a Recipe and run options, and the sentences for what is wrong in it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, SerializeAsAny, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

import conf
import sim2coco.engines
from scenes.settings import Kind, Settings, did_you_mean, load_kinds, one_of
from sim2coco.engines.engine import Engine
from sim2coco.engines.local import Local
from sim2coco.recipe import Recipe

load_kinds(sim2coco.engines)
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


class ConfigError(Exception):
    """Wrong input, in one line: the key, what is wrong, and what is allowed."""


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


def read(composed: DictConfig) -> tuple[Recipe, RunOptions]:
    """The Recipe and the run options of a composed tree.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    tree = _resolved(composed)
    if not tree.get("out"):
        raise ConfigError("out: name the folder to write to, for example out=data/parts")
    options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    return build(Recipe, tree), build(RunOptions, options)


def read_preview(composed: DictConfig) -> tuple[Recipe, Path]:
    """The Recipe of a composed tree, and the PNG to write.

    Raises:
        ConfigError: A key or value is not allowed.
    """
    tree = _resolved(composed)
    target = Path(str(tree.get("out") or "preview.png"))
    recipe: Recipe = build(
        Recipe, {key: value for key, value in tree.items() if key not in RunOptions.model_fields}
    )
    if target.suffix.lower() != ".png":
        raise ConfigError(f"out: {str(target)!r} must end in .png: a preview is one picture")
    return recipe, target


def build(settings: type[Settings], tree: Mapping[str, Any]) -> Any:
    """Settings from plain values.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    try:
        return settings.parse(tree)
    except ValidationError as error:
        raise ConfigError(_sentence(error.errors()[0], settings, tree)) from error


def _resolved(composed: DictConfig) -> dict[str, Any]:
    """Plain values, with `${hydra.job.num}` and the like filled in."""
    # Only a sweep numbers its jobs.
    sweeping = HydraConfig.initialized() and not OmegaConf.is_missing(HydraConfig.get().job, "num")
    known = {"num": HydraConfig.get().job.num if sweeping else 0}
    try:
        whole = OmegaConf.merge({"hydra": {"job": known}}, composed)
        tree = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'configuration'}: {str(error).splitlines()[0]}") from error
    assert isinstance(tree, dict)
    tree.pop("hydra")
    return {str(key): value for key, value in tree.items()}


def _sentence(error: ErrorDetails, settings: type[Settings], tree: Mapping[str, Any]) -> str:
    """A validation error as one line."""
    path = [str(step) for step in error["loc"] if not (isinstance(step, int) and error["type"] != "extra")]
    key = ".".join(path)
    if error["type"] == "extra_forbidden":
        siblings = [
            known for known in known_keys(settings) if known.rpartition(".")[0] == ".".join(path[:-1])
        ]
        names = [name.rpartition(".")[2] for name in siblings]
        return f"{key}: no such setting; {did_you_mean(path[-1], names)}"
    message = error["msg"].removeprefix("Value error, ")
    message = message.replace("an object", "a mapping").replace("Dictionary", "mapping")
    message = message.replace("Input should be", "must be").replace(" after validation", "")
    message = message[:1].lower() + message[1:]
    if error["type"] == "missing":
        return f"{key}: missing"
    value = error["input"]
    shown = "" if isinstance(value, dict) or "unknown" in message else f" (got {value!r})"
    return f"{key}: {message.splitlines()[0]}{shown}"


def known_keys(settings: type[Settings], prefix: str = "") -> Iterator[str]:
    """The keys of settings and of all that they hold, dotted."""
    for key, _, _ in walk(settings, prefix):
        yield key


def walk(settings: type[Settings], prefix: str = "") -> Iterator[tuple[str, FieldInfo, type[Settings]]]:
    """Every setting: its dotted key, what is known of it, and the class that has it."""
    for name, info in settings.model_fields.items():
        yield prefix + name, info, settings
        for inner in _inner(info.annotation):
            yield from walk(inner, f"{prefix}{name}.")


def _inner(annotation: Any) -> Iterator[type[Settings]]:
    """The settings classes that a field may hold; for a choice, all of its kinds."""
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        yield from annotation.family.values()
    elif isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    elif get_args(annotation) and not str(annotation).startswith("dict"):
        for argument in get_args(annotation):
            yield from _inner(argument)


def composition_sentence(error: Exception) -> str:
    """What Hydra could not compose, in one line."""
    text = f"{error} {error.__cause__ or ''}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if found := re.search(r"Could not find '(\w+)/([^']*)'", text):
        return f"{found[1]}: no choice {found[2]!r}; {did_you_mean(found[2], choices(found[1]))}"
    if found := re.search(r"Could not override '([^']+)'", text):
        keys = [*known_keys(Recipe), *known_keys(RunOptions)]
        return f"{found[1]}: no such setting; {_near(found[1], keys)}"
    hint = "; write KEY=VALUE or GROUP=CHOICE, in quotes where it has brackets" if "parsing" in text else ""
    return (lines[0] if lines else repr(error)) + hint


def _near(key: str, keys: list[str]) -> str:
    """The closest of many keys, or those beside it."""
    suggestion = did_you_mean(key, keys)
    if suggestion.startswith("did"):
        return suggestion
    parent = key.rpartition(".")[0]
    return did_you_mean("", [known for known in keys if known.rpartition(".")[0] == parent] or list(GROUPS))


def choices(group: str) -> list[str]:
    """The names of a group's choices."""
    return sorted(path.stem for path in (_root() / group).glob("*.yaml"))


def first_sentence(group: str, choice: str) -> str:
    """The comment that a choice begins with."""
    lines = (_root() / group / f"{choice}.yaml").read_text().splitlines()
    return next(line.removeprefix("#").strip() for line in lines if not line.startswith("# @"))


def defaults() -> dict[str, str]:
    """The choice that each group has by default."""
    entries = yaml.safe_load((_root() / "config.yaml").read_text())["defaults"]
    return {key: value for entry in entries if isinstance(entry, dict) for key, value in entry.items()}


def _root() -> Path:
    return Path(conf.__path__[0])
