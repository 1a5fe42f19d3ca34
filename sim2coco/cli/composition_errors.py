"""Describes errors that Hydra raises while it composes the configuration, in one line each."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scenes.assets.library import is_library
from scenes.assets.reading.limits import SUFFIXES
from scenes.settings import did_you_mean
from sim2coco.cli.config import CODEC_MOVED, RunOptions, choices, default_config, with_plugin_hint
from sim2coco.cli.groups import GROUPS
from sim2coco.cli.overrides import USAGE_HINT, quoted
from sim2coco.keys import is_whole, nearest, takes_text
from sim2coco.recipe import Recipe

YAML_HINTS = {
    r"character '\t'": "indent with spaces, not with tabs",
    "unknown escape character": "put a path with backslashes in single quotes, or write /",
    "mapping values are not allowed": "put a nested mapping in braces, or on lines below its key",
    "'<stream end>'": "a bracket or a quote is not closed",
}
"""Hints for messages of PyYAML, by a part of the message."""
CIRCULAR_DEFAULTS = "the defaults list of an option refers back to the option itself"


def composition_error(error: Exception, arguments: Sequence[str]) -> str:
    """Describes in one line an error that Hydra raised while it composed the configuration."""
    return with_plugin_hint(_described(error, arguments))


def _described(error: Exception, arguments: Sequence[str]) -> str:
    text = f"{error}\n{error.__cause__ or ''}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [repr(error)]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        hint = next((f"; {hint}" for part, hint in YAML_HINTS.items() if part in (error.problem or "")), "")
        return f"{mark.name}: line {mark.line + 1}: {error.problem}{hint}"
    if re.search(r"'export(/(jpg|png)|\.(format|jpeg_quality))'", text):
        return CODEC_MOVED
    if isinstance(error, RecursionError):
        return CIRCULAR_DEFAULTS
    if found := re.search(r"Could not find '([^']+)/([^'/]*)'", text):
        listed = text.partition("Available options in")[2].partition(":")[2].split("Config search path")[0]
        group, choice = found[1].partition("/")[0], f"{found[1]}/{found[2]}".partition("/")[2]
        if group not in GROUPS:
            group, choice = found[1], found[2]
        instead = _of_a_file(group, choice) or _of_a_size(group, choice)
        known = _misplaced(group, choice, arguments) + did_you_mean(choice, listed.split())
        return f"{group}: no option {choice!r}; {instead or known}"
    if found := re.search(r"In '[^'/]+': Could not load '([^'/]+)/([^']+)'", text):
        known = _of_a_size(*found.groups()) or did_you_mean(found[2], choices(found[1]))
        return f"{found[1]}: no option {found[2]!r}; {known}"
    if found := re.search(r"In '([^']+)/([^'/]+)': Could not load '(?:[^']*/)?([^'/]+)'", text):
        return f"{found[1]}={found[2]}: no option {found[3]!r}; {did_you_mean(found[3], choices(found[1]))}"
    if found := re.search(r"Could not delete from config. '([^']+)' does not exist", text):
        return f"~{found[1]}: no such entry to remove; {_existing_keys(found[1])}"
    if found := re.search(r"Could not override '([^']+)'", text):
        if found[1] in GROUPS:
            names = ", ".join(choices(found[1]))
            return f"{found[1]}: is a group; choose one of {names}, or set {found[1]}.KEY=VALUE"
        if lacking := _missing_check(found[1]):
            return lacking
        clause = nearest(found[1], Recipe, RunOptions)
        exists = clause.startswith(("not set", "entries"))
        return f"{found[1]}: {'' if exists else 'no such setting; '}{clause}"
    if found := re.search(r"Multiple values for (\S+)\.", text):
        return f"{found[1]}: selected twice; write {found[1]}=OPTION once, without +"
    if found := re.search(r"Error merging override ([^=]+)=", text):
        return f"{found[1]}: {lines[1] if len(lines) > 1 else 'has the wrong type'}"
    if lines[0].startswith("Ambiguous value"):
        override = lines[0].partition("'")[2].removesuffix("'")
        return f"{lines[0]}: {_commas(override)}"
    if "failed during processing with trace" in text:  # a launcher's message about another process
        return lines[-1]
    if "Config group override must be" in text:
        return _not_a_name(arguments)
    return lines[0]


def _missing_check(key: str) -> str:
    """The error message if `key` is a setting of an unknown quality check; "" for other keys."""
    *parents, name = key.split(".")[:3]
    checks = default_config()["quality"]["checks"]
    if parents != ["quality", "checks"] or name in checks or key.count(".") < 3:
        return ""
    own = f"a check of yours needs --plugin FILE.py and '+quality.checks.{name}={{kind: {name}}}'"
    return f"quality.checks.{name}: no such check; {did_you_mean(name, list(checks))}; {own}"


def _of_a_file(group: str, choice: str) -> str:
    """Explains how to use a file or a mesh library, if `choice` is the path of one; "" otherwise."""
    path = Path(choice).expanduser()
    if path.suffix == ".yaml" and path.is_file():
        folder = path.parent.parent if path.parent.name == group else Path("FOLDER")
        move = "" if path.parent.name == group else f"move it to {folder / group}/, then "
        return f"{move}write --config-dir {folder} {group}={path.stem}"
    if group == "assets" and path.suffix.lower() in SUFFIXES:
        return f"add a mesh with '+assets.categories.{path.stem}={{path: {choice}, size_m: 0.06}}'"
    if group == "assets" and is_library(path):
        return f"select a library with assets.path={choice}"
    return ""


def _of_a_size(group: str, choice: str) -> str:
    """Explains how to set the image size, for arguments such as image=640x480; "" for all others."""
    if group != "image" or not choice[:1].isdigit():
        return ""
    return "set the size with image.width and image.height, such as image.width=640 image.height=480"


def _commas(override: str) -> str:
    """Explains what to write instead of an override that Hydra mistakes for a sweep."""
    key, _, value = override.partition("=")
    inside = value.strip("()[]{}")
    if key in GROUPS:
        told = f"{key} takes one option"
    elif takes_text(key.lstrip("+"), Recipe, RunOptions):
        told = f"put a string with commas in quotes: {shlex.quote(f'{key}={quoted(value)}')}"
    elif is_whole(key, Recipe, RunOptions):
        told = f"a number has no commas: {key}={inside.replace(',', '')}"
    elif ":" in inside:
        told = f"a mapping needs braces and quotes: {shlex.quote(f'{key}={{{inside}}}')}"
    else:
        told = f"a range or list needs brackets and quotes: {shlex.quote(f'{key}=[{inside}]')}"
    return f"{told}; for a sweep over values, add -m"


def _misplaced(group: str, choice: str, arguments: Sequence[str]) -> str:
    """Explains why an option is not found in the folder of --config-dir.

    The reason is that its file does not exist, lies in the wrong folder, or has the wrong suffix.

    Returns:
        The start of an error message; "" if the command line has no --config-dir.
    """
    from hydra._internal.utils import get_args_parser

    folder = get_args_parser().parse_known_intermixed_args(arguments)[0].config_dir
    for path in (Path(folder or "") / f"{choice}.yaml", Path(folder or "") / choice / f"{choice}.yaml"):
        if folder and path.is_file():
            return f"{path} must be in the folder {group}/ of --config-dir; "
    path = Path(folder or "") / group / choice
    if folder and path.with_name(f"{choice}.yml").is_file():
        return f"{path}.yml must end in .yaml; "
    return f"{path}.yaml does not exist; " if folder else ""


def _existing_keys(key: str) -> str:
    """Returns a clause that suggests existing keys similar to `key`, which does not exist."""
    tree: Any = default_config()
    parent, _, name = key.rpartition(".")
    for step in parent.split(".") if parent else ():
        tree = tree.get(step) if isinstance(tree, dict) else None
    return did_you_mean(name, list(tree or ()))


def _not_a_name(arguments: Sequence[str]) -> str:
    """The error message for an argument GROUP=OPTION whose OPTION is not a name (a number, for example)."""
    for argument in arguments:
        group, equals, choice = argument.lstrip("+").partition("=")
        if equals and (not group or (group in GROUPS and choice not in choices(group))):
            known = f"allowed: {', '.join(choices(group))}" if group else USAGE_HINT
            return f"{group or argument}: no option {choice!r}; {known}"
    return USAGE_HINT
