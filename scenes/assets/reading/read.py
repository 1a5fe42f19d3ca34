"""Reads a mesh file of any known kind, with all that it says of itself."""

from pathlib import Path

from scenes.assets.reading.containers import dae_frame, gltf_tree, threemf_unit, unreadable
from scenes.assets.reading.geometries import load
from scenes.assets.reading.limits import MAX_FILE_BYTES
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver, digest
from scenes.assets.reading.source import Source
from scenes.assets.reading.urdf import read_urdf

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf", ".dae", ".3mf", ".urdf")


def read_source(path: Path, root: Path) -> Source:
    """The mesh in a file.

    Args:
        path: The file.
        root: The folder that is imported: no link leads out of it.

    Raises:
        Refused: It is not taken.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused("path trick", "is a link that leads out of the imported folder", "copy the file there")
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise Refused("over a limit", f"is larger than {MAX_FILE_BYTES >> 20} MiB", "decimate it first")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(f"cannot be opened: {error.strerror}") from error
    resolver = MeshResolver(path, root)
    resolver.inputs[path.name] = digest(content)
    suffix = path.suffix.lower()
    if suffix == ".urdf":
        return read_urdf(content, path, root, resolver)
    unit_m, up = _frame(content, suffix)
    notes: list[str] = []
    raws = load(content, suffix, resolver, notes)
    return Source(raws, unit_m, up, dict(resolver.images), resolver.inputs, (*resolver.notes, *notes))


def _frame(content: bytes, suffix: str) -> tuple[float | None, str | None]:
    """The unit in metres and the up axis that a file states or its format prescribes."""
    if suffix in (".glb", ".gltf"):
        gltf_tree(content, suffix)
        return 1.0, "y"
    if suffix == ".dae":
        return dae_frame(content)
    if suffix == ".3mf":
        return threemf_unit(content), "z"
    return None, None
