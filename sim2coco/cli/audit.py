"""The command that compares labels with rays: audit."""

import argparse
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from sim2coco.audit import Report, audit
from sim2coco.cli.progress import ProgressBar
from sim2coco.cli.reporting import err
from sim2coco.messages import counted


def run(options: argparse.Namespace, out: Console) -> int:
    """Prints every broken rule of a data set; returns 1 if there are some, 0 otherwise."""
    report = _report(options, err if options.json else out)
    if options.json:
        out.print_json(json.dumps(_tree(report)), indent=None)
        return 1 if report.findings else 0
    for finding in report.findings:
        out.print(str(finding), markup=False)
    for reason, number in report.left_out.items():
        out.print(f"{counted(number, 'image')} left out: {reason}", markup=False)
    for note, number in report.notes.items():
        out.print(f"{counted(number, 'image')} compared {note}", markup=False)
    out.print(f"{options.data}: {_summary(report)}", markup=False)
    return 1 if report.findings else 0


def _report(options: argparse.Namespace, console: Console) -> Report:
    folders = [Path(folder).expanduser() for folder in options.meshes or ()]
    with ExitStack() as stack:
        bars: list[ProgressBar] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(ProgressBar(console, total, "images")))
            bars[0].show(done)

        return audit(Path(options.data), folders, options.sample, options.seed, options.workers, show)


def _summary(report: Report) -> str:
    content = (
        f"{counted(report.images, 'image')} of {report.total}, {counted(len(report.instances), 'instance')}"
    )
    mean = report.mean_shift_px
    shift = "" if mean is None else f"; centroids differ by ({mean[0]:+.4f}, {mean[1]:+.4f}) px in the mean"
    verdict = counted(len(report.findings), "failure") if report.findings else "no failures"
    return f"{content} compared with rays{shift}: {verdict}"


def _tree(report: Report) -> dict[str, object]:
    """The report as plain values."""
    instances = [{"file": one.file, "instance": one.instance, **one.numbers} for one in report.instances]
    return asdict(report) | {"instances": instances, "mean_shift_px": report.mean_shift_px}
