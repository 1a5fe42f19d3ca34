"""3MF packages: ZIP archives of XML model parts, textures, and the relationships that name the main model."""

import io
import re
import struct
import zipfile
import zlib
from xml.etree import ElementTree

from scenes.assets.reading.containers import check_entities, check_xml, unreadable
from scenes.assets.reading.limits import MAX_FILE_BYTES
from scenes.assets.reading.refusal import Refused

UNITS_M = {
    "micron": 1e-6,
    "millimeter": 0.001,
    "centimeter": 0.01,
    "inch": 0.0254,
    "foot": 0.3048,
    "meter": 1.0,
}
MAX_ZIP_RATIO = 2000
"""Largest ratio of uncompressed to compressed size of a ZIP archive."""
MODEL = "3D/3dmodel.model"
"""The usual name of the model part."""


class Package:
    """The members of a 3MF file.

    Args:
        content: The bytes of the file.

    Attributes:
        model: Name of the main model part.

    Raises:
        Refused: The content is not a ZIP archive, a member has a path outside the archive, the uncompressed
            size exceeds a limit, or there is no model.
    """

    def __init__(self, content: bytes) -> None:
        """Reads the directory of the ZIP archive; members are decompressed by `read`."""
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise unreadable(f"is not a valid ZIP archive: {error}") from error
        _check(self._archive, len(content))
        self._names = {name.lower(): name for name in self._archive.namelist()}
        self.model = self._model()

    def read(self, name: str) -> bytes:
        """Reads a member; its name may begin with a slash, and is case-insensitive.

        Raises:
            FileNotFoundError: There is no such member.
            Refused: The member is damaged or encrypted.
        """
        found = self._names.get(name.lstrip("/").lower())
        if found is None:
            raise FileNotFoundError(name)
        try:
            return self._archive.read(found)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise unreadable(f"cannot be unpacked: {error}") from error

    def _model(self) -> str:
        """Returns the name of the main model part.

        It is the part that the package relationships name, or else the part with the usual name, or else the
        first model part.
        """
        try:
            relations = check_xml(self.read("_rels/.rels"))
        except FileNotFoundError:
            relations = ElementTree.Element("Relationships")
        named = [
            relation.get("Target", "")
            for relation in relations
            if relation.get("Type", "").endswith("/3dmodel")
        ]
        others = (name for name in self._names if name.endswith(".model"))
        for name in (*named, MODEL, *others):
            if name.lstrip("/").lower() in self._names:
                return name
        raise unreadable("contains no 3D model")


def _check(archive: zipfile.ZipFile, packed: int) -> None:
    members = archive.infolist()
    for member in members:
        if member.filename.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", member.filename):
            sentence = f"contains {member.filename!r}, a path outside the archive"
            raise Refused("path trick", sentence, "pack it again")
    size = sum(member.file_size for member in members)
    if size > MAX_FILE_BYTES or size > MAX_ZIP_RATIO * max(packed, 1024):
        raise Refused("over a limit", f"unpacks to {size >> 20} MiB", "make the mesh smaller")


def unit_of(content: bytes) -> float:
    """Returns the unit of a 3MF file in metres; a millimetre if the file does not state it.

    Raises:
        Refused: As for `Package`, or the model is not valid XML.
    """
    package = Package(content)
    model = package.read(package.model)
    check_entities(model)
    try:
        _, root = next(iter(ElementTree.iterparse(io.BytesIO(model), ("start",))))
    except (ElementTree.ParseError, ValueError, LookupError, StopIteration) as error:
        raise unreadable(f"is not valid XML: {error}") from error
    return UNITS_M.get(root.get("unit", "millimeter").lower(), UNITS_M["millimeter"])
