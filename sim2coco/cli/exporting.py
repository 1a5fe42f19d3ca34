"""The command `export`: writes a data set in other formats."""

import argparse
import textwrap
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

import sim2coco.export
from scenes.settings import did_you_mean, load_kinds
from sim2coco.cli.progress import ProgressBar
from sim2coco.cli.scalars import parsed
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.export.exporting import export
from sim2coco.export.format import Format
from sim2coco.export.settings import Export
from sim2coco.messages import ConfigError, build, counted

load_kinds(sim2coco.export)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command to a parser; the help ends with a list of the formats."""
    parser.add_argument("data", help="folder of the data set: from sim2coco, or any COCO data set")
    names = "formats, separated by commas; {kind: NAME, KEY: VALUE} for a format with settings"
    parser.add_argument("--format", metavar="NAMES", required=True, help=names)
    parser.add_argument("--out", metavar="FOLDER", required=True, help="the folder to write to; new or empty")
    settings = "a setting, for all formats that have it; may be repeated"
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=settings)
    folders = "folder to search for the meshes of the data set, for formats with models; may be repeated"
    parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
    parser.add_argument("--plugin", metavar="FILE.py", help="a plug-in that defines a format")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "formats:\n" + "\n".join(_described(kind) for kind in sorted(Format.family))


def _described(kind: str) -> str:
    first = (Format.family[kind].__doc__ or "").strip().splitlines()[0]
    return textwrap.fill(first, 100, initial_indent=f"  {kind:<14}", subsequent_indent=" " * 16)


def run(options: argparse.Namespace, out: Console) -> int:
    """Exports the data set to the requested formats; returns 0."""
    formats = _formats(options.format, options.set)
    data = _opened(Path(options.data), [Path(folder).expanduser() for folder in options.meshes or ()])
    names = ", ".join(format.kind for format in formats)
    total = sum(size.images for size in data.sizes().values())
    with ProgressBar(out, total, "images") as bar:
        labels = export(data, formats, Path(options.out), bar.show)
    content = f"{counted(total, 'image')}, {counted(labels.total(), 'label')}"
    out.print(f"{options.out}: {content} as {names}", markup=False)
    return 0


def _opened(root: Path, meshes: list[Path]) -> Dataset:
    """Opens a data set. If `meshes` is not empty, searches these folders for the meshes of the data set."""
    data = open_dataset(root)
    if not meshes:
        return data
    from sim2coco.review.meshes import with_meshes

    return with_meshes(data, meshes)


def _formats(names: str, words: list[str]) -> tuple[Format, ...]:
    """The formats named by `--format`, with their settings from `--format` and `--set`.

    Raises:
        ConfigError: A format or a setting is unknown, or a value is invalid.
    """
    entries = _read("--format", f"[{names}]")
    if len(entries) == 1 and isinstance(entries[0], list):
        entries = entries[0]
    trees = [entry if isinstance(entry, dict) else {"kind": entry} for entry in entries]
    if not trees or not all(isinstance(tree.get("kind"), str) for tree in trees):
        raise ConfigError(f"--format: {names!r} is not a list of names or {{kind: NAME, KEY: VALUE}}")
    for word in words:
        _set(trees, word)
    try:
        export: Export = build(Export, {"formats": trees}, parsed)
    except ConfigError as error:
        told = str(error).removeprefix("formats: ").removeprefix("formats.")
        raise ConfigError(f"--format: {told}") from error
    return export.formats


def _set(trees: list[dict[str, Any]], word: str) -> None:
    """Sets a value, given as KEY=VALUE, in all formats that have the setting KEY."""
    key, equals, text = word.partition("=")
    if not equals:
        raise ConfigError(f"--set: {word!r} must be KEY=VALUE")
    kinds = [Format.family.get(tree["kind"]) for tree in trees]
    known = [set(kind.model_fields) - {"kind"} if kind else set() for kind in kinds]
    having = [tree for tree, names in zip(trees, known, strict=True) if key in names]
    if all(kinds) and not having:
        allowed = sorted(set().union(*known))
        raise ConfigError(f"--set: these formats have no setting {key!r}; {did_you_mean(key, allowed)}")
    for tree in having:
        tree[key] = _read("--set", text)


def _read(flag: str, text: str) -> Any:
    """Parses text in YAML syntax without converting numbers or other scalars.

    Args:
        flag: The command line flag that has this value, for error messages.
        text: The text.
    """
    try:
        return yaml.load(text, yaml.BaseLoader)  # noqa: S506  # makes texts, lists and mappings only
    except yaml.YAMLError as error:
        raise ConfigError(f"{flag}: {text!r} is not a list of names or {{kind: NAME, KEY: VALUE}}") from error
