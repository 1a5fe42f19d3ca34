"""The table `assets.csv` or `assets.yaml` beside meshes: what people say about them, file by file."""

import csv
import fnmatch
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from scenes.assets.reading.containers import UNITS_M
from sim2coco.library.row import Override
from sim2coco.library.scan import TABLES, LibraryError

COLUMNS = ("file", "category", "unit", "up", "longest_m", "density", "licence", "upright", "collision")
TOLD = "size_in_file"
"""A column that drafts have for people to look at; it is not read."""
UPS = ("x", "y", "z")
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
COLLISIONS = ("hull", "convex")
MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of the table says about a file, or about all that a pattern like `bolts/*.stl` matches."""

    place: str
    file: str
    said: Mapping[str, str]


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


def _line(place: str, said: Mapping[str, str]) -> Line:
    for column, value in said.items():
        if column != TOLD and value.endswith("?"):
            raise LibraryError(f"{place}: {column} {value!r} is a guess: correct it, or take the ? away")
    said = {column: value for column, value in said.items() if value and column != TOLD}
    if "file" not in said:
        raise LibraryError(f"{place}: names no file")
    if {"/", "#"} & set(said.get("category", "")):
        raise LibraryError(f"{place}: category {said['category']!r} must not have / or #")
    _one_of(place, said, "unit", [*UNITS_M])
    _one_of(place, said, "up", UPS)
    _one_of(place, said, "upright", [*YES_NO])
    _one_of(place, said, "collision", COLLISIONS)
    for column in ("longest_m", "density"):
        if column in said and not _above_zero(said[column]):
            raise LibraryError(f"{place}: {column} must be a number above 0 (got {said[column]!r})")
    return Line(place, said["file"].replace("\\", "/"), said)


def _one_of(place: str, said: Mapping[str, str], column: str, allowed: Sequence[str]) -> None:
    if column in said and said[column].lower() not in allowed:
        raise LibraryError(f"{place}: {column} must be one of {', '.join(allowed)} (got {said[column]!r})")


def _above_zero(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def overrides(files: Sequence[str], lines: Sequence[Line], flags: Flags) -> dict[str, Override]:
    """What is wished for each file: by the last line that matches it, then by the flags.

    A category is the first folder of the path, or for a file in no folder its own name.

    Raises:
        LibraryError: A line matches no file, or two name the same one.
    """
    said: dict[str, Mapping[str, str]] = {file: {} for file in files}
    named: dict[str, Line] = {}
    for line in lines:
        if (first := named.setdefault(line.file, line)) is not line:
            raise LibraryError(f"{line.place}: {line.file!r} is named in {first.place} too; keep one of them")
        # A name is meant as it stands, brackets and all.
        matched = [line.file] if line.file in said else fnmatch.filter(files, line.file)
        if not matched:
            raise LibraryError(f"{line.place}: no mesh {line.file!r} in the folder")
        for file in matched:
            said[file] = {**said[file], **line.said}
    categories = {file: said[file].get("category") or _folder(file) for file in files}
    names = _names(files)
    return {file: _override(categories[file], names[file], said[file], flags) for file in files}


def _override(category: str, name: str, said: Mapping[str, str], flags: Flags) -> Override:
    unit = said.get("unit", "").lower()
    return Override(
        category=category,
        name=name,
        unit_m=UNITS_M[unit] if unit else flags.unit_m,
        sure=bool(unit),
        up=said.get("up", "").lower() or flags.up,
        longest_m=float(said["longest_m"]) if "longest_m" in said else None,
        density_kg_m3=float(said["density"]) if "density" in said else None,
        licence=said.get("licence", ""),
        upright=YES_NO[said["upright"].lower()] if "upright" in said else None,
        collision=said.get("collision", "").lower() or flags.collision,
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
