"""The command `sim2coco check`."""

import argparse
import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sim2coco.messages import counted

if TYPE_CHECKING:  # imported by the command only, so that the program starts fast
    from sim2coco.check import Report

MAX_SHOWN = 20
"""Maximum number of faults of one kind that are printed."""


def check(options: argparse.Namespace, out: Console) -> int:
    """Prints every fault of a data set; returns 1 if there are faults, 0 otherwise."""
    from sim2coco.check import check as examine

    report = examine(Path(options.data))
    again = None
    if options.deep:
        from sim2coco.review.deep import check_deep

        folders = [Path(folder).expanduser() for folder in options.meshes or ()]
        again = check_deep(Path(options.data), folders, options.scenes)
        counts = Counter(report.counts) + Counter(fault.kind for fault in again.faults)
        notes = report.notes + again.notes * bool(again.faults)
        report = replace(report, faults=report.faults + again.faults, notes=notes, counts=counts)
    if options.json:
        json.dump(asdict(report), out.file, indent=1)
        out.file.write("\n")
        return 1 if report.counts else 0
    print_report(report, out)
    faults = sum(report.counts.values())
    content = f"{counted(report.images, 'image')}, {counted(report.annotations, 'annotation')}"
    deep = f", {counted(again.images, 'image')} rendered again" if again else ""
    verdict = counted(faults, "fault") if faults else "no faults"
    out.print(f"{options.data}: {content}{deep}: {verdict}", markup=False)
    return 1 if faults else 0


def print_report(report: "Report", out: Console) -> None:
    """Prints the faults of a report, those of each kind up to a number, and its notes."""
    from sim2coco.check.faults import KINDS

    shown: Counter[str] = Counter()
    for fault in report.faults:
        shown[fault.kind] += 1
        if shown[fault.kind] <= MAX_SHOWN:
            out.print(str(fault), markup=False)
    for kind, number in report.counts.items():
        if number > MAX_SHOWN:
            out.print(f"and {number - MAX_SHOWN} more of the kind {kind}: {KINDS[kind]}", markup=False)
    for note in report.notes:
        out.print(f"note: {note}", markup=False)
    if report.holdings:
        out.print("; ".join(map(str, report.holdings)), markup=False)
