"""Imports a mesh folder into a library; only new or changed files are examined, and writes are atomic."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from scenes.assets.filenames import real_path
from scenes.assets.keypoints import Keypoints, keypoints_beside
from scenes.assets.library import FOLDER, FORMAT, INDEX, PIECES, REGIONS
from scenes.assets.mesh import MeshError
from scenes.assets.origin import Origin, Stated
from scenes.assets.physics import DENSITY_KG_M3
from scenes.assets.prepared import VERSION as PREPARED_VERSION
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import digest
from scenes.assets.stored import PREPARED, SUFFIX, check_stored
from sim2coco.library.examine import Task, refusal
from sim2coco.library.folders import SOURCES, Joining, MeshFolder, mesh_folder_of, put_mesh_folders
from sim2coco.library.row import Override, Row, row_of
from sim2coco.library.scan import LibraryError
from sim2coco.library.shape import NOT_INSTALLED, installed
from sim2coco.library.sizes import doubted, doubted_beside
from sim2coco.library.workers import examined
from sim2coco.storage import LOCK, LOG, Store
from sim2coco.store import LocalStore

ROWS = "rows"
"""Folder in the library with one JSON file per mesh file, which holds its `Row`."""
VERSION = f"10.{PREPARED_VERSION}"
"""Version of `examine` and of prepared meshes; a file is examined again if its row has another version."""

MEASURED = (
    *("metres_per_unit", "up", "up_from", "from_file", "extents_m", "watertight", "volume_m3"),
    *("center_of_mass_m", "reach_m", "mass_kg", "faces", "parts", "pieces"),
)
"""Row fields that are written to the library's index."""

Report = Callable[[Row, bool], None]


def import_meshes(
    root: Path,
    overrides: Mapping[str, Override],
    library: Path,
    workers: int,
    report: Report,
    joining: Joining = "ask",
) -> list[Row]:
    """Examines meshes and writes the usable ones into a library.

    Assets from `root` are removed if their files no longer exist. Assets from other folders stay unchanged.

    Args:
        root: The mesh folder.
        overrides: A dict from mesh file to the user's statements about it. Paths are relative to `root`.
        library: The library's folder, which may be new.
        workers: Maximum number of child processes.
        report: Called as `report(row, known)` for each finished row; `known` is true for rows from an
            earlier import.
        joining: What to do if the library has meshes of other folders and none of `root`: "ask" raises an
            error, "add" keeps the other folders, and "replace" removes them.

    Returns:
        A list with one row per file, in the order of `overrides`. The field `override.name` of a row is the
        name of the asset in the library.

    Raises:
        LibraryError: `library` contains other files, or `joining` is "ask" and `root` is new to a library
            that has other folders.
        StoreError: The library cannot be written, or another import is writing to it.
    """
    store = LocalStore(library)
    _check_own(library)
    keypoints, faults = _keypoints(root, overrides)
    with store.claim():
        mesh_folder = mesh_folder_of(store, library, root, joining)
        overrides = mesh_folder.named(overrides)
        rows = {
            file: refusal(Task(root, file, overrides[file], library), fault, {})
            for file, fault in faults.items()
        }
        for row in rows.values():
            report(row, False)
        for file, override in overrides.items():
            known = _known(store, root, _place(mesh_folder, file), file, override)
            if known is not None and file not in faults:
                rows[file] = known
                report(known, True)
        left = [
            Task(root, file, override, library) for file, override in overrides.items() if file not in rows
        ]
        for row in examined(left, workers):
            rows[row.file] = row
            store.put(_place(mesh_folder, row.file), _bytes({"version": VERSION, **row.tree()}))
            report(row, False)
        believed = doubted([rows[file] for file in overrides])
        ordered = doubted_beside(believed, mesh_folder.strangers(believed), mesh_folder.other_rows())
        put_mesh_folders(store, mesh_folder)
        _put_index(store, mesh_folder, ordered, keypoints)
    return ordered


def _check_own(library: Path) -> None:
    """Checks that the folder is new, or a finished or unfinished library.

    Raises:
        LibraryError: The path is a file, or a folder with other files and without a library index.
    """
    if not library.exists():
        return
    if not library.is_dir():
        raise LibraryError(f"--out: {library} is a file; name a folder")
    ours = (INDEX, SOURCES, LOCK, LOG, ROWS, FOLDER, PIECES, REGIONS, "pictures")
    strangers = sorted(path.name for path in library.iterdir() if path.name not in ours)
    if strangers and not (library / INDEX).is_file():
        raise LibraryError(f"--out: {library} contains other files ({strangers[0]}); name an empty folder")


def _place(mesh_folder: MeshFolder, file: str) -> str:
    return f"{ROWS}/{digest(f'{mesh_folder.name}/{file}'.encode())[:24]}.json"


def _known(store: LocalStore, root: Path, place: str, file: str, override: Override) -> Row | None:
    """Returns the stored row of a mesh file; None if the file must be examined again.

    A file must be examined again if:

    - it has no row, or a row from another version of sim2coco,
    - the file, a file that it refers to or a relevant override has changed,
    - one of the files that were made from it in the library is missing or damaged, or
    - the convex decomposition package has been installed since.
    """
    try:
        tree = json.loads(store.get(place))
        if tree.pop("version") != VERSION:
            return None
        row = row_of(tree)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = (
        row.file == file
        and replace(
            row.override,
            licence=override.licence,
            category=override.category,
            name=override.name,
            upright=override.upright,
        )
        == override
    )
    if not same or not row.inputs or not _unchanged(real_path(root, file).parent, row.inputs):
        return None
    if row.usable and not _undamaged(store.root, row):
        return None
    if row.hull_because == NOT_INSTALLED and installed():
        return None
    return replace(row, override=override)


def _undamaged(library: Path, row: Row) -> bool:
    """Whether the library files that a row names exist with their original content."""
    mesh = library / FOLDER / row.mesh
    try:
        check_stored(mesh.with_suffix(SUFFIX))
    except MeshError:
        return False
    others = {
        mesh.with_suffix(PREPARED): row.prepared,
        library / PIECES / f"{row.collision}.obj": row.collision,
        library / REGIONS / f"{row.regions}.npz": row.regions,
    }
    return all(_hash(path).startswith(name) for path, name in others.items() if name)


def _unchanged(folder: Path, inputs: Mapping[str, str]) -> bool:
    return all(_hash(real_path(folder, name)) == content for name, content in inputs.items())


def _hash(path: Path) -> str:
    """The hash of a file's content; "" if the file cannot be read."""
    try:
        return digest(path.read_bytes()) if path.is_file() else ""
    except OSError:
        return ""


def _keypoints(root: Path, files: Iterable[str]) -> tuple[dict[str, Keypoints], dict[str, Refused]]:
    """Reads the keypoints that are stored beside mesh files.

    Returns two dicts keyed by mesh file: the keypoints, and the errors of unreadable files.
    """
    found, faults = {}, {}
    for file in files:
        try:
            if (beside := keypoints_beside(real_path(root, file))) is not None:
                found[file] = beside
        except MeshError as error:
            faults[file] = Refused("unreadable", str(error), "correct this keypoint file")
    return found, faults


def _put_index(
    store: Store,
    mesh_folder: MeshFolder,
    rows: Iterable[Row],
    keypoints: Mapping[str, Keypoints],
) -> None:
    """Writes the library's index; existing categories keep their order, and new ones are appended."""
    usable = [row for row in rows if row.usable]
    known = _categories(store)
    new = sorted({row.override.category for row in usable} - set(known))
    tree = {
        "format": FORMAT,
        "categories": [*known, *new],
        "assets": [
            *mesh_folder.others,
            *(
                _asset(mesh_folder, row)
                | _keypoints_of(keypoints.get(row.file))
                | ({"regions": row.regions} if row.regions else {})
                for row in sorted(usable, key=lambda row: row.file)
            ),
        ],
    }
    store.put(INDEX, _bytes(tree))


def _categories(store: Store) -> list[str]:
    try:
        return [str(name) for name in json.loads(store.get(INDEX))["categories"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _asset(mesh_folder: MeshFolder, row: Row) -> dict[str, Any]:
    facts = asdict(row)
    return {
        "name": row.override.name,
        "category": row.override.category,
        "mesh": row.mesh,
        "prepared": row.prepared,
        "collision": row.collision,
        "source": row.file,
        "folder": mesh_folder.name,
        "origin": _origin(row).tree(),
        "licence": row.override.licence or "unknown",
        "upright": row.override.upright,
        "density_kg_m3": row.override.density_kg_m3 or DENSITY_KG_M3,
        **{name: facts[name] for name in MEASURED},
        "notes": row.notes,
        "repairs": row.repairs,
    }


def _keypoints_of(found: Keypoints | None) -> dict[str, Any]:
    return {} if found is None else {"keypoints": json.loads(found.model_dump_json())}


def _origin(row: Row) -> Origin:
    file, said = PurePosixPath(row.file).name, row.override
    stated = Stated(said.unit_m, said.sure, said.up, said.sure_up, said.longest_m)
    return Origin(file, row.inputs.get(file, ""), stated)


def _bytes(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, indent=1, ensure_ascii=False).encode() + b"\n"


def tally(rows: Sequence[Row]) -> str:
    """Returns one line with the numbers of ok, repaired and refused meshes, and of unanswered questions."""
    verdicts = Counter(row.outcome for row in rows)
    asking = verdicts["asks"]
    kinds = Counter(row.kind for row in rows if row.kind)
    why = f" ({', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))})" if kinds else ""
    told = [f"{verdicts[verdict]} {verdict}" for verdict in ("ok", "repaired", "refused")]
    return ", ".join(told) + why + (f"; {asking} left out until you answer" if asking else "")
