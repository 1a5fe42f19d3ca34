"""Detects files whose content is not a mesh, whatever their suffix, such as a saved web page."""

import re

from scenes.assets.reading.refusal import Refused

POINTER = b"version https://git-lfs.github.com/spec/"
PULL = "run git lfs pull"
PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
SERVER = re.compile(
    rb"\s*(?:(?:404|403|500|429)\b[ :]|\{\s*\"(?:message|error)\"|(?:<\?xml[^>]*>\s*)?<Error>)", re.I
)
"""Matches the beginning of a server error message that was saved in place of the requested file."""
DOWNLOAD = "download the file itself"
BEGINNING = 4096
"""Number of bytes at the beginning of a file that are examined."""
OTHERS = (
    (b"PK\x03\x04", "a ZIP archive", "unpack it", (".3mf",)),
    (b"\x1f\x8b", "a gzip archive", "unpack it", ()),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it", ()),
    (b"Rar!", "a RAR archive", "unpack it", ()),
    (b"BLENDER", "a Blender file", "export it as GLB", ()),
    (b"Kaydara FBX Binary", "an FBX file", "export it as GLB", ()),
    (b"glTF", "a glTF file", "rename it to end in .glb", (".glb", ".gltf")),
)
"""Other file types: magic bytes, name, advice to the user, and suffixes for which the type is valid."""


def is_pointer(content: bytes) -> bool:
    """Whether the content is a pointer that Git LFS leaves in place of a large file."""
    return content.startswith(POINTER)


def check_content(content: bytes, suffix: str) -> None:
    """Rejects empty files, and files whose content is obviously not a mesh.

    Raises:
        Refused: The file is empty or not a mesh; the message says what it is.
    """
    begin = content[:BEGINNING]
    if not content:
        raise Refused("unreadable", "is empty", "save or download it again")
    if content.count(0) == len(content):
        raise Refused("unreadable", "contains only zero bytes", "save or download it again")
    if is_pointer(content):
        raise Refused("unreadable", "is a Git LFS pointer, not the mesh", PULL)
    if PAGE.match(begin):
        raise Refused("unreadable", "is a web page (HTML), not a mesh", DOWNLOAD)
    if SERVER.match(begin):
        told = " ".join(begin[:60].decode("utf-8", "replace").split())
        raise Refused("unreadable", f"is a server error message, not a mesh ({told})", DOWNLOAD)
    for magic, kind, remedy, suffixes in OTHERS:
        if content.startswith(magic) and suffix not in suffixes:
            raise Refused("unreadable", f"is {kind}", remedy)
