"""Writes the files of the card into a data set."""

import logging
import re
from hashlib import sha256

from sim2coco.card.contents import Contents
from sim2coco.card.croissant import croissant
from sim2coco.card.origin import Origin
from sim2coco.card.readme import SHEET, readme, summary_of, title_of
from sim2coco.card.sheet import sheet
from sim2coco.storage import Store

README = "README.md"
CROISSANT = "croissant.json"
MARKS = {
    README: re.compile(
        rb"\n<!-- Written by sim2coco; once it is edited, it stays as it is\. ([0-9a-f]{64}) -->\n\Z"
    ),
    CROISSANT: re.compile(rb'\n "identifier": "sha256:([0-9a-f]{64})",'),
    SHEET: re.compile(rb"\xff\xfe\x00\x4bsim2coco ([0-9a-f]{64})"),
}
"""Pattern of the hash in each file of the card; the hash covers the rest of the file."""

log = logging.getLogger("sim2coco")


def write_card(store: Store, contents: Contents, origin: Origin) -> None:
    """Writes `README.md`, `croissant.json` and the contact sheet; edited files stay as they are.

    Args:
        store: The data set, with its annotation files.
        contents: The contents of the data set.
        origin: How the data set was made.
    """
    summary = f"{summary_of(contents)}."
    files = {
        SHEET: signed_jpeg(sheet(contents.shown)),
        CROISSANT: signed_json(croissant(contents, title_of(contents), summary, store)),
        README: signed_text(readme(contents, origin).encode()),
    }
    for name, content in files.items():
        if is_edited(store, name):
            log.warning(
                "%s/%s was edited and stays as it is; delete it to have it written again", store, name
            )
        else:
            store.put(name, content)


def signed_text(text: bytes) -> bytes:
    """Returns a Markdown or HTML text with an added last line that contains the hash of the text."""
    line = "<!-- Written by sim2coco; once it is edited, it stays as it is. %s -->"
    return b"%s\n%s\n" % (text, (line % sha256(text).hexdigest()).encode())


def unsigned(content: bytes) -> bytes:
    """Removes the line that `signed_text` has added to a text."""
    return MARKS[README].sub(b"", content)


def signed_json(tree: bytes) -> bytes:
    """Returns a JSON object, in several lines, with its own hash added as the first value, `identifier`."""
    first, rest = tree[:1], tree[1:]
    return first + b'\n "identifier": "sha256:%s",' % sha256(tree).hexdigest().encode() + rest


def signed_jpeg(image: bytes) -> bytes:
    """Returns a JPEG file with an added comment that contains the hash of the original file."""
    end = 4 + int.from_bytes(image[4:6])  # end of the header, which must come first
    start, rest = image[:end], image[end:]
    return start + b"\xff\xfe\x00\x4bsim2coco %s" % sha256(image).hexdigest().encode() + rest


def is_edited(store: Store, name: str) -> bool:
    """Whether a file that sim2coco signs, such as a file of the card, has been edited.

    The result is False if the file does not exist, and True if it is not signed.
    """
    if not store.exists(name):
        return False
    content = store.get(name)
    mark = MARKS.get(name, MARKS[README]).search(content)
    if mark is None:
        return True
    rest = content[: mark.start()] + content[mark.end() :]
    return sha256(rest).hexdigest().encode() != mark[1]
