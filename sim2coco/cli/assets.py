"""The command `sim2coco assets` and its actions `import`, `check` and `sheet`."""

import argparse
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from rich.console import Console

from scenes.assets.filenames import readable, real_path
from scenes.assets.library import FOLDER, INDEX, Entry, is_library, read_library
from scenes.assets.reading.containers import UNITS_M
from sim2coco.cli.progress import ProgressBar
from sim2coco.library.closing import closing_lines
from sim2coco.library.draft import draft, write_draft
from sim2coco.library.examine import Task
from sim2coco.library.importing import import_meshes, tally
from sim2coco.library.lengths import plain, sides
from sim2coco.library.report import lines, remarks
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError, Scan, scan, scan_file
from sim2coco.library.shape import with_pieces
from sim2coco.library.sheet import sheet
from sim2coco.library.sizes import doubted
from sim2coco.library.table import Flags, find_table, overrides, read_table
from sim2coco.library.workers import examined
from sim2coco.messages import counted
from sim2coco.outputs import write_file
from sim2coco.png import png
from sim2coco.process import own_this_process
from sim2coco.storage import StoreError

NO_BREAK = "\u00a0"
"""A no-break space."""
FILE_WORK = 100_000
"""Fixed cost of each mesh file, as the number of bytes that are read in the same time."""


def run(options: argparse.Namespace, out: Console) -> int:
    """Runs an action and returns its exit code.

    Args:
        options: The arguments that the parser of `add_arguments` has read.
        out: Console to print to.

    Returns:
        0 on success; 1 if `check` found meshes that cannot be used; 3 if `import` refused meshes.

    Raises:
        LibraryError: An argument is invalid, no mesh can be used, or a file cannot be written.
    """
    own_this_process()
    action: str = options.action
    if action == "sheet":
        return _sheet(options, out)
    if options.workers < 1:
        raise LibraryError("--workers: must be 1 or more")
    if action == "check":
        return _check(options, out)
    return _draft(options, out) if options.draft else _import(options, out)


def _import(options: argparse.Namespace, out: Console) -> int:
    if options.out is None:
        raise LibraryError("--out: name the library to write, or use --draft to write a table to correct")
    root, library = Path(options.folder), Path(options.out)
    found, wanted = _scan_with_overrides(options)
    work = _work([Task(root, file, override, None) for file, override in wanted.items()])
    done, worked = count(), 0
    with ProgressBar(out, len(wanted), "meshes", work=sum(work.values())) as bar:

        def report(row: Row, known: bool) -> None:
            nonlocal worked
            worked += work[row.file]
            bar.show(next(done), known=known, work=worked)

        bar.show(next(done), work=0)
        try:
            rows = import_meshes(root, wanted, library, options.workers, report, options.joining)
        except StoreError as error:
            raise LibraryError(f"--{error}") from error
    for line in (line for row in rows for line in remarks(row)):
        _say(out, line)
    for line in closing_lines(found, rows):
        _say(out, line)
    renamed = [
        f"{wanted[row.file].name} is now {row.override.name}"
        for row in rows
        if row.override.name != wanted[row.file].name
    ]
    if renamed:
        more = f", and {len(renamed) - 1} more" if len(renamed) > 1 else ""
        _say(out, f"renamed, because the name is taken: {renamed[0]}{more}")
    usable = [row for row in rows if row.usable]
    if not usable:
        raise LibraryError(f"{root}: none of the {len(rows)} meshes can be used")
    categories = len({row.override.category for row in usable})
    made = f"{counted(len(usable), 'asset')} in {counted(categories, 'category', 'categories')}"
    if others := len(read_library(library).entries) - len(usable):
        made += f", and {others} from other folders"
    _say(out, f"{library}: {made}; {tally(rows)}")
    return 3 if len(usable) < len(rows) else 0


def _scan_with_overrides(options: argparse.Namespace) -> tuple[Scan, dict[str, Override]]:
    """Scans a folder for meshes.

    Returns the scan, and a dict from file path to the user's statements about each mesh, which come from
    the table and the command-line options.
    """
    root = Path(options.folder)
    alone = options.action == "check" and root.is_file()
    found = scan_file(root) if alone else scan(root)
    root = root.parent if alone else root
    table = find_table(
        root, Path(options.table) if options.table and not getattr(options, "draft", False) else None
    )
    flags = Flags(UNITS_M[options.unit] if options.unit else None, options.up, options.collision or "")
    lines_of_table = read_table(table, flags) if table else []
    if not alone or not table:
        return found, overrides(found.meshes, lines_of_table, flags)
    stated = overrides(scan(root).meshes, lines_of_table, flags)  # the table has rows for other files too
    return found, {file: stated.get(file, own) for file, own in overrides(found.meshes, [], flags).items()}


def _draft(options: argparse.Namespace, out: Console) -> int:
    root = Path(options.folder)
    target = Path(options.table) if options.table else root / "assets.csv"
    if target.exists():
        write_draft(target, "")  # fails at once, as the file exists, before any mesh is read
    found = scan(root)
    wanted = overrides(found.meshes, [], Flags(None, options.up))
    tasks = [Task(root, file, replace(override, collision="hull"), None) for file, override in wanted.items()]
    rows = _rows(tasks, options.workers, out)
    text, guesses = draft([rows[file] for file in wanted], wanted, options.unit or "")
    write_draft(target, text)
    if found.left_out():
        _say(out, f"left out: {found.left_out()}")
    marked = f"{counted(guesses, 'guess', 'guesses')} marked with ?"
    content = f"{counted(len(rows), 'mesh', 'meshes')}, {marked}"
    at_once = "--unit mm or --up z settles all remaining ones at once"
    _say(out, f"{target}: {content}; correct them, then import ({at_once})")
    return 0


def _check(options: argparse.Namespace, out: Console) -> int:
    folder = Path(options.folder)
    found: Scan | None = None
    entries: tuple[Entry, ...] = ()
    if is_library(folder):
        entries = read_library(folder).entries
        known = {entry.mesh: entry for entry in entries}  # entries may share a mesh
        tasks = [_of_library(folder, entry) for entry in known.values()]
    else:
        found, wanted = _scan_with_overrides(options)
        root = folder.parent if folder.is_file() else folder
        tasks = [Task(root, file, override, None) for file, override in wanted.items()]
    rows = _rows(tasks, options.workers, Console(quiet=True) if options.json else out)
    if found is None:
        ordered = [_labelled(rows[_of_library(folder, entry).file], entry) for entry in entries]
    else:
        ordered = doubted([rows[task.file] for task in tasks])
    if options.json:
        out.print_json(json.dumps([row.tree() for row in ordered]))
    else:
        for line in (*lines(ordered), *closing_lines(found, ordered)):
            _say(out, line)
        _say(out, f"{folder}: {tally(ordered)}")
    return 0 if all(row.usable for row in ordered) else 1


def _rows(tasks: Sequence[Task], workers: int, out: Console) -> dict[str, Row]:
    """Examines meshes in worker processes; returns a dict from file name to the row with the results."""
    rows: dict[str, Row] = {}
    work = _work(tasks)
    with ProgressBar(out, len(tasks), "meshes", work=sum(work.values())) as bar:
        bar.show(0, work=0)
        for row in examined(tasks, workers):
            rows[row.file] = row
            bar.show(len(rows), work=sum(work[file] for file in rows))
    return rows


def _work(tasks: Sequence[Task]) -> dict[str, int]:
    """Estimates the work of examining each mesh file, as its size in bytes plus `FILE_WORK`.

    Returns a dict from file name to work.
    """
    work = dict.fromkeys((task.file for task in tasks), FILE_WORK)
    for task in tasks:
        with suppress(OSError):  # the file's row reports that it is unreadable
            work[task.file] += real_path(task.root, task.file).stat().st_size
    return work


def _of_library(folder: Path, entry: Entry) -> Task:
    """The task that examines an asset of a library.

    It computes no convex decomposition; if the asset needs one, it is already in the library.
    """
    override = Override(entry.category, entry.name, unit_m=1.0, sure=True, collision="hull")
    return Task(folder, f"{FOLDER}/{entry.path.name}", override, None)


def _labelled(row: Row, entry: Entry) -> Row:
    """Adds what is known from an asset library to the row of an asset.

    The row gets the asset's name and original file, the notes and repairs of its import, and its convex
    pieces.
    """
    notes = tuple(dict.fromkeys((*entry.notes, *row.notes)))
    repairs = tuple(dict.fromkeys((*entry.repairs, *row.repairs)))
    verdict = "repaired" if repairs and row.verdict == "ok" else row.verdict
    row = replace(row, verdict=verdict, notes=notes, repairs=repairs)
    name = entry.name if entry.name.startswith(f"{entry.category}/") else f"{entry.category}/{entry.name}"
    return replace(with_pieces(row, entry), file=f"{name} ({entry.source})" if entry.source else name)


def _say(out: Console, line: str) -> None:
    """Prints one line; parts of file names that cannot be printed are escaped."""
    out.print(readable(line), markup=False)


def _sheet(options: argparse.Namespace, out: Console) -> int:
    folder = Path(options.folder)
    target = Path(options.to or f"{folder.resolve().name}_sheet.png")
    content = png(sheet(folder, _sizes(folder)))
    write_file(target, content, "--out", replace=True)
    _say(out, f"{target}: {counted(len(read_library(folder).entries), 'asset')}")
    return 0


def _sizes(folder: Path) -> dict[str, str]:
    """Returns a dict from asset name to the text below the asset on the sheet: its size and its mass.

    A line may be broken only between the size and the mass.
    """
    read_library(folder)
    assets = json.loads((folder / INDEX).read_text(encoding="utf-8"))["assets"]
    return {asset["name"]: _size(asset["extents_m"], asset["mass_kg"]) for asset in assets}


def _size(extents_m: Sequence[float], mass_kg: float) -> str:
    mass = f"{plain(mass_kg * 1000)} g" if mass_kg < 1 else f"{plain(mass_kg)} kg"
    size, mass = (text.replace(" ", NO_BREAK) for text in (sides(extents_m), mass))
    return f"{size}  {mass}"
