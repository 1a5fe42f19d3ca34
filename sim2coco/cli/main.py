"""The command line: one sentence for what is wrong, exit codes that mean something.

0 all done; 1 aborted, or faults found; 2 wrong input; 3 finished, but scenes failed; 130 and 143 interrupted.
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

COMPOSED = {"generate": "make a data set, extend or resume it", "preview": "8 labelled pictures on one PNG"}
COMMANDS = {
    **COMPOSED,
    "show": "pictures of a data set with their labels drawn",
    "replay": "render a picture again from its record",
    "check": "is a data set right? every fault named",
    "assets": "your own meshes: import a folder, check it, see it on a sheet",
    "doctor": "is this installation right? with the repair for what is not",
}

ENOUGH = 10
"""Images a category from which on it is strange that there is no label of one."""
STOPPED = "stopped by {}; the same command goes on"

scratch: list[str] = []
"""Folders of Hydra, to remove when the program is stopped."""
asked: list[int] = []
"""The signal that a run was asked to stop by."""

terminal = os.dup(2)
"""Where errors go, also while native code is kept from writing there."""
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Interrupted(BaseException):
    """The run was asked to stop by a signal; with what is finished, if that is known."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command line."""

    def error(self, message: str) -> NoReturn:
        """Ends the program."""
        sys.exit(_fail(f"{message}; {self.prog} --help tells more"))


def main() -> None:
    """The program `sim2coco`."""
    _on_signals(_leave)
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


def _leave(number: int, frame: FrameType | None) -> None:
    """At once: nothing is begun, and an exception amid an import or in Hydra may get lost or do harm."""
    for folder in scratch:
        shutil.rmtree(folder, ignore_errors=True)
    os.write(terminal, f"sim2coco: {STOPPED.format(signal.Signals(number).name)}\n".encode())
    os._exit(128 + number)


def _stop(number: int, frame: FrameType | None) -> None:
    """In order."""
    _on_signals(signal.SIG_DFL)
    raise Interrupted(number)


def _stop_soon(number: int, frame: FrameType | None) -> None:
    """In order, where no lock is held; asked a second time at once: workers end when this process is gone."""
    _on_signals(signal.SIG_DFL)
    asked.append(number)


def _run(arguments: list[str]) -> int:
    words = arguments[1:] if arguments[:1] and arguments[0] in COMPOSED else arguments
    if words[:1] in (["-sc"], ["--shell-completion"]):
        return _complete(words)
    command = arguments[0] if arguments else "--help"
    if command in COMPOSED:
        return _composed(command, arguments[1:])
    if command == "assets":
        return _assets(arguments[1:])
    if command in COMMANDS:
        return _plain(command, arguments[1:])
    return _usage(command)


def _usage(command: str) -> int:
    from importlib.metadata import version

    if command == "--version":
        out.print(f"sim2coco {version('sim2coco')}")
        return 0
    if command not in ("--help", "-h", "help"):
        from scenes.settings import did_you_mean

        return _fail(f"no command {command!r}; {did_you_mean(command, [*COMMANDS])}")
    out.print("Simulation-based training images, exactly labelled, as COCO.\n\nusage: sim2coco COMMAND ...\n")
    for name, sentence in COMMANDS.items():
        out.print(f"  {name:10}{sentence}")
    out.print("\nsim2coco generate --help tells all settings; a first try: sim2coco preview")
    out.print('completion in bash: eval "$(sim2coco -sc install=bash)"', markup=False)
    return 0


def _fail(message: str, code: int = 2) -> int:
    err.print("sim2coco: " + " ".join(message.split()), markup=False)
    return code


def guarded(work: Callable[[], int]) -> int:
    """Runs one job; whatever goes wrong becomes one line and an exit code."""
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
        return _fail(f"{error.strerror or error}{place}; the same command goes on", 1)
    except Exception as error:
        if isinstance(error, ValueError) and type(error).__module__.split(".")[0] in (
            "scenes",
            "sim",
            "sim2coco",
        ):
            return _fail(str(error))
        traceback.print_exc()
        return _fail("that is a fault of sim2coco itself; please report it with the lines above", 1)


def _composed(command: str, arguments: list[str]) -> int:
    """A command that Hydra configures: one job, or one for each point of a sweep."""
    if "--help" in arguments or "-h" in arguments:
        from sim2coco.cli.manual import manual

        out.print(manual(command), markup=False)
        return 0
    from sim2coco.cli.config import composition_sentence, ordered
    from sim2coco.messages import ConfigError

    codes: list[int] = []
    jobs = {"generate": _generate, "preview": _preview}
    folders: set[str] = set()

    def look(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: _look(tree, folders)))

    def job(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: jobs[command](tree)))
        _on_signals(_leave)

    try:
        with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
            scratch.append(folder)
            inputs = ordered(arguments)
            sweeps = bool({"-m", "--multirun"} & set(inputs))
            if sweeps and command != "generate":
                raise ConfigError(f"{command} draws one picture: it takes no -m")
            if sweeps:
                _hydra(
                    command, inputs, folder, look
                )  # a wrong value in the last job is told before the first
            if not any(codes):
                _hydra(command, inputs, folder, job)
    except ConfigError as error:
        return _fail(str(error))
    except Exception as error:  # jobs raise nothing: it comes from composing
        return _fail(composition_sentence(error, arguments))
    return max(codes, default=0)


def _hydra(command: str, arguments: list[str], folder: str, job: Callable[["DictConfig"], None]) -> None:
    """Lets Hydra compose the configuration and call a job for each point of a sweep."""
    import hydra

    os.environ["HYDRA_FULL_ERROR"] = "1"
    # Last, so that they win: nothing is left behind, and relative paths are the user's.
    last = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.job.chdir=false"]
    sys.argv = [f"sim2coco {command}", *arguments, *([] if "-sc" in arguments else last)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"hydra\.")
        hydra.main(version_base="1.3", config_path="pkg://conf", config_name="config")(job)()


def _complete(arguments: list[str]) -> int:
    """Completes a command line: our commands ourselves, the rest by Hydra, which knows none of them."""
    line = os.environ.get("COMP_LINE", "")
    if arguments[1:2] == ["query=bash"] and not re.match(rf"\s*\S+\s+({'|'.join(COMPOSED)})\s", line):
        first = re.fullmatch(r"\s*\S+\s+\S*", line)
        out.print(" ".join(COMMANDS) if first else "")
        return 0
    shorter = re.sub(rf"^(\s*\S+)\s+({'|'.join(COMPOSED)})(?=\s)", r"\1", line)
    os.environ["COMP_LINE"], os.environ["COMP_POINT"] = shorter, str(len(shorter))
    with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
        _hydra("", arguments, folder, lambda tree: None)
    return 0


def _look(tree: "DictConfig", folders: set[str]) -> int:
    """Whether one job of a sweep can be begun."""
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
    from sim2coco.run import Tally, counts, generate

    recipe, options = read(tree)
    _on_signals(_stop_soon)
    pictures = options.num_images * (1 + recipe.augment.copies)
    # Copies are made in the augmented splits only.
    extra = f", up to {pictures} pictures with their copies" if recipe.augment.copies else ""
    asked_for = f"{counted(options.num_images, 'image')}{extra}, {counted(options.workers, 'worker')}"
    title = f"{options.out}: {asked_for}"
    with ProgressBar(out, options.num_images, "images", title) as bar:

        def report(tally: Tally) -> None:
            if asked:
                ended = [f"num_images={tally.accepted} ends it with what is there"] if tally.accepted else []
                raise Interrupted(asked.pop(), *ended)
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
    if missing and result.images >= ENOUGH * len(result.labels):
        why = "too few images, or tiny, hidden, or too large to find a place; see its size_m"
        err.print(f"no label of {', '.join(missing)}: {why}", markup=False)
    for scene, error in result.failed:
        err.print(f"scene {scene} failed: {error}; retry_failed=true tries it again", markup=False)
    return 3 if result.failed else 0


def _preview(tree: "DictConfig") -> int:
    from sim2coco.cli.config import read_preview
    from sim2coco.review.preview import preview
    from sim2coco.run import counts

    recipe, target = read_preview(tree)
    _on_signals(_stop)
    pictures, reasons = preview(recipe, target)
    out.print(f"{target}: {pictures} labelled pictures; rejected: {counts(reasons)}", markup=False)
    return 0


def _plain(command: str, arguments: list[str]) -> int:
    """A command about a data set or this installation."""
    parser = Parser(prog=f"sim2coco {command}", description=COMMANDS[command])
    if command != "doctor":
        parser.add_argument("data", help="the data set's folder")
    if command == "show":
        parser.add_argument("picture", nargs="?", help="a picture's name, for example s000057_v02")
        parser.add_argument("--sheet", type=_positive, metavar="N", help="the first N pictures on one PNG")
        parser.add_argument(
            "--to", metavar="PNG", help="where to write; PICTURE.png or DATA_sheet.png here by default"
        )
    if command == "replay":
        parser.add_argument("picture", help="a picture's name, for example s000057_v02")
        folders = "where to look for the data set's own meshes and images; may be given several times"
        parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
        parser.add_argument("--to", metavar="FILE", help="write the rendered picture there")
    if command == "check":
        parser.add_argument("--json", action="store_true", help="print the faults as JSON")
    options = parser.parse_args(arguments)
    if command == "doctor":  # works where nothing else does, so nothing else is loaded
        from sim2coco.doctor import report

        return report(out)
    from sim2coco.cli import commands

    _on_signals(_stop)
    return guarded(lambda: getattr(commands, command)(options, out))


def _assets(arguments: list[str]) -> int:
    """A command about meshes and libraries of them."""
    from sim2coco.cli import assets as commandline

    parser = Parser(prog="sim2coco assets", description=COMMANDS["assets"])
    commandline.add_arguments(parser)
    options = parser.parse_args(arguments)
    _on_signals(_stop)
    return guarded(lambda: commandline.run(options, out))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


if __name__ == "__main__":
    main()
