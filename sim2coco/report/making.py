"""How a data set was made, according to its own files: settings, versions and rejections."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.datasets.provenance import FILE
from sim2coco.ordinary import read_ordinary
from sim2coco.rejected import folder_of
from sim2coco.report.samples import jpeg_uri
from sim2coco.review.status import status
from sim2coco.tally import advice
from sim2coco.target.settings import TARGET

SHOWN = 6
"""Maximum number of images shown for each reason."""
LONGEST = 200_000
"""Maximum number of characters shown of the settings."""


@dataclass(frozen=True, slots=True)
class Making:
    """How a data set was made.

    Attributes:
        facts: (name, value) pairs to be listed, such as the versions of the software.
        settings: The text of `config.yaml`; "" if there is none.
        command: The command that makes the data set again; "" if it is unknown.
        notes: Notes on how to use the command.
        reasons: For each reason, the number of views and scenes that were rejected for it; None if there are
            no records.
        views: Number of accepted views.
        rejected: Number of rejected views, plus the number of scenes with the status `rejected`.
        advice: What to change for fewer rejections.
        failed: Number of scenes that could not be made.
        pictures: A dict from reason to (name, data URI) of images of views that were rejected for it. Reasons
            without kept images are left out.
    """

    facts: Sequence[tuple[str, str]] = ()
    settings: str = ""
    command: str = ""
    notes: Sequence[str] = ()
    reasons: Counter[str] | None = None
    views: int = 0
    rejected: int = 0
    advice: str = ""
    failed: int = 0
    pictures: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def making(root: Path, info: DatasetInfo, run: Mapping[str, Any] | None = None) -> Making:
    """Reads how a data set was made, from `run.json`, from `sources.json`, or otherwise from COCO's `info`.

    Args:
        root: The folder of the data set.
        info: Metadata of the data set.
        run: The content of `run.json` if the file is not written yet; None to read the file.
    """
    if (root / "run.json").is_file() and (root / "records").is_dir():
        return _of_run(root, run or _read_json(root / "run.json"))
    sources = _read_json(root / FILE)
    if sources:
        made = sources.get("made_by")
        told = {key: json.dumps(value) for key, value in made.items()} if isinstance(made, dict) else {}
        return Making(facts=[(key, value.strip('"')) for key, value in told.items()])
    return Making(facts=[(key, str(value)) for key, value in info.about.items() if value not in (None, "")])


def _of_run(root: Path, run: Mapping[str, Any]) -> Making:
    found = status(root)
    settings = _read_text(root / "config.yaml")
    versions = run.get("versions")
    facts = [("identity", str(run.get("identity", "")))]
    facts += [(name, str(value)) for name, value in versions.items()] if isinstance(versions, dict) else []
    plugins = [str(key) for name in ("plugins", "format_plugins") for key in run.get(name) or ()]
    facts += [("plug-in", key) for key in plugins]
    return Making(
        facts=facts,
        settings=settings[:LONGEST],
        command=_command(run, plugins),
        notes=tuple(_notes(settings)),
        reasons=found.reasons,
        views=found.accepted,
        rejected=found.rejected,
        advice=advice(Counter({key: n for key, n in found.reasons.items() if key not in ("failed", TARGET)})),
        failed=found.scenes["failed"],
        pictures={reason: shown for reason in found.reasons if (shown := _pictures(root, reason))},
    )


def _pictures(root: Path, reason: str) -> list[tuple[str, str]]:
    """Returns (name, data URI) of images of views that were rejected for `reason`; at most `SHOWN` images."""
    files = sorted((root / folder_of(reason)).glob("*.jpg"))[:SHOWN]
    return [(file.stem, jpeg_uri(read_ordinary(file))) for file in files]


def _command(run: Mapping[str, Any], plugins: Sequence[str]) -> str:
    """The command that makes the same images again from `config.yaml`."""
    formats = [str(format.get("kind")) for format in run.get("formats") or () if isinstance(format, dict)]
    words = [
        "sim2coco generate --config-dir FOLDER --config-name config +out=NEW",
        f"+num_images={run.get('num_images')}",
    ]
    if [name for name in formats if name != "coco"]:
        words.append(f"'+export={{formats: [{', '.join(formats)}]}}'")
    words += [f"--plugin {key.rpartition('@')[0]}" for key in dict.fromkeys(plugins)]
    return " ".join(words)


def _notes(settings: str) -> list[str]:
    notes = ["FOLDER is the folder of this data set, which contains config.yaml; NEW is a new folder."]
    if "path: " in settings or "images: " in settings:
        notes.append(
            "config.yaml contains only the names of mesh and image files: "
            "first enter their paths in a copy of it."
        )
    return notes


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_ordinary(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_text(path: Path) -> str:
    try:
        return read_ordinary(path).decode("utf-8", "replace")
    except OSError:
        return ""
