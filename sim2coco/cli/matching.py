"""The command `match`: proposes settings whose images resemble the images of a data set."""

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from sim2coco.cli.arguments import Parser
from sim2coco.cli.reporting import err, out
from sim2coco.cli.stopping import Interrupted, on_signals, request_stop, stop_signals

if TYPE_CHECKING:
    from sim2coco.matching.observed import Observed
    from sim2coco.matching.search import Match

FOLDER = "matched"
"""Default folder of the config options that the command writes."""


def parsed(arguments: list[str], description: str) -> tuple[argparse.Namespace, list[str]]:
    """Parses the arguments of the command; returns them, and the rest, which are settings for Hydra."""
    parser = Parser(
        prog="sim2coco match",
        description=f"{description}. KEY=VALUE are the initial settings, as for generate.",
        usage="sim2coco match REAL [--images DIR] [--out FILE.yaml] [KEY=VALUE ...]",
    )
    parser.add_argument("real", metavar="REAL", help="a COCO data set: its folder, or an annotation file")
    parser.add_argument("--images", metavar="DIR", help="folder of its images, if not beside the annotations")
    where = f"the file to write; default: {FOLDER}/experiment/NAME.yaml"
    parser.add_argument("--out", "--to", dest="to", metavar="FILE.yaml", help=where)
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    number = "images per trial; default: 60"
    parser.add_argument("--num", type=_positive, default=60, metavar="N", help=number)
    trials = "number of changes of the settings; default: 4"
    parser.add_argument("--trials", type=_positive, default=4, metavar="N", help=trials)
    return parser.parse_known_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("must be from 1 to 10000")
    return number


def match_one(options: argparse.Namespace, given: list[str], settings: dict[str, Any]) -> int:
    """Searches for settings, and writes them and an HTML page to files; returns 0.

    Also prints how far the images are from the real data set before and after the search.

    Args:
        options: The command's own arguments.
        given: The initial settings, as they were written on the command line.
        settings: The initial settings, composed.
    """
    from sim2coco.cli.config import read_without_out
    from sim2coco.cli.progress import ProgressBar
    from sim2coco.matching.choice import as_choice, as_page
    from sim2coco.matching.search import Plan, match
    from sim2coco.outputs import write_file
    from sim2coco.process import own_this_process

    own_this_process()
    (recipe, run), target = read_without_out(settings), _target(options)
    real, name = _real(options)
    on_signals(request_stop)
    total = options.num * (options.trials + 1)
    with ProgressBar(out, total, "images", f"{options.real}: {options.trials + 1} trials") as bar:

        def progress(done: int) -> None:
            if stop_signals:
                raise Interrupted(stop_signals.pop())
            bar.show(done)

        plan = Plan(options.num, options.trials, run.engine, os.cpu_count() or 1)
        found = match(recipe, real, plan, progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_file(target, as_choice(found, name).encode(), "--out", options.force)
    page = target.with_suffix(".html")
    write_file(page, as_page(found, real, name).encode(), "--out", replace=True)
    _print(found, real)
    out.print(f"{target}: the settings; {page}: the histograms", markup=False)
    if target.parent.name == "experiment":
        words = shlex.join(
            [f"--config-dir={target.parent.parent}", f"experiment={target.stem}", *_kept(given, found)]
        )
        out.print(f"sim2coco generate {words} out=data/{target.stem}", markup=False)
    return 0


def _kept(given: list[str], found: "Match") -> list[str]:
    """Returns the settings from the command line that the match has not changed.

    They can be used together with the result. The others would override it.
    """
    from sim2coco.matching.proposal import changed

    tree = changed(found.original, found.found)

    def is_set(word: str) -> bool:
        node: object = tree
        for step in word.partition("=")[0].lstrip("+").split("."):
            if not isinstance(node, dict) or step not in node:
                return False
            node = node[step]
        return True

    return [word for word in given if not is_set(word)]


def _target(options: argparse.Namespace) -> Path:
    """Returns the path of the YAML file to write.

    Raises:
        ConfigError: The name does not end in .yaml or .yml. Or --force is not set, and the YAML file or the
            HTML page beside it exists already.
    """
    from sim2coco.messages import ConfigError

    real = Path(options.real).resolve()
    name = real.stem if real.is_file() else real.name
    target = Path(options.to) if options.to else Path(FOLDER) / "experiment" / f"{name}.yaml"
    if target.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"--out: {str(target)!r} must end in .yaml")
    for file in (target, target.with_suffix(".html")):
        if file.exists() and not options.force:
            raise ConfigError(f"--out: {file} exists; add --force to replace it")
    return target


def _real(options: argparse.Namespace) -> tuple["Observed", str]:
    """Measures the real data set; returns the measurements, and the name of the data set.

    Raises:
        DataSetError: The data set cannot be read, or has no labels.
    """
    from sim2coco.datasets.errors import DataSetError
    from sim2coco.datasets.reading import open_annotations
    from sim2coco.datasets.reference import open_reference
    from sim2coco.matching.observed import observe

    path = Path(options.real).expanduser()
    if options.images:
        folder = Path(options.images).expanduser()
        if not folder.is_dir():
            raise DataSetError(f"--images: {folder}: no such folder")
        if not path.is_file():
            raise DataSetError(
                f"--images: {path} is not an annotation file; leave out --images for a data set folder"
            )
        found = observe(open_annotations(path, folder).images())
    else:
        real, split = open_reference(path)
        found = observe(real.images(split))
    if not len(found.values.of("box_size")):
        raise DataSetError(f"{path}: has no labels")
    return found, path.resolve().stem if path.is_file() else path.resolve().name


def _print(found: "Match", real: "Observed") -> None:
    """Prints a table with the medians of each quantity and its distances from the real data set."""
    from sim2coco.matching.choice import distances, title
    from sim2coco.report.figure import number

    table = Table(box=None, pad_edge=False)
    for head in ("", "median before", "after", "wanted", "distance before", "after"):
        table.add_column(head, justify="left" if not head else "right")
    far = distances(found, real)
    for name, (before, after) in far.items():
        medians = [seen.values.median(name) for seen in (found.before, found.after, real)]
        table.add_row(title(name), *map(number, (*medians, before, after)))
    out.print(table)
    if farther := [title(name) for name, (before, after) in far.items() if after > before]:
        told = "farther away than before; try more images (--num) or changes (--trials)"
        err.print(f"{', '.join(farther)}: {told}", markup=False)
