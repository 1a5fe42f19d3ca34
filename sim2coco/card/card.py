"""Writes the files of the card into a data set."""

import logging
import re
from hashlib import sha256

from sim2coco.card.contents import Contents
from sim2coco.card.croissant import croissant
from sim2coco.card.origin import Origin
from sim2coco.card.readme import SHEET, readme, summary_of, title_of
from sim2coco.card.sheet import sheet
from sim2coco.store import Store

README = "README.md"
CROISSANT = "croissant.json"
FOOT = re.compile(
    r"\n<!-- Written by sim2coco; once it is edited, it stays as it is\. ([0-9a-f]{64}) -->\n\Z"
)
"""The last line of a card, with the hash of what is above it."""

log = logging.getLogger("sim2coco")


def write_card(store: Store, contents: Contents, origin: Origin) -> None:
    """Writes `README.md`, `croissant.json` and the contact sheet; a `README.md` that was edited stays.

    Args:
        store: The data set, with its annotation files.
        contents: What is in it.
        origin: How it was made.
    """
    store.put(SHEET, sheet(contents.shown))
    store.put(CROISSANT, croissant(contents, title_of(contents), f"{summary_of(contents)}.", store))
    if is_edited(store):
        log.warning("%s/%s was edited and stays as it is; delete it to have it written anew", store, README)
    else:
        store.put(README, signed(readme(contents, origin)).encode())


def signed(text: str) -> str:
    """A card with its last line."""
    digest = sha256(text.encode()).hexdigest()
    return f"{text}\n<!-- Written by sim2coco; once it is edited, it stays as it is. {digest} -->\n"


def is_edited(store: Store) -> bool:
    """Whether there is a `README.md` that differs from what was written."""
    if not store.exists(README):
        return False
    text = store.get(README).decode("utf-8", "replace")
    foot = FOOT.search(text)
    return foot is None or sha256(text[: foot.start()].encode()).hexdigest() != foot[1]
