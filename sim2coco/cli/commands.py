"""The commands that read a data set: show, replay and check."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from sim2coco.messages import counted
from sim2coco.png import png
from sim2coco.review.dataset import DataSet, DataSetError
from sim2coco.review.overlay import overlay, sheet

SHEET = 48
"""Default number of images on a sheet."""


def show(options: argparse.Namespace, out: Console) -> int:
    """Writes a PNG of one image, or of several images on a sheet, with their labels drawn; returns 0."""
    data = DataSet(Path(options.data))
    if options.picture:
        record, _, picture = data.find(options.picture)
        image = overlay(data.image(record, picture), picture, data.names)
        target = Path(options.to or f"{Path(picture.name).stem}.png")
        sentence = f"{counted(len(picture.annotations), 'label')}, {len(picture.ignored)} ignored"
    else:
        number = options.sheet or SHEET
        found = [entry for entry, _ in zip(data.pictures(), range(number), strict=False)]
        if not found:
            raise DataSetError(f"{options.data}: has no images yet")
        drawn = [overlay(data.image(record, picture), picture, data.names) for record, _, picture in found]
        image = sheet(drawn, columns=min(8, len(drawn)), width_px=320, titles=[p.name for _, _, p in found])
        target = Path(options.to or f"{Path(options.data).resolve().name}_sheet.png")
        sentence = counted(len(found), "image")
    _write(target, png(image))
    out.print(f"{target}: {sentence}", markup=False)
    return 0


def replay(options: argparse.Namespace, out: Console) -> int:
    """Renders an image again from its record, and prints whether its files have the same bytes as before.

    Returns:
        0 if they have the same bytes, 1 otherwise.
    """
    from sim2coco.review.replay import replay as render_again

    folders = [Path(folder).expanduser() for folder in options.meshes or ()]
    before, now = render_again(DataSet(Path(options.data)), options.picture, folders)
    if options.to:
        _write(Path(options.to), next(iter(now.values())))
    equal = before == now
    out.print(
        f"{options.picture}: rendered again, the bytes are {'equal' if equal else 'DIFFERENT'}", markup=False
    )
    return 0 if equal else 1


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise DataSetError(f"--to: cannot write {target}: {error.strerror}") from error


def check(options: argparse.Namespace, out: Console) -> int:
    """Prints every fault of a data set; returns 1 if there are faults, 0 otherwise."""
    from sim2coco.check import check as examine

    report = examine(Path(options.data))
    if options.json:
        out.print_json(json.dumps(asdict(report)))
        return 1 if report.faults else 0
    for fault in report.faults:
        out.print(str(fault), markup=False)
    if report.holdings:
        out.print("; ".join(map(str, report.holdings)), markup=False)
    verdict = counted(len(report.faults), "fault") if report.faults else "no faults"
    content = f"{counted(report.images, 'image')}, {counted(report.annotations, 'annotation')}"
    out.print(f"{options.data}: {content}: {verdict}", markup=False)
    return 1 if report.faults else 0
