"""The messages between the page and the server, as JSON values."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.datasets.verdicts import Decision, Verdict
from sim2coco.reviewing.agreement import agreements
from sim2coco.reviewing.gallery import Entry
from sim2coco.reviewing.journal import Journal

REASONS = (
    "label wrong",
    "label missing",
    "exposure",
    "blurred",
    "unrealistic",
    "too hard to see",
    "duplicate",
    "other",
)
"""The keywords that the page offers for a rejected image; the keys 1 to 8 select them."""
MAX_COMMENT = 2000
"""Maximum length of a comment."""


class Said(BaseModel):
    """A verdict as the page sends it; see `Verdict`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    image: Annotated[str, Field(max_length=1000)]
    verdict: Decision | None
    comment: Annotated[str, Field(max_length=MAX_COMMENT)] = ""
    reason: Annotated[str | None, Field(max_length=100)] = None


def about(name: str, info: DatasetInfo, reviewer: str) -> dict[str, Any]:
    """Returns the data set's name and categories, the reviewer's name, and the options for verdicts."""
    return {
        "dataset": name,
        "categories": info.categories,
        "reviewer": reviewer,
        "reasons": REASONS,
        "max_comment": MAX_COMMENT,
    }


def plain(entry: Entry) -> dict[str, Any]:
    """Converts the summary of an image to JSON values."""
    audited = entry.audited
    return {
        "name": entry.name,
        "width": entry.image.width,
        "height": entry.image.height,
        "labels": entry.labels,
        "categories": entry.categories,
        "visible": entry.visible,
        "reasons": entry.reasons,
        "audit": None if audited is None else [len(audited.failures), audited.worst],
        "failures": [] if audited is None else [*map(encodable, audited.failures)],
    }


def encodable(text: str) -> str:
    """Replaces lone surrogates (bytes of file names that are not UTF-8) with `?`."""
    return text.encode("utf-8", "replace").decode()


def said(verdict: Verdict) -> dict[str, Any]:
    """Returns a verdict as JSON values, without the name of its image."""
    return {
        "reviewer": verdict.reviewer,
        "verdict": verdict.verdict,
        "comment": verdict.comment,
        "reason": verdict.reason,
    }


def of_all(journal: Journal) -> dict[str, Any]:
    """Returns all verdicts that the page shows, as JSON values.

    The dict has three entries: the verdicts of this reviewer (`own`), the verdicts of other reviewers on the
    same images (`others`), and how often the reviewers agree (`agreement`). To avoid bias, an image has an
    entry in `others` only after this reviewer has judged it.
    """
    own = journal.of_reviewer()
    others: dict[str, list[dict[str, Any]]] = {}
    for verdict in journal.verdicts():
        judged = own.get(verdict.image)
        if verdict.reviewer != journal.reviewer and judged is not None and judged.verdict is not None:
            others.setdefault(verdict.image, []).append(said(verdict))
    return {
        "own": {image: said(verdict) for image, verdict in own.items()},
        "others": others,
        "agreement": agreed(journal),
    }


def agreed(journal: Journal) -> list[dict[str, Any]]:
    """Returns a list with one entry per other reviewer: how far this reviewer agrees with them.

    Reviewers who have judged no image that this reviewer has judged are left out.
    """
    return [
        {
            "reviewer": next(name for name in found.reviewers if name != journal.reviewer),
            "images": found.images,
            "alike": found.alike,
            "kappa": found.kappa,
        }
        for found in agreements(journal.verdicts())
        if journal.reviewer in found.reviewers and found.images
    ]
