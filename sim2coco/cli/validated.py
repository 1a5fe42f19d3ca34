"""Adds the results of validate to the reports of the data sets used for training."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from sim2coco.datasets.reading import open_dataset
from sim2coco.messages import counted
from sim2coco.report.report import NAME, add_validation
from sim2coco.report.samples import data_uri
from sim2coco.report.validated import Validation
from sim2coco.validate.pictures import loss_curves, precision_curves, worst_images
from sim2coco.validate.results import Comparison, tables


def add_to_reports(comparison: Comparison, roots: Sequence[Path], out: Console) -> None:
    """Adds the results to the report of each data set, and skips data sets that have no report.

    Args:
        comparison: The results. `comparison.report.results` has one entry for each data set.
        roots: The folders of the data sets, in the order of these entries.
        out: Console to which the paths of the changed reports are printed.
    """
    report = comparison.report
    names = _distinct([root.resolve() for root in roots])
    curves = precision_curves(report), loss_curves(report)
    results, categories = tables(report, names)
    for root, name, result in zip(roots, names, report.results, strict=True):
        how = f"{counted(report.steps, 'step')} each, {counted(len(result.scores), 'seed')}"
        text = (
            f"A small detector was trained from scratch on {counted(result.images, 'image')} of {name} "
            f"({how}) and tested on {counted(report.images, 'image')} of "
            f"{Path(report.reference).resolve().name}: mean over the seeds ± standard deviation."
        )
        told = "Images with the most errors (green: found; red: missed; orange: false positive)."
        pictures = [(told, _as_jpeg(worst_images(comparison, result.name)))]
        found = Validation(text, (results, categories), curves, pictures)
        if add_validation(open_dataset(root), found):
            out.print(f"{root / NAME}: results added", markup=False)


def _distinct(roots: Sequence[Path]) -> list[str]:
    """Returns the name of each folder without its path, because a report must not contain paths.

    If several folders have the same name, their names are numbered.
    """
    names = [root.name for root in roots]
    return [f"{name} ({rank})" if names.count(name) > 1 else name for rank, name in enumerate(names, 1)]


def _as_jpeg(content: bytes) -> str:
    """Converts a PNG to a smaller JPEG data URI."""
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return data_uri(np.asarray(pixels, np.uint8))
