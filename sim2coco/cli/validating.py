"""The command `validate`: trains detectors on data sets, and tests them on a reference."""

import argparse
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from sim2coco.cli.progress import ProgressBar, duration
from sim2coco.cli.validated import add_to_reports
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.messages import counted
from sim2coco.validate.choosing import common_classes, images_of, reference_splits
from sim2coco.validate.data import photographs
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.found import Found
from sim2coco.validate.onnx import run_onnx
from sim2coco.validate.pictures import loss_curves, precision_curves, worst_images
from sim2coco.validate.predictions import read_predictions
from sim2coco.validate.results import Comparison, Forecast, Plan, Report, Result, table
from sim2coco.validate.scoring import Reference, score

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's package index of CPU builds, which need no CUDA."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of validate to a parser."""
    parser.add_argument("data", nargs="*", metavar="TRAIN", help="data sets to train on (their split train)")
    parser.add_argument(
        "--on", required=True, metavar="REFERENCE", help="data set to test on: from sim2coco, or COCO"
    )
    parser.add_argument("--split", metavar="NAME", help="split of the reference; default: all but train")
    parser.add_argument(
        "--seeds", type=_positive, default=3, metavar="N", help="trainings per data set; default: 3"
    )
    parser.add_argument(
        "--steps", type=_positive, metavar="N", help="steps per training, with 16 images each"
    )
    parser.add_argument(
        "--minutes", type=_minutes, metavar="X", help="minutes per training, instead of --steps"
    )
    size = "length to which the longer side of images is scaled, in pixels; default: 320"
    parser.add_argument("--size", type=_positive, default=320, metavar="PX", help=size)
    parser.add_argument(
        "--negatives", metavar="DIR", help="photographs without any of the objects, added to the training"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: the GPU if there is one")
    cores = os.cpu_count() or 1
    threads = "CPU threads; the number slightly changes the results; default: all cores"
    parser.add_argument("--threads", type=_positive, default=cores, metavar="N", help=threads)
    parser.add_argument("--out", metavar="FOLDER", help="write all numbers, curves and the worst images here")
    own = "test your own detector instead: a JSON file of COCO results, or an ONNX model"
    parser.add_argument("--predictions", metavar="FILE", action="append", help=f"{own}; may be repeated")
    classes = "with an ONNX model: its classes, in order; default: the categories of the reference"
    parser.add_argument("--classes", metavar="A,B,...", help=classes)
    side = "with an ONNX model: side of its input in pixels; default: 640"
    parser.add_argument("--input", type=_positive, default=640, metavar="PX", help=side)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= 7 * 24 * 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return minutes


def run(options: argparse.Namespace, out: Console) -> int:
    """Trains detectors or reads predictions, and prints their scores; returns 0.

    With the option `out`, also writes the results, and the images with the most errors, into a folder.
    """
    if bool(options.data) == bool(options.predictions):
        raise ValidateError("validate: name data sets to train on, or a detector with --predictions")
    folder = _new_folder(options.out) if options.out else None
    comparison = _trained(options, out) if options.data else _predicted(options, out)
    for line in table(comparison.report):
        out.print(line, markup=False)
    if folder:
        _write(folder, comparison)
        out.print(f"\n{folder}: results.json, curves and the worst images", markup=False)
    if options.data:
        add_to_reports(comparison, [Path(name) for name in options.data], out)
    return 0


def _new_folder(name: str) -> Path:
    """Creates the folder for the results; called before the training, so that errors are found early."""
    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValidateError(f"--out: {folder} exists and is not an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _loaded(threads: int) -> Callable[..., Comparison]:
    """Imports PyTorch, and returns the function that trains detectors.

    Raises:
        ValidateError: PyTorch is not installed, or cannot be imported.
    """
    install = f"pip install torch --index-url {CPU_BUILDS}"
    if find_spec("torch") is None:
        told = f"PyTorch is not installed; {install} (or '.[validate]' in a checkout, for GPUs)"
        raise ValidateError(f"validate: {told}")
    try:
        from sim2coco.validate.comparing import compare
        from sim2coco.validate.training import use_threads
    except (ImportError, OSError) as error:
        raise ValidateError(f"validate: PyTorch cannot be imported ({error}); {install}") from error
    use_threads(threads)
    return compare


def _trained(options: argparse.Namespace, out: Console) -> Comparison:
    compare = _loaded(options.threads)
    if len({Path(name).resolve() for name in options.data}) < len(options.data):
        raise ValidateError("validate: a data set is given twice")
    training = {name.rstrip("/") or name: open_dataset(Path(name)) for name in options.data}
    negatives = photographs(Path(options.negatives)) if options.negatives else []
    if options.steps and options.minutes:
        raise ValidateError("validate: --steps and --minutes cannot both be given")
    plan = Plan(options.seeds, options.steps, options.minutes, options.size, options.split, options.device)
    with _Shown(out) as shown:
        return compare(training, open_dataset(Path(options.on)), plan, negatives, shown)


class _Shown:
    """Shows the progress of a comparison."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._bar: ProgressBar | None = None
        self._unit = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, name: str, done: int, total: int) -> None:
        self._show(f"images of {name}", done, total)

    def planned(self, forecast: Forecast) -> None:
        self._end()
        trainings = counted(forecast.trainings, "training")
        what = f"{trainings} of {forecast.steps} steps at {forecast.seconds_per_step:.2f} s"
        self._out.print(f"{what}: about {duration(forecast.seconds)}", markup=False)

    def stepped(self, done: int, total: int) -> None:
        self._show("steps", done, total)

    def scored(self, result: Result) -> None:
        self._end()
        last = result.scores[-1]
        numbers = ", ".join(
            f"{name} {'-' if value is None else format(value, '.3f')}"
            for name, value in (("AP", last.ap), ("AP50", last.ap50))
        )
        self._out.print(f"{result.name}, seed {len(result.scores) - 1}: {numbers}", markup=False)

    def _show(self, unit: str, done: int, total: int) -> None:
        if self._bar is None or self._unit != unit:
            self._end()
            self._bar, self._unit = ProgressBar(self._out, total, unit), unit
        self._bar.show(done)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _predicted(options: argparse.Namespace, out: Console) -> Comparison:
    """Scores predictions, which are read from files or computed by ONNX models."""
    dataset = open_dataset(Path(options.on))
    images = tuple(images_of(dataset, reference_splits(dataset, options.split)))
    classes = common_classes(dataset, {})
    reference = Reference(images, classes.of(dataset), classes.names)
    found = {file: _found(file, options, dataset, reference, out) for file in options.predictions}
    results = tuple(Result(file, 0, (score(reference, own),)) for file, own in found.items())
    report = Report(str(dataset.root), len(images), classes.names, classes.notes, 0, (0, 0), results)
    return Comparison(report, reference, found)


def _found(
    file: str, options: argparse.Namespace, dataset: Dataset, reference: Reference, out: Console
) -> tuple[Found, ...]:
    if Path(file).suffix.lower() != ".onnx":
        return read_predictions(Path(file), dataset.root, reference)
    if not Path(file).is_file():
        raise ValidateError(f"--predictions: {file}: no such file")
    names = options.classes.split(",") if options.classes else list(reference.names)
    with ProgressBar(out, len(reference.images), "images") as bar:
        return run_onnx(Path(file), reference, names, options.input, bar.show)


def _write(folder: Path, comparison: Comparison) -> None:
    """Writes `results.json`, precision and loss curves, and the images with the most errors to a folder."""
    report = comparison.report
    files = {
        "results.json": report.as_json().encode(),
        "precision.svg": precision_curves(report).encode(),
    }
    if report.steps:
        files["loss.svg"] = loss_curves(report).encode()
    for rank, result in enumerate(report.results, 1):
        files[f"worst_{rank}.png"] = worst_images(comparison, result.name)
    for name, content in files.items():
        (folder / name).write_bytes(content)
