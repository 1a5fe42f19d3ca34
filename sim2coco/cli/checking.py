"""The command `sim2coco check`."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sim2coco.cli.reporting import err
from sim2coco.messages import counted

if TYPE_CHECKING:  # imported by the command only, so that the program starts fast
    from sim2coco.check import Fault, Report

MAX_SHOWN = 20
"""Maximum number of faults of one kind that are printed."""


def check(options: argparse.Namespace, out: Console) -> int:
    """Checks a data set and prints the first faults of each kind; returns 1 if there are faults, else 0."""
    from sim2coco.check import check as examine

    if options.fix:
        return fix(options, out)

    with _bar(options, "images") as show:
        report = examine(Path(options.data), show)
    again = None
    if options.deep:
        from sim2coco.review.deep import check_deep

        folders = [Path(folder).expanduser() for folder in options.meshes or ()]
        with _bar(options, "scenes") as show:
            again = check_deep(Path(options.data), folders, options.scenes, show)
        counts = Counter(report.counts) + Counter(fault.kind for fault in again.faults)
        notes = report.notes + again.notes * bool(again.faults)
        report = replace(report, faults=report.faults + again.faults, notes=notes, counts=dict(counts))
    if options.json:
        _print_json(asdict(report), out)
    else:
        deep = f", {counted(again.images, 'image')} rendered again" if again else ""
        _print_report(options.data, report, deep, out)
    return 1 if report.counts else 0


@contextmanager
def _bar(options: argparse.Namespace, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Provides a function (done, total) that shows progress on standard error, or nothing with --json."""
    from sim2coco.cli.progress import ProgressBar

    with ExitStack() as stack:
        bars: list[ProgressBar] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(ProgressBar(err, total, unit)))
            bars[0].show(done)

        yield (lambda done, total: None) if options.json else show


def fix(options: argparse.Namespace, out: Console) -> int:
    """Writes a repaired copy of a data set, and prints the changes; returns 1 if the copy has faults."""
    from sim2coco.repair import CHANGES, RepairError, repair

    if options.deep:
        raise RepairError("--fix: cannot be combined with --deep; leave out --deep")
    with _bar(options, "images") as show:
        done = repair(Path(options.data), Path(options.fix), show)
    if options.json:
        changes = {"changes": [asdict(change) for change in done.changes], "counts": done.changes.counts}
        _print_json({**changes, "report": asdict(done.report)}, out)
        return 1 if done.report.counts else 0
    _print_capped(done.changes, done.changes.counts, CHANGES, out)
    if done.ours:
        what = "sim2coco wrote this data set; to repair it, run its generate command again"
        out.print(f"note: {what}; the copy has no records, amodal masks or run.json", markup=False)
    number = counted(sum(done.changes.counts.values()), "change")
    out.print(f"{options.fix}: {number}, listed in {Path(options.fix) / 'changes.txt'}", markup=False)
    _print_report(options.fix, done.report, "", out)
    return 1 if done.report.counts else 0


def _print_json(tree: object, out: Console) -> None:
    json.dump(tree, out.file, indent=1)
    out.file.write("\n")


def _print_report(name: str, report: "Report", deep: str, out: Console) -> None:
    """Prints the faults of a report, its notes and a summary."""
    from sim2coco.check.faults import KINDS

    _print_capped(report.faults, report.counts, KINDS, out)
    for note in report.notes:
        out.print(f"note: {note}", markup=False)
    if report.holdings:
        out.print("; ".join(map(str, report.holdings)), markup=False)
    faults = sum(report.counts.values())
    content = f"{counted(report.images, 'image')}, {counted(report.annotations, 'annotation')}"
    verdict = counted(faults, "fault") if faults else "no faults"
    out.print(f"{name}: {content}{deep}: {verdict}", markup=False)


def _print_capped(
    found: Iterable["Fault"], counts: Mapping[str, int], kinds: Mapping[str, str], out: Console
) -> None:
    """Prints the first `MAX_SHOWN` faults or changes of each kind, and how many more there are."""
    shown: Counter[str] = Counter()
    for fault in found:
        shown[fault.kind] += 1
        if shown[fault.kind] <= MAX_SHOWN:
            out.print(str(fault), markup=False)
    for kind, number in counts.items():
        if number > MAX_SHOWN:
            out.print(f"and {number - MAX_SHOWN} more of the kind {kind}: {kinds[kind]}", markup=False)
