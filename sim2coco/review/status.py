"""Progress of a running, stopped or killed run, computed from the records of its scenes."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.runs import run_in
from sim2coco.readahead import read_ahead
from sim2coco.records import scene_of
from sim2coco.storage import Storage
from sim2coco.store import LocalStore

RECENT_S = 300.0
"""The rate is measured over this many seconds before the newest record."""


@dataclass(slots=True)
class Status:
    """Counts over the scenes that have records.

    Attributes:
        asked_for: Number of accepted views that the last run was to make.
        finished: Number of accepted views when the data set was last finished; 0 if it never was.
        owner: The run that is writing to the data set; None if there is none.
        scenes: Number of scenes by their status: `done`, `rejected` or `failed`.
        accepted: Number of accepted views, including surplus views that will be removed at the end.
        reasons: How often each reason has rejected a view or a scene; a view may have several reasons.
        rejected: Number of rejected views, plus the number of scenes with the status `rejected`.
        failed: Dict from the index of each failed scene to its error message.
        unreadable: Names of the records that cannot be read; the next run makes these scenes again.
        per_s: Accepted views per second, measured up to the newest record; None if there are too few records.
    """

    asked_for: int
    finished: int
    owner: str | None
    scenes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    per_s: float | None = None

    @property
    def left(self) -> int:
        """Number of accepted views that are still to be made."""
        return 0 if self.done else max(0, self.asked_for - self.accepted)

    @property
    def done(self) -> bool:
        """Whether all images and annotation files are written."""
        return self.finished >= self.asked_for

    @property
    def state(self) -> str:
        """`finished`, `running` or `stopped`."""
        return "finished" if self.done else "running" if self.owner else "stopped"

    @property
    def accepted_share(self) -> float | None:
        """Accepted views as a fraction of `accepted` + `rejected`; None if both are 0."""
        views = self.accepted + self.rejected
        return self.accepted / views if views else None

    @property
    def left_s(self) -> float | None:
        """Estimated time to make the remaining views, at the current rate; None if the rate is unknown."""
        return self.left / self.per_s if self.per_s else None


def status(root: Path) -> Status:
    """Returns the progress of the run in a folder.

    Raises:
        DataSetError: The folder is not a data set of sim2coco.
    """
    return status_in(LocalStore(root))


def status_in(store: Storage) -> Status:
    """Like `status`, for a data set in any storage."""
    run = run_in(store)
    finished = int(run["num_images"])
    try:
        found = Status(int(run.get("asked_for", finished)), finished, store.owner())
    except (OSError, ValueError, KeyError, TypeError):
        raise DataSetError(
            f"{store}: not a data set made by sim2coco generate (its run.json is damaged)"
        ) from None
    times: list[tuple[float, int]] = []
    names = [(name, time) for name, time in store.times("records") if scene_of(name) is not None]
    contents = read_ahead(partial(_content, store), [name for name, _ in names], store.reads)
    for (name, time), content in zip(names, contents, strict=True):
        try:
            times.append((time, _count(found, json.loads(content))))
        except (ValueError, KeyError, TypeError, AttributeError):
            found.unreadable.append(name)
    found.per_s = _rate(times)
    return found


def _content(store: Storage, name: str) -> bytes:
    """The content of a file; empty if it cannot be read."""
    try:
        return store.get(name)
    except OSError:
        return b""


def _count(found: Status, record: dict[str, Any]) -> int:
    """Adds a record to the counts; returns the number of its accepted views."""
    state = str(record["status"])
    views = [tuple(map(str, view["reasons"])) for view in record["views"]]
    found.scenes[state] += 1
    found.reasons.update(reason for reasons in views for reason in reasons)
    found.rejected += sum(map(bool, views)) + (state == "rejected")
    if state == "rejected":
        found.reasons.update(record["unlucky"][-1:])
    if state == "failed":
        found.failed[int(record["scene"])] = str(record["error"])
    accepted = sum(not reasons for reasons in views)
    found.accepted += accepted
    return accepted


def _rate(times: list[tuple[float, int]]) -> float | None:
    """Accepted views per second over the most recently finished scenes.

    Args:
        times: For each record, the time when it was written, in seconds, and its number of accepted views.
    """
    newest = max((time for time, _ in times), default=0.0)
    recent = sorted((time, views) for time, views in times if time > newest - RECENT_S)
    seconds = newest - recent[0][0] if recent else 0.0
    # The views of the oldest record were made before the measured interval.
    return sum(views for _, views in recent[1:]) / seconds if seconds > 0 else None


def sentences(found: Status) -> Iterator[str]:
    """Yields the lines that describe a status, except for the rate and the remaining time."""
    made = min(found.accepted, found.asked_for)
    yield f"{found.state}: {made} of {found.asked_for} images, {found.left} left"
    scenes = ", ".join(f"{number} {name}" for name, number in found.scenes.items()) or "none"
    yield f"scenes: {scenes}"
    if found.reasons:
        counts = ", ".join(f"{reason} {number}" for reason, number in found.reasons.most_common())
        yield f"rejected: {counts}"
    for scene, error in sorted(found.failed.items()):
        yield f"scene {scene} failed: {error}; retry_failed=true retries it"
    for name in found.unreadable:
        yield f"{name}: cannot be read; the next run generates this scene again"
    if found.owner:
        yield f"{found.owner.removeprefix('another run ').strip('()')} is writing to it"
    elif not found.done:
        rest = "run the same command, without engine.shard if it has one, to write the annotations"
        yield "run the same command to continue it" if found.left else rest
