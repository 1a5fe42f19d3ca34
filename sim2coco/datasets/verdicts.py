"""Reviewers' verdicts on images: a JSON Lines file to which a review appends.

A line replaces earlier lines by the same reviewer about the same image.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from sim2coco.datasets.errors import DataSetError

Decision = Literal["accept", "reject"]
Rule = Literal["any", "majority"]
"""When an image is rejected: if any reviewer rejects it, or if more reviewers reject than accept it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reviewer's verdict on an image.

    Attributes:
        image: Split and name of the image, like `train/s000057_v02.jpg`; only the name if there is no split.
        verdict: `accept` or `reject`; None withdraws the earlier verdict.
        reviewer: Name of the reviewer.
        comment: The reviewer's comment.
        reason: A keyword, if the reviewer chose one.
        undo: Whether this line was written to undo the reviewer's last verdict. It then repeats the verdict
            that the reviewer had given on the image before.
    """

    image: str
    verdict: Decision | None
    reviewer: str = ""
    comment: str = ""
    reason: str | None = None
    undo: Annotated[bool, Field(exclude_if=lambda undo: not undo)] = False


_VERDICT = TypeAdapter(Verdict)


def image_name(split: str, name: str) -> str:
    """Returns the name that verdicts use for an image: `split/name`, or `name` if `split` is empty."""
    return f"{split}/{name}" if split else name


def to_line(verdict: Verdict) -> bytes:
    """Encodes a verdict as a line, including the line break."""
    return _VERDICT.dump_json(verdict) + b"\n"


def read_verdicts(path: Path) -> dict[tuple[str, str], Verdict]:
    """Returns the last verdict of each reviewer on each image, in a dict keyed by (image, reviewer).

    Withdrawn verdicts are omitted.

    Raises:
        DataSetError: The file or one of its lines cannot be read.
    """
    found: dict[tuple[str, str], Verdict] = {}
    for verdict in read_lines(path):
        found.pop((verdict.image, verdict.reviewer), None)
        found[verdict.image, verdict.reviewer] = verdict
    return {key: verdict for key, verdict in found.items() if verdict.verdict is not None}


def read_lines(path: Path) -> list[Verdict]:
    """Returns the verdict in each line of the file, including replaced and withdrawn verdicts.

    If the last line was truncated by a crash and cannot be read, it is skipped.

    Raises:
        DataSetError: The file or one of its lines cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read ({error.strerror})") from error
    read = (_read(path, rank, line, last=rank == len(lines)) for rank, line in enumerate(lines, 1))
    return [verdict for verdict in read if verdict is not None]


def _read(path: Path, number: int, line: bytes, last: bool) -> Verdict | None:
    if not line.strip():
        return None
    try:
        return _VERDICT.validate_json(line)
    except ValidationError as error:
        if last:
            return None
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        told = f"{where}: {first['msg']}" if where else first["msg"]
        raise DataSetError(f"{path}: line {number}: not a verdict ({told})") from error


def rejected(verdicts: Iterable[Verdict], rule: Rule = "any") -> dict[str, str]:
    """Returns a dict from each rejected image to a text that names its rejecting reviewers and their reasons.

    Args:
        verdicts: The last verdict of each reviewer on each image.
        rule: With `any`, one rejection is enough. With `majority`, an image is rejected if more reviewers
            reject than accept it.
    """
    by_image: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_image.setdefault(verdict.image, []).append(verdict)
    return {image: _told(said) for image, said in sorted(by_image.items()) if _rejects(said, rule)}


def _rejects(said: list[Verdict], rule: Rule) -> bool:
    against = sum(verdict.verdict == "reject" for verdict in said)
    return against > 0 if rule == "any" else against > len(said) - against


def _told(said: list[Verdict]) -> str:
    """Lists the reviewers who reject an image, with their reasons if any, as `A: blurred, too dark; B`."""
    told = []
    for verdict in said:
        if verdict.verdict == "reject":
            why = ", ".join(filter(None, (verdict.reason, verdict.comment)))
            told.append(": ".join(filter(None, (verdict.reviewer or "a reviewer", why))))
    return "; ".join(told)
