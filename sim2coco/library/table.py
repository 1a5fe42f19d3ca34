"""Reads the table `assets.csv` or `assets.yaml` with the user's statements about mesh files."""

import csv
import fnmatch
import io
import re
from bisect import bisect_left
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
"""An informational column in drafts, which is ignored when the table is read."""
MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table.

    Attributes:
        place: Location of the line, for error messages.
        said: The values in the line.
    """

    place: str
    said: Columns


@dataclass(frozen=True, slots=True)
class Flags:
    """Command-line options that apply to files without a value in the table.

    Attributes:
        unit_m: Unit in metres, for files that do not state one themselves.
        up: Up axis, for files that do not state one themselves.
        collision: `hull`, `convex`, or "" to choose by shape.
    """

    unit_m: float | None = None
    up: str | None = None
    collision: str = ""


def find_table(root: Path, given: Path | None) -> Path | None:
    """Returns `given` if it is set, otherwise the path of the table in the folder; None if there is none.

    Raises:
        LibraryError: `given` does not exist, or the folder contains several tables.
    """
    if given is not None:
        if not given.is_file():
            raise LibraryError(f"--table: no file {str(given)!r}")
        return given
    found = [root / name for name in TABLES if (root / name).is_file()]
    if len(found) > 1:
        raise LibraryError(
            f"{root}: contains both {found[0].name} and {found[1].name}; keep one, or use --table"
        )
    return found[0] if found else None


def read_table(path: Path, flags: Flags = Flags()) -> list[Line]:
    """Reads the lines of a table.

    Args:
        path: The table.
        flags: The command-line options. If one of them states the unit, guesses in the column `unit`,
            such as `mm?`, are ignored. The same applies to the up axis and the column `up`.

    Raises:
        LibraryError: The table cannot be read, or has an invalid column or value; the message names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LibraryError(f"{path}: larger than {MAX_BYTES // 10**6} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    rows = _csv(path, text) if path.suffix.lower() == ".csv" else _yaml(path, text)
    answered = {"unit"} if flags.unit_m else set()
    answered |= {"up"} if flags.up else set()
    return [_line(place, said, answered) for place, said in rows]


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
            said = {key: value or "" for key, value in entry.items()}
            if any(value.strip() for value in said.values()):
                rows.append((f"{path} line {reader.line_num}", said))
    except csv.Error as error:
        raise LibraryError(f"{path} line {reader.line_num}: {error}") from error
    return rows


def _yaml(path: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    if "&" in text and "*" in text:
        raise LibraryError(f"{path}: aliases (*) are not supported; write each entry out")
    try:
        tree = yaml.load(text, yaml.BaseLoader)  # noqa: S506  # BaseLoader only creates strings, so `no` stays a name
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" line {mark.line + 1}"
        raise LibraryError(f"{path}{where}: not valid YAML") from error
    if not isinstance(tree, list) or not all(isinstance(entry, dict) for entry in tree):
        raise LibraryError(f"{path}: must be a list of entries like '- {{file: gear.stl, unit: mm}}'")
    rows = []
    for number, entry in enumerate(tree, 1):
        _check_columns(f"{path} entry {number}", [str(key) for key in entry])
        said = {str(key): "" if value in ("~", "null") else str(value) for key, value in entry.items()}
        rows.append((f"{path} entry {number}", said))
    return rows


def _check_columns(place: str, names: Sequence[str]) -> None:
    for name in names:
        if name not in (*COLUMNS, TOLD):
            raise LibraryError(f"{place}: unknown column {name!r}; allowed: {', '.join(COLUMNS)}")
    if "file" not in names:
        raise LibraryError(f"{place}: missing column 'file'; allowed: {', '.join(COLUMNS)}")


def _line(place: str, cells: Mapping[str, str], answered: set[str]) -> Line:
    """Parses a line of the table.

    Args:
        place: Location of the line, for error messages.
        cells: Text of each cell, keyed by column. Spaces around it are removed, except in the column `file`.
        answered: Columns in which guesses, such as `mm?`, are ignored.

    Raises:
        LibraryError: A column or a value is invalid.
    """
    said = {name: text if name == "file" else text.strip() for name, text in cells.items() if name != TOLD}
    said = {
        name: text
        for name, text in said.items()
        if text.strip() and not (name in answered and text.endswith("?"))
    }
    try:
        return Line(place, build(Columns, said))
    except ConfigError as error:
        raise LibraryError(f"{place}: {error}") from error


def overrides(files: Sequence[str], lines: Sequence[Line], flags: Flags) -> dict[str, Override]:
    """Returns a dict from file path to the user's statements about the file.

    Each value comes from the last line that matches the file and states the value, otherwise from the flags.
    The default category is the first folder of the path, or the file name without suffix if there is no
    subfolder.

    Args:
        files: Paths of the mesh files relative to the imported folder.
        lines: The lines of the table.
        flags: The command-line options.

    Raises:
        LibraryError: A line matches no file, or two lines have the same name or pattern.
    """
    # Constructed without validation, because existing file names may be invalid in a table.
    said = {file: Columns.model_construct(file=file) for file in files}
    named: dict[str, Line] = {}
    ordered = sorted(files)
    for line in lines:
        name = line.said.file
        if name not in said:
            name = name.strip().replace("\\", "/")
        if (first := named.setdefault(name, line)) is not line:
            raise LibraryError(f"{line.place}: {name!r} is also listed in {first.place}; keep one of them")
        # The name of an existing file is not a pattern, even if it contains brackets.
        matched = [name] if name in said else _matching(ordered, name)
        if not matched:
            raise LibraryError(f"{line.place}: no mesh {name!r} in the folder")
        for file in matched:
            said[file] = line.said.over(said[file])
    names = _names(files)
    return {file: _override(names[file], said[file], flags) for file in files}


def _matching(files: Sequence[str], pattern: str) -> list[str]:
    """Returns the files that match a pattern; `files` must be sorted."""
    beginning = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    first, last = bisect_left(files, beginning), bisect_left(files, beginning + "\U0010ffff")
    return fnmatch.filter(files[first:last], pattern)


def _override(name: str, said: Columns, flags: Flags) -> Override:
    return Override(
        category=said.category or _folder(said.file),
        name=name,
        unit_m=said.unit or flags.unit_m,
        sure=said.unit is not None,
        up=said.up or flags.up,
        sure_up=said.up is not None,
        longest_m=said.longest_m,
        density_kg_m3=said.density,
        licence=said.licence or "",
        upright=said.upright,
        collision=said.collision or flags.collision,
    )


def _folder(file: str) -> str:
    first, slash, _ = file.partition("/")
    # In an asset path, # precedes a library category.
    return (first if slash else Path(file).stem).replace("#", "_")


def _names(files: Sequence[str]) -> dict[str, str]:
    """The asset name of each file: its path without suffix, or with the suffix if names would collide."""
    bare = [file.rpartition(".")[0] for file in files]
    often = Counter(bare)
    return {file: name if often[name] == 1 else file for file, name in zip(files, bare, strict=True)}
