"""Checks of mesh files before their geometry is read, and the units and axes that the files state."""

import io
import re
import struct
import zipfile
from xml.etree import ElementTree

from scenes.assets.reading.limits import MAX_FILE_BYTES
from scenes.assets.reading.refusal import Refused

UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048, "um": 1e-6}
THREEMF_UNITS = {
    "micron": 1e-6,
    "millimeter": 0.001,
    "centimeter": 0.01,
    "inch": 0.0254,
    "foot": 0.3048,
    "meter": 1.0,
}
MAX_ZIP_RATIO = 2000
"""Largest ratio of unpacked to packed size of a zip archive."""
EXPORT_AGAIN = "export it again from the program that made it"


def unreadable(what: str) -> Refused:
    """The exception for a file that cannot be read in the format of its suffix."""
    return Refused("unreadable", what, EXPORT_AGAIN)


def whole_stl(content: bytes, notes: list[str]) -> bytes:
    """The content of an STL file without the bytes after the last triangle.

    The header of a binary STL file states the number of triangles, and so the length of the file. Text files
    are returned unchanged. If bytes are removed, a note is added to `notes`.

    Raises:
        Refused: A binary file is shorter than its header or than the header states.
    """
    if len(content) < 84:
        if content.lstrip()[:5].lower() == b"solid":
            return content
        raise unreadable(f"is no STL: {len(content)} bytes, and the head alone has 84")
    (triangles,) = struct.unpack_from("<I", content, 80)
    wanted = 84 + 50 * triangles
    if wanted == len(content) or (content.lstrip()[:5].lower() == b"solid" and b"facet" in content):
        return content
    if wanted > len(content):
        there = (len(content) - 84) // 50
        raise unreadable(f"is cut off: its head says {triangles:,} triangles, and {there:,} are there")
    notes.append(f"{len(content) - wanted:,} bytes after its last triangle left out")
    return content[:wanted]


def check_xml(content: bytes) -> ElementTree.Element:
    """The root element of an XML document.

    Raises:
        Refused: The content is not valid XML, or has a document type or defines entities, which can expand
            200 bytes to gigabytes.
    """
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content or "<!ENTITY".encode("utf-16-le") in content:
        raise Refused("over a limit", "defines XML entities", "take <!DOCTYPE ...> out of it")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise unreadable(f"is no XML that can be read: {error}") from error


def dae_frame(content: bytes) -> tuple[float, str]:
    """The unit in metres and the up axis of a COLLADA document.

    Missing or invalid values default to those of the standard: one metre, and y up.

    Raises:
        Refused: As for `check_xml`.
    """
    root = check_xml(content)
    unit = root.find("{*}asset/{*}unit")
    up = root.find("{*}asset/{*}up_axis")
    try:
        meter = float(unit.get("meter", "1")) if unit is not None else 1.0
    except ValueError:
        meter = 1.0
    axis = (up.text or "").strip().lower()[:1] if up is not None else "y"
    return meter if meter > 0 else 1.0, axis if axis in ("x", "y", "z") else "y"


def check_zip(content: bytes) -> None:
    """Checks the directory of a zip archive.

    Raises:
        Refused: The content is not a zip archive, a member has a path outside the archive, or the unpacked
            size exceeds a limit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise unreadable(f"is no zip that can be read: {error}") from error
    for member in members:
        if member.filename.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", member.filename):
            sentence = f"holds {member.filename!r}, which is not in its own folder"
            raise Refused("path trick", sentence, "pack it anew")
    size = sum(member.file_size for member in members)
    if size > MAX_FILE_BYTES or size > MAX_ZIP_RATIO * max(len(content), 1024):
        raise Refused("over a limit", f"unpacks to {size >> 20} MiB", "make the mesh smaller")


def threemf_unit(content: bytes) -> float:
    """The unit of a 3MF file, in metres; a millimetre if the file does not state it.

    Raises:
        Refused: As for `check_zip` and `check_xml`, or the file contains no model.
    """
    check_zip(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".model")]
        if not names:
            raise unreadable("holds no 3D model")
        try:
            roots = {name: check_xml(archive.read(name)) for name in names}
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise unreadable(f"cannot be unpacked: {error}") from error
    # trimesh starts from the same model file; the others contain parts of the model.
    main = next((name for name in names if "3d/3dmodel.model" in name.lower()), names[0])
    return THREEMF_UNITS.get(roots[main].get("unit", "millimeter").lower(), 0.001)
