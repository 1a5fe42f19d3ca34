"""Errors that Hydra raises while it composes the configuration, in one line each."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scenes.settings import did_you_mean
from sim2coco.cli.config import CODEC_MOVED, GROUPS, RunOptions, choices, default_config
from sim2coco.cli.overrides import USAGE_HINT, quoted
from sim2coco.messages import nearest, takes_text
from sim2coco.recipe import Recipe

CIRCULAR_DEFAULTS = "the defaults list of a choice leads back to the choice itself"


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
        return f"{lines[0]}: {_commas(arguments)}"
    if "Config group override must be" in text:
        return _not_a_name(arguments)
    return lines[0]


def _commas(arguments: Sequence[str]) -> str:
    """What to write for a text with commas that Hydra takes for a sweep."""
    for key, _, value in (argument.partition("=") for argument in arguments):
        if "," in value and takes_text(key.lstrip("+"), Recipe, RunOptions):
            override = shlex.quote(f"{key}={quoted(value)}")
            return f"write a text with commas in quotes: {override}; -m sweeps over values"
    return "-m sweeps over values, [1,2] is a list"


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
    path = Path(folder or "") / group / choice
    if folder and path.with_name(f"{choice}.yml").is_file():
        return f"{path}.yml must end in .yaml; "
    return f"there is no {path}.yaml; " if folder else ""


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
