"""The table `assets.csv` or `assets.yaml` beside meshes: what people say about them, file by file."""

import csv
import fnmatch
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from sim2coco.library.columns import COLUMNS, Columns
from sim2coco.library.row import Override
from sim2coco.library.scan import TABLES, LibraryError
from sim2coco.messages import ConfigError, build

TOLD = "size_in_file"
"""A column that drafts have for people to look at; it is not read."""
MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table, and where it stands."""

    place: str
    said: Columns


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says about all files that neither say it themselves nor have it in the table."""

    unit_m: float | None = None
    up: str | None = None
    collision: str = ""


def find_table(root: Path, given: Path | None) -> Path | None:
    """The table of a folder: the one given, or the one that lies there.

    Raises:
        LibraryError: The one given is not there, or two lie there.
    """
    if given is not None:
        if not given.is_file():
            raise LibraryError(f"--table: no file {str(given)!r}")
        return given
    found = [root / name for name in TABLES if (root / name).is_file()]
    if len(found) > 1:
        raise LibraryError(
            f"{root}: both {found[0].name} and {found[1].name} lie there; keep one, or --table"
        )
    return found[0] if found else None


def read_table(path: Path) -> list[Line]:
    """The lines of a table.

    Raises:
        LibraryError: It cannot be read, or says something that is not allowed; names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LibraryError(f"{path}: larger than {MAX_BYTES // 10**6} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    rows = _csv(path, text) if path.suffix.lower() == ".csv" else _yaml(path, text)
    return [_line(place, said) for place, said in rows]


def _csv(path: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = [name.strip() for name in reader.fieldnames or ()]
    _check_columns(str(path), names)
    reader.fieldnames = names
    rows = []
    try:
        for entry in reader:
            if None in entry:
                raise LibraryError(f"{path} line {reader.line_num}: more cells than columns")
            said = {key: (value or "").strip() for key, value in entry.items()}
            if any(said.values()):
                rows.append((f"{path} line {reader.line_num}", said))
    except csv.Error as error:
        raise LibraryError(f"{path} line {reader.line_num}: {error}") from error
    return rows


def _yaml(path: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    if "&" in text and "*" in text:
        raise LibraryError(f"{path}: aliases (*) are not read; write each entry out")
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" line {mark.line + 1}"
        raise LibraryError(f"{path}{where}: no YAML that can be read") from error
    if not isinstance(tree, list) or not all(isinstance(entry, dict) for entry in tree):
        raise LibraryError(f"{path}: must be a list of entries like '- {{file: gear.stl, unit: mm}}'")
    rows = []
    for number, entry in enumerate(tree, 1):
        _check_columns(f"{path} entry {number}", [str(key) for key in entry])
        said = {str(key): "" if value is None else str(value).strip() for key, value in entry.items()}
        rows.append((f"{path} entry {number}", said))
    return rows


def _check_columns(place: str, names: Sequence[str]) -> None:
    for name in names:
        if name not in (*COLUMNS, TOLD):
            raise LibraryError(f"{place}: no column {name!r}; allowed: {', '.join(COLUMNS)}")
    if "file" not in names:
        raise LibraryError(f"{place}: no column 'file'; allowed: {', '.join(COLUMNS)}")


def _line(place: str, cells: Mapping[str, str]) -> Line:
    said = {name: text for name, text in cells.items() if text and name != TOLD}
    try:
        return Line(place, build(Columns, said))
    except ConfigError as error:
        raise LibraryError(f"{place}: {error}") from error


def overrides(files: Sequence[str], lines: Sequence[Line], flags: Flags) -> dict[str, Override]:
    """What is wished for each file: by the last line that matches it, then by the flags.

    A category is the first folder of the path, or for a file in no folder its own name.

    Raises:
        LibraryError: A line matches no file, or two name the same one.
    """
    # Names of files that are there need not be such as a table could hold.
    said = {file: Columns.model_construct(file=file) for file in files}
    named: dict[str, Line] = {}
    for line in lines:
        name = line.said.file
        if (first := named.setdefault(name, line)) is not line:
            raise LibraryError(f"{line.place}: {name!r} is named in {first.place} too; keep one of them")
        # A name is meant as it stands, brackets and all.
        matched = [name] if name in said else fnmatch.filter(files, name)
        if not matched:
            raise LibraryError(f"{line.place}: no mesh {name!r} in the folder")
        for file in matched:
            said[file] = line.said.over(said[file])
    names = _names(files)
    return {file: _override(names[file], said[file], flags) for file in files}


def _override(name: str, said: Columns, flags: Flags) -> Override:
    return Override(
        category=said.category or _folder(said.file),
        name=name,
        unit_m=said.unit or flags.unit_m,
        sure=said.unit is not None,
        up=said.up or flags.up,
        longest_m=said.longest_m,
        density_kg_m3=said.density,
        licence=said.licence or "",
        upright=said.upright,
        collision=said.collision or flags.collision,
    )


def _folder(file: str) -> str:
    first, slash, _ = file.partition("/")
    # What follows a # names a category of a library.
    return (first if slash else Path(file).stem).replace("#", "_")


def _names(files: Sequence[str]) -> dict[str, str]:
    """The path without its suffix, or with it where two files would have the same."""
    bare = [file.rpartition(".")[0] for file in files]
    often = Counter(bare)
    return {file: name if often[name] == 1 else file for file, name in zip(files, bare, strict=True)}
