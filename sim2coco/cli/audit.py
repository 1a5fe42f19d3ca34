"""The command `audit`, which compares labels with ray casting."""

import argparse
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console

from sim2coco.audit import Audit, Case, Report
from sim2coco.audit.places import nowhere
from sim2coco.cli.progress import ProgressBar
from sim2coco.cli.reporting import err
from sim2coco.contactsheet import contact_sheet, shortened, write
from sim2coco.messages import counted
from sim2coco.nearby import nearby
from sim2coco.outputs import write_file
from sim2coco.png import png

WORST, COLUMNS, GAP_PX, TITLE_PX = 24, 4, 8, 40
"""Number of instances on a sheet, instances in a row, gap between instances, and height of a title."""
BLACK = (0, 0, 0)


def run(options: argparse.Namespace, out: Console) -> int:
    """Prints every broken rule of a data set; returns 1 if there are any, 0 otherwise."""
    folders = [Path(folder).expanduser() for folder in options.meshes or ()]
    search = nowhere if folders else nearby
    audit = Audit(Path(options.data), folders, options.sample, options.seed, search)
    report = _report(audit, options.workers, err if options.json else out)
    if options.worst:
        content = _sheet(audit.worst(report, WORST))
        write_file(Path(options.worst), content, "--worst", options.force)
    if options.json:
        out.print_json(json.dumps(_tree(report)), indent=None)
        return 1 if report.findings else 0
    for finding in report.findings:
        out.print(str(finding), markup=False)
    for reason, number in report.left_out.items():
        out.print(f"{counted(number, 'image')} left out: {reason}", markup=False)
    for note, number in report.notes.items():
        out.print(f"{counted(number, 'image')} compared {note}", markup=False)
    if options.worst:
        out.print(
            f"{options.worst}: outlines of the labels in green, by ray casting in magenta", markup=False
        )
    out.print(f"{options.data}: {_summary(report)}", markup=False)
    return 1 if report.findings else 0


def _report(audit: Audit, workers: int, console: Console) -> Report:
    with ExitStack() as stack:
        bars: list[ProgressBar] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(ProgressBar(console, total, "images")))
            bars[0].show(done)

        return audit.report(workers, show)


def _sheet(cases: list[Case]) -> bytes:
    """A PNG that shows the instances in a grid, each under its title."""
    cells = []
    for case in cases:
        height, width = case.picture.shape[:2]
        cell = np.full((height + TITLE_PX, width, 3), 255, np.uint8)
        cell[TITLE_PX:] = case.picture
        write(cell, shortened(case.title, width, bold=False), (2, 15), BLACK)
        write(cell, shortened(case.told, width, bold=False), (2, 33), BLACK)
        cells.append(cell)
    blank = [np.full((TITLE_PX, 4, 3), 255, np.uint8)]
    return png(contact_sheet(cells or blank, min(COLUMNS, max(len(cells), 1)), GAP_PX))


def _summary(report: Report) -> str:
    content = (
        f"{counted(report.images, 'image')} of {report.total}, {counted(len(report.instances), 'instance')}"
    )
    mean = report.mean_shift_px
    shift = "" if mean is None else f"; centroids differ by ({mean[0]:+.4f}, {mean[1]:+.4f}) px on average"
    verdict = counted(len(report.findings), "failure") if report.findings else "no failures"
    return f"{content} compared with ray casting{shift}: {verdict}"


def _tree(report: Report) -> dict[str, object]:
    """The report as JSON values."""
    instances = [{"file": one.file, "instance": one.instance, **one.numbers} for one in report.instances]
    return asdict(report) | {"instances": instances, "mean_shift_px": report.mean_shift_px}
