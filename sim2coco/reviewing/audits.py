"""Reads the output of `sim2coco audit --json`, to find the images that differ most from ray casting."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim2coco.datasets.errors import DataSetError

MASKS = ("mask", "amodal_mask")


@dataclass(slots=True)
class Audited:
    """The audit's findings for an image.

    Attributes:
        worst: The largest error of a mask in the image: its number of wrong pixels, divided by the number of
            pixels on its outline.
        failures: One line for each broken rule.
    """

    worst: float = 0.0
    failures: list[str] = field(default_factory=list)


def read_audit(path: Path) -> dict[str, Audited]:
    """Reads the audit's findings; returns a dict from image file, relative to the data set, to findings.

    Raises:
        DataSetError: The file cannot be read, or is not the output of `audit --json`.
    """
    try:
        tree = json.loads(path.read_bytes())
        found: dict[str, Audited] = {}
        for instance in tree["instances"]:
            entry = found.setdefault(str(instance["file"]), Audited())
            entry.worst = max(entry.worst, *(_share(instance.get(name)) for name in MASKS))
        for finding in tree["findings"]:
            number = finding["instance"]
            where = "" if number is None else f"instance {number}: "
            told = f"{where}{finding['rule']}: {finding['what']}"
            found.setdefault(str(finding["file"]), Audited()).failures.append(told)
    except OSError as error:
        raise DataSetError(f"--audit: {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataSetError(f"--audit: {path}: is not the output of `sim2coco audit --json`") from error
    return found


def _share(mask: Any) -> float:
    return mask["wrong_px"] / max(mask["outline_px"], 1) if mask else 0.0
