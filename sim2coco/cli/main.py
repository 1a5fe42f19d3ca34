"""The entry point of the command line: the commands, and one-line error messages.

Exit codes: 0 success; 1 aborted, or faults found; 2 invalid input; 3 finished, but scenes failed; 130 and 143
stopped by SIGINT and SIGTERM.
"""

import atexit
import gc
import logging
import os
import shlex
import signal
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from sim2coco.cli.arguments import Parser, add_arguments
from sim2coco.cli.hydra_jobs import HYDRA_COMMANDS, complete, composed
from sim2coco.cli.reporting import commands_run, fail, guarded, out, stopped_by
from sim2coco.cli.stopping import Interrupted, exit_now, interrupt, on_signals
from sim2coco.forked import flush_output
from sim2coco.objects.urls import is_place

PLUGGABLE = (*HYDRA_COMMANDS, "match", "replay", "check", "export")
"""Commands that accept `--plugin FILE.py`, because their recipe may use classes of a plug-in."""
COMMANDS = {
    **HYDRA_COMMANDS,
    "status": "show the progress of a run, and the remaining time",
    "show": "draw the labels on images of a data set",
    "replay": "render an image again from its record, and compare",
    "check": "check a data set, and list every fault",
    "audit": "recompute labels from your meshes by ray casting, and compare them",
    "review": "look at images on a local page, and accept or reject them",
    "report": "write an HTML page that describes a data set, or compares two",
    "export": "write a data set in another format",
    "download": "copy a data set from an object store to a folder",
    "merge": "merge data sets into one",
    "validate": "train a detector on data sets, and test it on a reference",
    "split": "divide a data set into train, val and test",
    "select": "keep the most useful images of a data set",
    "match": "propose settings whose images resemble those of a data set",
    "assets": "import, check or show your own meshes",
    "doctor": "check this installation, and suggest repairs",
}

OWN_ARGUMENTS = {
    "export": "exporting",
    "download": "downloading",
    "select": "selecting",
    "validate": "validating",
}
"""Maps each command whose arguments are defined in its own module to the name of the module."""
NARROW = ("ascii", "us-ascii", "ansi_x3.4-1968")
"""File system encodings that cannot represent most scripts."""


def main() -> None:
    """Runs the program `sim2coco` with the arguments in `sys.argv`, and exits with its exit code."""
    _use_utf8()
    on_signals(exit_now)
    atexit.register(gc.freeze)  # avoids a last garbage collection of all objects at exit
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        code = _run(sys.argv[1:])
        flush_output()
    except Interrupted as stopped:
        number, *finished = stopped.args
        text = "; ".join([stopped_by(number), *finished])
        code = fail(text, 128 + int(number))
    except BrokenPipeError:  # the reader of the output has ended, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    sys.exit(code)


def _use_utf8() -> None:
    """Restarts the program in Python's UTF-8 mode if the encoding of the locale is ASCII."""
    if sys.getfilesystemencoding().lower() in NARROW and not sys.flags.utf8_mode:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _run(arguments: list[str]) -> int:
    try:
        Path.cwd()
    except FileNotFoundError:
        return fail("the working directory has been deleted; change to another one with cd")
    if "--version" in arguments[:2]:
        return _print_usage("--version")
    if arguments[:1] == ["help"] and arguments[1:2]:
        arguments = [arguments[1], "--help"]
    words = arguments[1:] if arguments[:1] and arguments[0] in HYDRA_COMMANDS else arguments
    if words[:1] in (["-sc"], ["--shell-completion"]):
        return complete(words, COMMANDS)
    command = arguments[0] if arguments else "--help"
    if command not in PLUGGABLE or not any(word.startswith("--plugin") for word in arguments):
        return _dispatched(command, arguments)
    from sim2coco.cli.plugins import plugins_taken
    from sim2coco.messages import ConfigError

    try:
        with plugins_taken(arguments) as rest:
            return _dispatched(command, rest)
    except ConfigError as error:
        return fail(str(error))


def _dispatched(command: str, arguments: list[str]) -> int:
    """Runs a command after its plug-ins are loaded, and returns its exit code."""
    commands_run.append(command)
    if url := _url_to_read(command, arguments[1:]):
        return fail(
            f"{url}: cannot be read in place; first run sim2coco download {shlex.quote(url)} --out FOLDER"
        )
    if command in HYDRA_COMMANDS:
        return composed(command, arguments[1:])
    if command == "match":
        return _match(arguments[1:])
    if command == "assets":
        return _assets(arguments[1:])
    if command in OWN_ARGUMENTS:
        return _own(command, arguments[1:])
    if command in ("merge", "split"):
        return _derived(command, arguments[1:])
    if command in COMMANDS:
        return _plain(command, arguments[1:])
    return _print_usage(command)


def _url_to_read(command: str, words: list[str]) -> str | None:
    """The first object store URL that the command would read a data set or a library from, if any."""
    values = [word.partition("=")[::2] for word in words if "=" in word]
    named = [value for key, value in values if key.lstrip("+") != "out"] if command in HYDRA_COMMANDS else []
    if command not in ("generate", "status", "download"):
        named += words
    return next(filter(is_place, named), None)


def _print_usage(command: str) -> int:
    from importlib.metadata import version

    if command == "--version":
        out.print(f"sim2coco {version('sim2coco')}")
        return 0
    if command not in ("--help", "-h", "help"):
        from scenes.settings import did_you_mean

        if command.startswith("-"):
            return fail(f"no command {command!r}; flags come after the command: sim2coco generate {command}")
        return fail(f"no command {command!r}; {did_you_mean(command, [*COMMANDS])}")
    out.print("Simulation-based training images with exact COCO labels.\n\nusage: sim2coco COMMAND ...\n")
    for name, sentence in COMMANDS.items():
        out.print(f"  {name:10}{sentence}")
    out.print("\nsim2coco generate --help lists all settings; to start, try: sim2coco preview")
    out.print('bash completion: eval "$(sim2coco -sc install=bash)"', markup=False)
    return 0


def _plain(command: str, arguments: list[str]) -> int:
    """Runs a command that reads a data set or checks this installation."""
    parser = Parser(prog=f"sim2coco {command}", description=COMMANDS[command])
    add_arguments(parser, command)
    options = parser.parse_args(arguments)
    if command == "doctor":  # nothing else is imported, so that it works in a broken installation
        from sim2coco.doctor import report

        return report(out)
    on_signals(interrupt)
    if command == "audit":
        from sim2coco.cli import audit

        return guarded(lambda: audit.run(options, out))
    if command == "review":
        from sim2coco.cli import reviewing

        return guarded(lambda: reviewing.run(options, out))
    if command == "report":
        from sim2coco.cli import report as reports

        return guarded(lambda: reports.run(options, out))
    from sim2coco.cli import commands

    return guarded(lambda: getattr(commands, command)(options, out))


def _match(arguments: list[str]) -> int:
    """Runs `match`, which has its own arguments besides the settings that Hydra composes."""
    from sim2coco.cli.matching import match_one, parsed

    options, settings = parsed(arguments, COMMANDS["match"])
    return composed("match", settings, partial(match_one, options, settings))


def _assets(arguments: list[str]) -> int:
    """Runs an action of `assets` on meshes or a mesh library."""
    from sim2coco.cli import assets as commandline
    from sim2coco.cli.assets_arguments import add_arguments as add_assets_arguments

    parser = Parser(prog="sim2coco assets", description=COMMANDS["assets"])
    add_assets_arguments(parser)
    options = parser.parse_args(arguments)
    on_signals(interrupt)
    return guarded(lambda: commandline.run(options, out))


def _own(command: str, arguments: list[str]) -> int:
    """Runs a command whose arguments are defined by its module in `sim2coco.cli`."""
    module = import_module(f"sim2coco.cli.{OWN_ARGUMENTS[command]}")
    parser = Parser(prog=f"sim2coco {command}", description=COMMANDS[command])
    module.add_arguments(parser)
    options = parser.parse_args(arguments)
    on_signals(interrupt)
    return guarded(lambda: module.run(options, out))


def _derived(command: str, arguments: list[str]) -> int:
    """Runs `merge` or `split`, which make a data set from other data sets."""
    from sim2coco.cli import merging

    parser = Parser(prog=f"sim2coco {command}", description=COMMANDS[command])
    merging.add_arguments(parser, command)
    options = parser.parse_args(arguments)
    on_signals(interrupt)
    return guarded(lambda: merging.run(command, options, out))


if __name__ == "__main__":
    main()
