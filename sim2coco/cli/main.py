"""The entry point of the command line: commands, signals, and one-line error messages.

Exit codes: 0 success; 1 aborted, or faults found; 2 invalid input; 3 finished, but scenes failed; 130 and 143
stopped by SIGINT and SIGTERM.
"""

import argparse
import logging
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

if TYPE_CHECKING:
    from omegaconf import DictConfig

HYDRA_COMMANDS = {"generate": "make, extend or resume a data set", "preview": "8 labelled images on one PNG"}
"""Commands whose settings Hydra composes, with their descriptions."""
PLUGGABLE = (*HYDRA_COMMANDS, "replay")
"""Commands that accept `--plugin FILE.py`, because their recipe may use classes of a plug-in."""
COMMANDS = {
    **HYDRA_COMMANDS,
    "show": "draw the labels on images of a data set",
    "replay": "render an image again from its record, and compare",
    "check": "check a data set, and list every fault",
    "assets": "import, check or show your own meshes",
    "doctor": "check this installation, and say how to repair it",
}

MIN_IMAGES_PER_CATEGORY = 10
"""A category without a label causes a warning if there are at least this many images per category."""
STOPPED = "stopped by {}; run the same command again to resume"

temporary_folders: list[str] = []
"""Hydra's temporary folders, which are removed when the program is stopped."""
stop_signals: list[int] = []
"""Contains the signal that requested the run to stop; empty if there was none."""

terminal = os.dup(2)
"""A copy of standard error that stays open while the output of native code is redirected."""
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Interrupted(BaseException):
    """Raised when a signal stops the run.

    `args` holds the number of the signal and, if images have been made, a sentence that says how to finish
    the data set with these images.
    """


class Parser(argparse.ArgumentParser):
    """A parser that reports a wrong command line in one line."""

    def error(self, message: str) -> NoReturn:
        """Prints the message and exits with code 2."""
        sys.exit(_fail(f"{message}; see {self.prog} --help"))


def main() -> None:
    """Runs the program `sim2coco` with the arguments in `sys.argv`, and exits with its exit code."""
    _on_signals(_exit_now)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        code = _run(sys.argv[1:])
    except Interrupted as stopped:
        number, *finished = stopped.args
        text = "; ".join([STOPPED.format(signal.Signals(number).name), *finished])
        code = _fail(text, 128 + int(number))
    sys.exit(code)


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for watched in (signal.SIGINT, signal.SIGTERM):
        signal.signal(watched, handler)


def _exit_now(number: int, frame: FrameType | None) -> None:
    """Signal handler that exits immediately, for use before a run has started.

    An exception raised during an import or inside Hydra could be swallowed, or could interrupt them halfway.
    """
    for folder in temporary_folders:
        shutil.rmtree(folder, ignore_errors=True)
    os.write(terminal, f"sim2coco: {STOPPED.format(signal.Signals(number).name)}\n".encode())
    os._exit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Signal handler that raises `Interrupted`, so that `finally` blocks run."""
    _on_signals(signal.SIG_DFL)
    raise Interrupted(number)


def _request_stop(number: int, frame: FrameType | None) -> None:
    """Signal handler that requests a stop; the run stops at the next point where it holds no lock.

    A second signal ends this process immediately; the workers detect its end, and end too.
    """
    _on_signals(signal.SIG_DFL)
    stop_signals.append(number)


def _run(arguments: list[str]) -> int:
    words = arguments[1:] if arguments[:1] and arguments[0] in HYDRA_COMMANDS else arguments
    if words[:1] in (["-sc"], ["--shell-completion"]):
        return _complete(words)
    command = arguments[0] if arguments else "--help"
    if command in PLUGGABLE and any(word.startswith("--plugin") for word in arguments):
        from sim2coco.cli.plugins import take_plugins
        from sim2coco.messages import ConfigError

        try:
            arguments = take_plugins(arguments)
        except ConfigError as error:
            return _fail(str(error))
    if command in HYDRA_COMMANDS:
        return _composed(command, arguments[1:])
    if command == "assets":
        return _assets(arguments[1:])
    if command in COMMANDS:
        return _plain(command, arguments[1:])
    return _print_usage(command)


def _print_usage(command: str) -> int:
    from importlib.metadata import version

    if command == "--version":
        out.print(f"sim2coco {version('sim2coco')}")
        return 0
    if command not in ("--help", "-h", "help"):
        from scenes.settings import did_you_mean

        return _fail(f"no command {command!r}; {did_you_mean(command, [*COMMANDS])}")
    out.print("Simulation-based training images with exact COCO labels.\n\nusage: sim2coco COMMAND ...\n")
    for name, sentence in COMMANDS.items():
        out.print(f"  {name:10}{sentence}")
    out.print("\nsim2coco generate --help lists all settings; to start, try: sim2coco preview")
    out.print('completion in bash: eval "$(sim2coco -sc install=bash)"', markup=False)
    return 0


def _fail(message: str, code: int = 2) -> int:
    err.print("sim2coco: " + " ".join(message.split()), markup=False)
    return code


def guarded(work: Callable[[], int]) -> int:
    """Calls `work` and returns its exit code.

    If it raises an error, prints one line that describes the error and returns 1 or 2. For an internal error
    of sim2coco, the traceback is printed too.
    """
    from sim2coco.messages import ConfigError
    from sim2coco.run import GenerationError
    from sim2coco.store import StoreError

    try:
        return work()
    except (ConfigError, StoreError) as error:
        return _fail(str(error))
    except GenerationError as error:
        return _fail(str(error), 1)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        return _fail(f"{error.strerror or error}{place}; run the same command again to resume", 1)
    except Exception as error:
        if isinstance(error, ValueError) and type(error).__module__.split(".")[0] in (
            "scenes",
            "sim",
            "sim2coco",
        ):
            return _fail(str(error))
        traceback.print_exc()
        return _fail("internal error in sim2coco; please report it with the lines above", 1)


def _composed(command: str, arguments: list[str]) -> int:
    """Runs a command that Hydra configures: one job, or one for each point of a sweep."""
    if "--help" in arguments or "-h" in arguments:
        from sim2coco.cli.manual import manual

        out.print(manual(command), markup=False)
        return 0
    from sim2coco.cli.composition import composition_error
    from sim2coco.cli.overrides import hydra_arguments
    from sim2coco.messages import ConfigError

    codes: list[int] = []
    jobs = {"generate": _generate, "preview": _preview}
    folders: set[str] = set()

    def validate(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: _validate(tree, folders)))

    def job(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: jobs[command](tree)))
        _on_signals(_exit_now)

    try:
        with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
            temporary_folders.append(folder)
            inputs = hydra_arguments(arguments)
            sweeps = bool({"-m", "--multirun"} & set(inputs))
            if sweeps and command != "generate":
                raise ConfigError(f"{command} makes one image and does not accept -m")
            if sweeps:
                # All jobs are validated before any job runs, so that errors in all of them are found early.
                _hydra(command, inputs, folder, validate)
            if not any(codes):
                _hydra(command, inputs, folder, job)
    except ConfigError as error:
        return _fail(str(error))
    except Exception as error:  # `guarded` catches the errors of jobs, so this one is Hydra's
        return _fail(composition_error(error, arguments))
    return max(codes, default=0)


def _hydra(command: str, arguments: list[str], folder: str, job: Callable[["DictConfig"], None]) -> None:
    """Composes the configuration with Hydra and calls a job once, or for each point of a sweep."""
    import hydra

    os.environ["HYDRA_FULL_ERROR"] = "1"
    # These overrides come last, so that they replace those of the user. With them, Hydra leaves no files
    # behind, and relative paths are relative to the user's working directory.
    last = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.job.chdir=false"]
    sys.argv = [f"sim2coco {command}", *arguments, *([] if "-sc" in arguments else last)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"hydra\.")
        # A file of the user with the name of a kind of a plug-in is merged over the settings of that kind.
        warnings.filterwarnings("ignore", message=r"\s*'.*' is validated against ConfigStore schema")
        hydra.main(version_base="1.3", config_path="pkg://conf", config_name="config")(job)()


def _complete(arguments: list[str]) -> int:
    """Prints completions of a command line for bash: commands are completed here, settings by Hydra."""
    line = os.environ.get("COMP_LINE", "")
    if arguments[1:2] == ["query=bash"] and not re.match(rf"\s*\S+\s+({'|'.join(HYDRA_COMMANDS)})\s", line):
        first = re.fullmatch(r"\s*\S+\s+\S*", line)
        out.print(" ".join(COMMANDS) if first else "")
        return 0
    shorter = re.sub(rf"^(\s*\S+)\s+({'|'.join(HYDRA_COMMANDS)})(?=\s)", r"\1", line)
    os.environ["COMP_LINE"], os.environ["COMP_POINT"] = shorter, str(len(shorter))
    with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
        _hydra("", arguments, folder, lambda tree: None)
    return 0


def _validate(tree: "DictConfig", folders: set[str]) -> int:
    """Validates one job of a sweep; returns 0.

    Args:
        tree: The composed configuration of the job.
        folders: Output folders of the earlier jobs; that of this job is added.

    Raises:
        ConfigError: A setting is invalid, or an earlier job writes to the same folder.
    """
    from sim2coco.cli.config import read
    from sim2coco.messages import ConfigError

    recipe, options = read(tree)
    recipe.render.device()
    if options.out in folders:
        raise ConfigError(
            f"out: two jobs of the sweep write to {options.out}; write out='data/${{hydra.job.num}}'"
        )
    folders.add(options.out)
    return 0


def _generate(tree: "DictConfig") -> int:
    from sim2coco.cli.config import read
    from sim2coco.cli.progress import ProgressBar
    from sim2coco.messages import counted
    from sim2coco.process import own_this_process
    from sim2coco.run import Tally, counts, generate

    own_this_process()
    recipe, options = read(tree)
    _on_signals(_request_stop)
    total = options.num_images * (1 + recipe.augment.copies)
    # Copies are made in the augmented splits only.
    extra = f", up to {total} with augmented copies" if recipe.augment.copies else ""
    asked_for = f"{counted(options.num_images, 'image')}{extra}, {counted(options.workers, 'worker')}"
    title = f"{options.out}: {asked_for}"
    with ProgressBar(out, options.num_images, "images", title) as bar:

        def report(tally: Tally) -> None:
            if stop_signals:
                finish = f"num_images={tally.accepted} finishes it with the images made so far"
                raise Interrupted(stop_signals.pop(), *([finish] if tally.accepted else []))
            bar.show(tally.accepted, f"rejected: {counts(tally.reasons)}")

        result = generate(
            recipe,
            options.out,
            options.num_images,
            workers=options.workers,
            engine=options.engine,
            formats=options.export.formats,
            retry_failed=options.retry_failed,
            progress=report,
        )
    made = f"{counted(result.images, 'image')} of {counted(result.scenes, 'scene')}"
    out.print(f"{options.out}: {made}; rejected: {counts(result.reasons)}", markup=False)
    missing = [name for name, number in result.labels.items() if not number]
    if missing and result.images >= MIN_IMAGES_PER_CATEGORY * len(result.labels):
        why = "too few images, or its objects are tiny, occluded, or too large to be placed; see its size_m"
        err.print(f"no label of {', '.join(missing)}: {why}", markup=False)
    for scene, error in result.failed:
        err.print(f"scene {scene} failed: {error}; retry_failed=true retries it", markup=False)
    return 3 if result.failed else 0


def _preview(tree: "DictConfig") -> int:
    from sim2coco.cli.config import read_preview
    from sim2coco.process import own_this_process
    from sim2coco.review.preview import preview
    from sim2coco.run import counts

    own_this_process()
    recipe, target = read_preview(tree)
    _on_signals(_request_stop)

    def progress() -> None:
        if stop_signals:
            raise Interrupted(stop_signals.pop())

    images, reasons = preview(recipe, target, progress)
    out.print(f"{target}: {images} labelled images; rejected: {counts(reasons)}", markup=False)
    return 0


def _plain(command: str, arguments: list[str]) -> int:
    """Runs a command that reads a data set or checks this installation."""
    parser = Parser(prog=f"sim2coco {command}", description=COMMANDS[command])
    if command != "doctor":
        parser.add_argument("data", help="folder of the data set")
    if command == "show":
        parser.add_argument("picture", nargs="?", help="name of an image, for example s000057_v02")
        parser.add_argument("--sheet", type=_positive, metavar="N", help="put the first N images on one PNG")
        parser.add_argument("--split", metavar="NAME", help="only images of this split")
        parser.add_argument("--category", metavar="NAME", help="only labels of this category")
        parser.add_argument("--boxes", action="store_true", help="draw boxes and names only")
        parser.add_argument("--outlines", action="store_true", help="draw outlines only; also with --boxes")
        default = "PICTURE.png or DATA_sheet.png, with a number if there is such a file"
        parser.add_argument("--to", metavar="PNG", help=f"the file to write; default: {default}")
    if command == "replay":
        parser.add_argument("picture", help="name of an image, for example s000057_v02")
        folders = "folder to search for meshes and images of the data set; may be repeated"
        parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
        parser.add_argument("--plugin", metavar="FILE.py", help="a file that the data set needs")
        parser.add_argument("--to", metavar="FILE", help="write the rendered image to this file")
    if command in ("show", "replay"):
        parser.add_argument("--force", action="store_true", help="replace the file of --to if it exists")
    if command == "check":
        parser.add_argument("--json", action="store_true", help="print the faults as JSON")
    options = parser.parse_args(arguments)
    if command == "doctor":  # nothing else is imported, so that it works in a broken installation
        from sim2coco.doctor import report

        return report(out)
    from sim2coco.cli import commands

    _on_signals(_interrupt)
    return guarded(lambda: getattr(commands, command)(options, out))


def _assets(arguments: list[str]) -> int:
    """Runs a command about meshes and mesh libraries."""
    from sim2coco.cli import assets as commandline

    parser = Parser(prog="sim2coco assets", description=COMMANDS["assets"])
    commandline.add_arguments(parser)
    options = parser.parse_args(arguments)
    _on_signals(_interrupt)
    return guarded(lambda: commandline.run(options, out))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    main()
