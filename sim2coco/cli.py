"""The command line: one sentence for what is wrong, exit codes that mean something.

0 all done; 1 aborted, or faults found; 2 wrong input; 3 finished, but scenes failed; 130 and 143 interrupted.
"""

import argparse
import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from omegaconf import DictConfig

COMPOSED = {"generate": "make a data set, extend or resume it", "preview": "8 labelled pictures on one PNG"}
COMMANDS = {
    **COMPOSED,
    "show": "pictures of a data set with their labels drawn",
    "replay": "render a picture again from its record",
    "check": "is a data set right? every fault named",
    "doctor": "is this installation right? with the repair for what is not",
}

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Interrupted(BaseException):
    """The run was asked to stop by a signal."""


def main() -> None:
    """The program `sim2coco`."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    arguments = sys.argv[1:]
    if arguments[:1] in (["-sc"], ["--shell_completion"], ["--shell-completion"]):
        sys.exit(_complete(arguments))
    command = arguments[0] if arguments else "--help"
    if command in COMPOSED:
        sys.exit(_composed(command, arguments[1:]))
    if command in COMMANDS:
        sys.exit(_plain(command, arguments[1:]))
    _usage(command)


def _usage(command: str) -> None:
    from importlib.metadata import version

    if command == "--version":
        out.print(f"sim2coco {version('sim2coco')}")
        return
    if command not in ("--help", "-h", "help"):
        err.print(f"sim2coco: no command {command!r}; there are {', '.join(COMMANDS)}", markup=False)
        sys.exit(2)
    out.print("Simulation-based training images, exactly labelled, as COCO.\n\nusage: sim2coco COMMAND ...\n")
    for name, sentence in COMMANDS.items():
        out.print(f"  {name:10}{sentence}")
    out.print("\nsim2coco generate --help tells all settings; a first try: sim2coco preview")


def _fail(message: str, code: int = 2) -> int:
    err.print(f"sim2coco: {message}", markup=False)
    return code


def _stop(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def guarded(work: Callable[[], int]) -> int:
    """Runs one job; whatever goes wrong becomes one line and an exit code."""
    from sim2coco.config import ConfigError
    from sim2coco.run import GenerationError
    from sim2coco.store import StoreError

    for watched in (signal.SIGINT, signal.SIGTERM):
        signal.signal(watched, _stop)
    try:
        return work()
    except (ConfigError, StoreError) as error:
        return _fail(str(error))
    except GenerationError as error:
        return _fail(str(error), 1)
    except Interrupted as stopped:
        number = int(stopped.args[0])
        return _fail(f"stopped by {signal.Signals(number).name}; the same command goes on", 128 + number)
    except ValueError as error:
        if type(error).__module__.split(".")[0] not in ("scenes", "sim2coco"):
            raise
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or ''}; the same command goes on", 1)


def _composed(command: str, arguments: list[str]) -> int:
    """A command that Hydra configures: one job, or one for each point of a sweep."""
    if "--help" in arguments or "-h" in arguments:
        from sim2coco.manual import manual

        out.print(manual(command), markup=False)
        return 0
    from sim2coco.config import composition_sentence

    codes: list[int] = []
    jobs = {"generate": _generate, "preview": _preview}
    try:
        with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
            _hydra(
                command, arguments, folder, lambda tree: codes.append(guarded(lambda: jobs[command](tree)))
            )
    except Exception as error:
        if not type(error).__module__.startswith(("hydra", "omegaconf", "antlr4", "yaml")):
            raise
        return _fail(composition_sentence(error))
    return max(codes, default=0)


def _hydra(command: str, arguments: list[str], folder: str, job: Callable[["DictConfig"], None]) -> None:
    """Lets Hydra compose the configuration and call a job for each point of a sweep."""
    import hydra

    os.environ["HYDRA_FULL_ERROR"] = "1"
    where = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}"]
    sys.argv = [f"sim2coco {command}", *arguments, *([] if "-sc" in arguments else where)]
    hydra.main(version_base="1.3", config_path="pkg://conf", config_name="config")(job)()


def _complete(arguments: list[str]) -> int:
    """Completes a command line: our commands ourselves, the rest by Hydra, which knows none of them."""
    line = os.environ.get("COMP_LINE", "")
    if arguments[1:2] == ["query=bash"] and not re.match(rf"\s*\S+\s+({'|'.join(COMPOSED)})\s", line):
        out.print(" ".join(COMMANDS))
        return 0
    shorter = re.sub(rf"^(\s*\S+)\s+({'|'.join(COMPOSED)})(?=\s)", r"\1", line)
    os.environ["COMP_LINE"], os.environ["COMP_POINT"] = shorter, str(len(shorter))
    with tempfile.TemporaryDirectory(prefix="sim2coco-hydra-") as folder:
        _hydra("", arguments, folder, lambda tree: None)
    return 0


def _generate(tree: "DictConfig") -> int:
    from sim2coco.config import read
    from sim2coco.progress import RunProgress
    from sim2coco.run import counts, generate

    recipe, options = read(tree)
    pictures = options.num_images * (1 + recipe.augment.copies)
    # Copies are made in the augmented splits only.
    extra = f", up to {pictures} pictures with their copies" if recipe.augment.copies else ""
    title = f"{options.out}: {options.num_images} images{extra}, {options.workers} workers"
    with RunProgress(out, options.num_images, title) as progress:
        result = generate(
            recipe,
            options.out,
            options.num_images,
            workers=options.workers,
            engine=options.engine,
            retry_failed=options.retry_failed,
            progress=progress,
        )
    made = f"{result.images} images of {result.scenes} scenes"
    out.print(f"{options.out}: {made}; rejected: {counts(result.reasons)}", markup=False)
    for scene, error in result.failed:
        err.print(f"scene {scene} failed: {error}; retry_failed=true tries it again", markup=False)
    return 3 if result.failed else 0


def _preview(tree: "DictConfig") -> int:
    from sim2coco.config import read_preview
    from sim2coco.review.preview import preview

    recipe, target = read_preview(tree)
    preview(recipe, target)
    out.print(f"{target}: 8 labelled pictures", markup=False)
    return 0


def _plain(command: str, arguments: list[str]) -> int:
    """A command about a data set or this installation."""
    parser = argparse.ArgumentParser(prog=f"sim2coco {command}", description=COMMANDS[command])
    if command != "doctor":
        parser.add_argument("data", help="the data set's folder")
    if command == "show":
        parser.add_argument("picture", nargs="?", help="a picture's name, for example s000057_v02")
        parser.add_argument("--sheet", type=int, metavar="N", help="the first N pictures on one PNG")
        parser.add_argument(
            "--to", metavar="PNG", help="where to write; beside the data set's name by default"
        )
    if command == "replay":
        parser.add_argument("picture", help="a picture's name, for example s000057_v02")
        parser.add_argument("--meshes", metavar="FOLDER", help="where the data set's own meshes lie now")
        parser.add_argument("--to", metavar="FILE", help="write the rendered picture there")
    if command == "check":
        parser.add_argument("--json", action="store_true", help="print the faults as JSON")
    options = parser.parse_args(arguments)
    if command == "doctor":  # works where nothing else does, so nothing else is loaded
        from sim2coco.doctor import report

        return report(out)
    from sim2coco import commands

    return guarded(lambda: getattr(commands, command)(options, out))


if __name__ == "__main__":
    main()
