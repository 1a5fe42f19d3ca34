"""Reads mesh files of all supported formats, with the unit and up axis that they state."""

from collections.abc import Sequence
from pathlib import Path

from scenes.assets.reading.containers import dae_frame, unreadable
from scenes.assets.reading.content import check_content
from scenes.assets.reading.geometries import load
from scenes.assets.reading.limits import MAX_FILE_BYTES
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolution import check_resolution
from scenes.assets.reading.resolver import MeshResolver, digest
from scenes.assets.reading.source import Source, source_of
from scenes.assets.reading.threemf.package import unit_of
from scenes.assets.reading.urdf import read_urdf


def read_source(path: Path, roots: Sequence[Path]) -> Source:
    """Reads the mesh in a file.

    Args:
        path: The mesh file.
        roots: Allowed folders, such as the imported folder. Files that the mesh refers to and targets of
            symbolic links must be in one of them.

    Raises:
        Refused: The file cannot be read, has no faces, exceeds a limit, or is outside `roots`; or the mesh
            refers to a file outside `roots`.
    """
    if not path.is_file():  # a pipe would never end; a symbolic link may be circular
        raise unreadable("is not a regular file")
    if not any(path.resolve().is_relative_to(root.resolve()) for root in roots):
        raise Refused(
            "path trick", "is a symbolic link to a file outside the imported folder", "copy the file into it"
        )
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise Refused("over a limit", f"is larger than {MAX_FILE_BYTES >> 20} MiB", "decimate it first")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(f"cannot be opened: {error.strerror}") from error
    resolver = MeshResolver(path, roots)
    resolver.inputs[path.name] = digest(content)
    suffix = path.suffix.lower()
    check_content(content, suffix)
    if suffix == ".urdf":
        return read_urdf(content, resolver)
    notes: list[str] = []
    unit_m, up = _frame(content, suffix)
    raws = load(content, suffix, resolver, notes)
    check_resolution(raws, notes)
    return source_of(raws, unit_m, up, resolver, notes)


def _frame(content: bytes, suffix: str) -> tuple[float | None, str | None]:
    """Returns the unit in metres and the up axis of a file.

    Each is None if neither the file nor its format states it.
    """
    if suffix in (".glb", ".gltf"):
        return 1.0, "y"
    if suffix == ".dae":
        return dae_frame(content)
    if suffix == ".3mf":
        return unit_of(content), "z"
    return None, None
