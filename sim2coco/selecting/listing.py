"""The output files that describe a selection: `selection.csv` and `selection.json`."""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from io import StringIO

from sim2coco.selecting.selecting import Selection

CSV, JSON = "selection.csv", "selection.json"


def listing(selection: Selection, settings: Mapping[str, object]) -> dict[str, tuple[bytes, str]]:
    """Returns a dict from the name of each output file to its content and a description of the file."""
    return {
        CSV: (
            _csv(selection),
            "for each image of the source: whether it is kept, the reason if not, and flags",
        ),
        JSON: (_json(selection, settings), "settings, counts and diversity of the selection"),
    }


def _csv(selection: Selection) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("image", "kept", "reason", "detail", "flags"))
    for index, path in enumerate(selection.paths):
        removal = selection.removed.get(index)
        flags = "; ".join(f"{fault.rule}: {fault.detail}" for fault in selection.flags[index])
        told = ("yes", "", "") if removal is None else ("no", removal.reason, removal.detail)
        writer.writerow((path, *told, flags))
    return text.getvalue().encode("utf-8", "surrogateescape")


def _json(selection: Selection, settings: Mapping[str, object]) -> bytes:
    tree = {
        "settings": dict(settings),
        "images": len(selection.paths),
        "kept": len(selection.kept),
        "removed": dict(Counter(removal.reason for removal in selection.removed.values())),
        "flagged": dict(Counter(fault.rule for faults in selection.flags for fault in faults)),
        "diversity": None if selection.diversity is None else asdict(selection.diversity),
    }
    return json.dumps(tree, indent=1).encode() + b"\n"
