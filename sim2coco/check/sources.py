"""Checks the counts in `sources.json`, a file that the commands `merge` and `split` write."""

from collections.abc import Iterable

from sim2coco.check import values as v
from sim2coco.check.document import Document
from sim2coco.check.folder import Folder
from sim2coco.check.values import Entry

NAME = "sources.json"
RULES = {"format": v.FORMAT, "made_by": v.OBJECT, "sources": v.LIST}
SOURCE = {"identity": v.SHA256, "images": v.INDEX, "annotations": v.INDEX}


def check_sources(folder: Folder, documents: Iterable[Document]) -> None:
    """Compares the counts in `sources.json`, if it exists, with the annotation files."""
    tree = folder.read_object(NAME, RULES) if folder.has(NAME) else None
    if tree is None:
        return
    sources: list[Entry] = tree["sources"]
    valid = [folder.at(NAME, f"sources[{rank}]").conforms(each, SOURCE) for rank, each in enumerate(sources)]
    if not all(valid):
        return
    known = [*documents]
    for key in ("images", "annotations"):
        listed, found = sum(each[key] for each in sources), sum(document.sizes[key] for document in known)
        if listed != found:
            what = f"the sources have {listed} {key}, but the annotation files have {found}"
            folder.at(NAME).fault("sources", what)
    command = {"merge": "merged from", "split": "split, from"}.get(
        str(tree["made_by"].get("command")), "from"
    )
    folder.notes.append(f"{command} {len(sources)} data set{'s' * (len(sources) != 1)} ({NAME})")
