"""From a folder of meshes to a library: only what is new is read, and nothing is half written."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median, median_low
from typing import Any

from scenes.assets.catalogue import DENSITY_KG_M3
from scenes.assets.library import FORMAT, INDEX, PIECES
from sim2coco.library.crew import examined
from sim2coco.library.examine import Task
from sim2coco.library.meshfile import FOLDER
from sim2coco.library.neighbours import digest
from sim2coco.library.row import Row, Wish, row_of
from sim2coco.library.scan import LibraryError
from sim2coco.library.shape import NOT_INSTALLED, installed
from sim2coco.store import LOCK, LOG, Store

ROWS = "rows"
VERSION = 2
"""Of what `examine` does: rows of another version are examined anew."""
FAR = 8.0
"""A mesh that many times larger or smaller than the others of its category is asked about."""

Report = Callable[[Row, bool], None]


def import_meshes(
    root: Path, wishes: Mapping[str, Wish], library: Path, workers: int, report: Report
) -> list[Row]:
    """Examines meshes and writes those that can be used into a library.

    Args:
        root: The folder that the meshes lie in.
        wishes: For each mesh file, by its path in the folder, what was said about it.
        library: The library's folder, new or not.
        workers: Child processes at a time.
        report: Called with each row as it is known, and whether it was known before.

    Returns:
        A row for each file, in the order of `wishes`.

    Raises:
        LibraryError: The folder holds something else.
        StoreError: It cannot be written, or another import is at work there.
    """
    store = Store(library)
    _check_own(store)
    with store.claim():
        rows = {}
        for file, wish in wishes.items():
            row = _known(store, root, file, wish)
            if row is not None:
                rows[file] = row
                report(row, True)
        left = [Task(root, file, wish, library) for file, wish in wishes.items() if file not in rows]
        for row in examined(left, workers):
            rows[row.file] = row
            store.put(_place(row.file), _bytes({"version": VERSION, **row.tree()}))
            report(row, False)
        ordered = doubted([rows[file] for file in wishes])
        _put_index(store, ordered)
    return ordered


def _check_own(store: Store) -> None:
    """Whether the folder is new, a library, or one that was begun.

    Raises:
        LibraryError: It holds something else.
    """
    if not store.root.exists():
        return
    if not store.root.is_dir():
        raise LibraryError(f"--out: {store.root} is a file; name a folder")
    ours = (INDEX, LOCK, LOG, ROWS, FOLDER, PIECES, "pictures")
    strangers = sorted(path.name for path in store.root.iterdir() if path.name not in ours)
    if strangers and not (store.root / INDEX).is_file():
        raise LibraryError(f"--out: {store.root} holds something else ({strangers[0]}); name an empty folder")


def _place(file: str) -> str:
    return f"{ROWS}/{digest(file.encode())[:24]}.json"


def _known(store: Store, root: Path, file: str, wish: Wish) -> Row | None:
    """The row of a file that is as it was, wished for as it was, and whose clean mesh is there."""
    try:
        tree = json.loads(store.get(_place(file)))
        if tree.pop("version") != VERSION:
            return None
        row = row_of(tree)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = (
        row.file == file
        and replace(
            row.wish, licence=wish.licence, category=wish.category, name=wish.name, upright=wish.upright
        )
        == wish
    )
    if not same or not row.inputs or not _unchanged((root / file).parent, row.inputs):
        return None
    if row.usable and not (store.root / FOLDER / f"{row.mesh}.obj").is_file():
        return None
    if row.collision and not (store.root / PIECES / f"{row.collision}.obj").is_file():
        return None
    if row.hull_because == NOT_INSTALLED and installed():
        return None
    return replace(row, wish=wish)


def _unchanged(folder: Path, inputs: Mapping[str, str]) -> bool:
    for name, content in inputs.items():
        path = folder / name
        now = digest(path.read_bytes()) if path.is_file() else ""
        if now != content:
            return False
    return True


def doubted(rows: Sequence[Row]) -> list[Row]:
    """The rows, those asking where a size is far from that of the others in the category."""
    return [_doubted(row, usual_m(row, rows)) for row in rows]


def usual_m(row: Row, rows: Sequence[Row]) -> float | None:
    """The usual longest side of a mesh's category: of those who state their unit, if there are others.

    Of two meshes of which neither does, it is the other one's; None for a mesh that is alone.
    """
    alike = [other for other in rows if other.usable and other.wish.category == row.wish.category]
    others = [other for other in alike if other.file != row.file]
    stated = [other.longest_m for other in others if other.unit in ("file", "table")]
    if stated or not others:
        return median(stated) if stated else None
    return others[0].longest_m if len(alike) == 2 else median_low(other.longest_m for other in alike)


def _doubted(row: Row, usual: float | None) -> Row:
    if not row.usable or row.wish.sure or row.wish.longest_m is not None or usual is None:
        return row
    if usual / FAR <= row.longest_m <= usual * FAR:
        return row
    reason = f"is {_metres(row.longest_m)} long, and others of {row.wish.category!r} about {_metres(usual)}"
    return replace(row, asks=reason)


def _metres(length: float) -> str:
    return f"{length * 1000:.3g} mm" if length < 0.1 else f"{length:.3g} m"


def _put_index(store: Store, rows: Iterable[Row]) -> None:
    """Writes what data sets read, last: categories that are known keep their place, new ones follow."""
    usable = [row for row in rows if row.usable]
    known = _categories(store)
    new = sorted({row.wish.category for row in usable} - set(known))
    tree = {
        "format": FORMAT,
        "categories": [*known, *new],
        "assets": [_asset(row) for row in sorted(usable, key=lambda row: row.file)],
    }
    store.put(INDEX, _bytes(tree))


def _categories(store: Store) -> list[str]:
    try:
        return [str(name) for name in json.loads(store.get(INDEX))["categories"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _asset(row: Row) -> dict[str, Any]:
    facts = asdict(row)
    kept = ("extents_m", "watertight", "volume_m3", "center_of_mass_m", "mass_kg", "faces", "parts", "pieces")
    return {
        "name": row.wish.name,
        "category": row.wish.category,
        "mesh": row.mesh,
        "collision": row.collision,
        "source": row.file,
        "licence": row.wish.licence or "unknown",
        "upright": row.wish.upright,
        "density_kg_m3": row.wish.density_kg_m3 or DENSITY_KG_M3,
        **{name: facts[name] for name in kept},
    }


def _bytes(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, indent=1, ensure_ascii=False).encode() + b"\n"


def tally(rows: Sequence[Row]) -> str:
    """One line: how many are ok, repaired, refused and why, and how many ask for their size."""
    verdicts = Counter(row.verdict for row in rows)
    asking = sum(1 for row in rows if row.asks)
    kinds = Counter(row.kind for row in rows if row.kind)
    why = f" ({', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))})" if kinds else ""
    told = [f"{verdicts[verdict]} {verdict}" for verdict in ("ok", "repaired", "refused")]
    return ", ".join(told) + why + (f"; {asking} ask for their size" if asking else "")
