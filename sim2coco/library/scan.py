"""Lists a mesh folder: mesh files, companion files, and files that are left out."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scenes.assets.filenames import readable, real_path
from scenes.assets.keypoints import SUFFIX as KEYPOINTS
from scenes.assets.reading.limits import SUFFIXES
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import IMAGES
from scenes.assets.reading.urdf import named_meshes
from scenes.assets.regions import SUFFIX as REGIONS

RUBBISH = ("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r")
RUBBISH_FOLDERS = ("__macosx", "__pycache__", "$recycle.bin")
COMPANIONS = (".mtl", ".bin", *IMAGES)
TABLES = ("assets.csv", "assets.yaml", "assets.yml")
MAX_URDF_BYTES = 10_000_000


class LibraryError(ValueError):
    """A mesh folder, a table about its meshes, or a library cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The files of a folder, as sorted relative paths in printable form (`scenes.assets.filenames`).

    Attributes:
        meshes: Mesh files that become one asset each.
        parts: Mesh files that a URDF file in the folder refers to; they belong to the URDF's asset.
        rubbish: Files that operating systems and editors leave behind, like .DS_Store, ._x.obj or Thumbs.db.
        companions: Texture, material and buffer files.
        others: Files of other kinds.
    """

    meshes: tuple[str, ...]
    parts: tuple[str, ...]
    rubbish: tuple[str, ...]
    companions: tuple[str, ...]
    others: tuple[str, ...]

    def left_out(self) -> str:
        """Returns one line about the files that do not become assets; "" if all do."""
        told = (
            (self.companions, "textures, material files, keypoints and regions"),
            (self.parts, "meshes that come with a URDF"),
            (self.rubbish, "hidden or system files"),
            (self.others, "of unsupported types"),
        )
        return ", ".join(f"{len(files)} {what} ({_some(files)})" for files, what in told if files)


def _some(files: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(Path(file).name for file in files))
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def scan(root: Path) -> Scan:
    """Scans a folder recursively.

    Raises:
        LibraryError: The folder does not exist, or contains no mesh.
    """
    if root.is_file():
        raise LibraryError(f"{root}: is a file; name its folder, {root.parent}")
    if not root.is_dir():
        raise LibraryError(f"{root}: no such folder")
    meshes: list[str] = []
    rubbish: list[str] = []
    companions: list[str] = []
    others: list[str] = []
    for file in _files(root):
        name, suffix = Path(file).name.lower(), Path(file).suffix.lower()
        if _is_rubbish(file):
            rubbish.append(file)
        elif suffix in SUFFIXES:
            meshes.append(file)
        elif suffix in COMPANIONS or name.endswith((KEYPOINTS, REGIONS)):
            companions.append(file)
        elif name not in TABLES:
            others.append(file)
    parts = _parts(root, meshes)
    meshes = [file for file in meshes if file not in parts]
    if not meshes:
        kinds = ", ".join(SUFFIXES)
        raise LibraryError(f"{root}: contains no meshes; supported file types: {kinds}")
    return Scan(tuple(meshes), tuple(sorted(parts)), tuple(rubbish), tuple(companions), tuple(others))


def scan_file(path: Path) -> Scan:
    """Scans a single mesh file, as if it were the only one in its folder.

    Raises:
        LibraryError: The file is not a mesh file.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise LibraryError(f"{path}: is not a mesh file; supported file types: {', '.join(SUFFIXES)}")
    return Scan((readable(path.name),), (), (), (), ())


def _files(root: Path) -> Iterator[str]:
    """Yields every file in a fixed order; symbolic links to folders are not followed."""
    for parent, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            yield readable((Path(parent) / file).relative_to(root).as_posix())


def _is_rubbish(file: str) -> bool:
    *folders, name = file.split("/")
    return (
        name.startswith(".")
        or name.lower() in RUBBISH
        or name.endswith("~")
        or any(folder.startswith(".") or folder.lower() in RUBBISH_FOLDERS for folder in folders)
    )


def _parts(root: Path, meshes: list[str]) -> set[str]:
    """The meshes that URDF files refer to; a URDF that refers to a file outside `meshes` is ignored."""
    known, found = set(meshes), set[str]()
    for file in meshes:
        if file.lower().endswith(".urdf"):
            folder = Path(file).parent
            named = {(folder / name).as_posix() for name in _named(real_path(root, file))}
            if named <= known:
                found |= named
    return found


def _named(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.stat().st_size > MAX_URDF_BYTES:
            return []
        return named_meshes(path.read_bytes())
    except (OSError, Refused):
        return []
