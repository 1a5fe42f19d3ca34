"""Runs commands whose settings Hydra composes, as a single job or as a sweep, and completes command lines."""

import gc
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from sim.temporary import TemporaryFolderError, temporary_folder
from sim2coco.cli import sweeping
from sim2coco.cli.composing import compose, composed_in_fork, replaced, resolved
from sim2coco.cli.jobs import generate_one, preview_one, run_noted, validate
from sim2coco.cli.reporting import fail, guarded, of_the_system, out
from sim2coco.cli.stopping import exit_now, on_signals

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sim2coco.sweeps.row import SweepJob

HYDRA_COMMANDS = {"generate": "make, extend or resume a data set", "preview": "8 labelled images on one PNG"}
"""Commands whose settings Hydra composes, with their descriptions."""


def composed(command: str, arguments: list[str], work: Callable[[dict[str, Any]], int] | None = None) -> int:
    """Runs a command that Hydra configures: one job, or one for each point of a sweep.

    Args:
        command: Name of the command.
        arguments: Settings, and flags of Hydra.
        work: Called with the composed settings, if the command is none of `HYDRA_COMMANDS`.
    """
    if "--help" in arguments or "-h" in arguments:
        with _without_collection():
            from sim2coco.cli.manual import manual

            out.print(manual(command), markup=False)
        return 0
    try:
        with temporary_folder() as folder, _without_collection():
            codes = _jobs(command, arguments, work, folder)
    except BrokenPipeError:
        raise
    except Exception as error:
        return _failed(error, arguments)
    return max(codes, default=0)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Disables Python's cyclic garbage collector during imports, which create many objects and no garbage.

    The collector would take a tenth of the import time. Jobs and sweeps enable it again, only for objects
    that are created from then on.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _resume_collection() -> None:
    """Enables Python's cyclic garbage collector again, which then ignores all existing objects."""
    gc.freeze()
    gc.enable()


def _jobs(
    command: str, arguments: list[str], work: Callable[[dict[str, Any]], int] | None, folder: str
) -> list[int]:
    """Runs the jobs of `composed`; returns the exit code of each job. `folder` is a temporary folder."""
    codes: list[int] = []
    jobs = {"generate": generate_one, "preview": preview_one, **({command: work} if work else {})}

    def job(resolve: Callable[[], dict[str, Any]]) -> None:
        _resume_collection()
        codes.append(guarded(lambda: jobs[command](resolve())))
        on_signals(exit_now)

    if settings := composed_in_fork(command, arguments, folder):
        job(lambda: settings)
        return codes
    from sim2coco.cli.overrides import hydra_arguments
    from sim2coco.messages import ConfigError

    inputs = hydra_arguments(arguments)
    if not {"-m", "--multirun"} & set(inputs):
        compose(command, inputs, folder, lambda tree: job(lambda: resolved(tree)))
        return codes
    if command != "generate":
        raise ConfigError(f"{command} does not accept -m")
    return _sweep(inputs, folder)


def _failed(error: Exception, arguments: list[str]) -> int:
    """Prints in one line an error that occurred outside of jobs; `guarded` prints the errors of jobs."""
    from sim2coco.cli.composition_errors import composition_error
    from sim2coco.messages import ConfigError

    if isinstance(error, ConfigError | TemporaryFolderError):
        return fail(str(error))
    if type(error).__module__ == OSError.__module__ and isinstance(error, OSError):
        return fail(of_the_system(error), 1)
    return fail(composition_error(error, arguments))


def _sweep(arguments: list[str], folder: str) -> list[int]:
    """Runs all jobs of a sweep and compares their data sets; returns the exit code of each job.

    All jobs that are known in advance are validated before the first one runs.
    """
    _resume_collection()
    planned: list[SweepJob] = []
    codes: list[int] = []

    def validated(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: validate(resolved(tree), planned)))

    grid = sweeping.is_grid(arguments)
    if grid:
        with _jobs_composed_once():
            compose("generate", sweeping.without_launcher(arguments), folder, validated)
    if any(codes):
        return codes
    with (
        sweeping.folder_for(arguments, planned, folder) as shared,
        _jobs_composed_once() if grid else nullcontext(),
    ):

        def job(tree: "DictConfig") -> float | None:
            return run_noted(resolved(tree), shared)

        try:
            compose("generate", arguments, shared, job)
        finally:  # what has been made is compared, whatever has ended the sweep
            codes = sweeping.finish(shared, planned)
        return codes


@contextmanager
def _jobs_composed_once() -> Iterator[None]:
    """Disables Hydra's own validation of sweeps, which composes each job once more than necessary."""
    from hydra.plugins.sweeper import Sweeper

    with replaced(Sweeper, "validate_batch_is_legal", lambda *_: None):
        yield


def complete(arguments: list[str], commands: Iterable[str]) -> int:
    """Prints completions of a command line for bash: commands are completed here, settings by Hydra."""
    line = os.environ.get("COMP_LINE", "")
    if arguments[1:2] == ["query=bash"] and not re.match(rf"\s*\S+\s+({'|'.join(HYDRA_COMMANDS)})\s", line):
        first = re.fullmatch(r"\s*\S+\s+\S*", line)
        out.print(" ".join(commands) if first else "")
        return 0
    shorter = re.sub(rf"^(\s*\S+)\s+({'|'.join(HYDRA_COMMANDS)})(?=\s)", r"\1", line)
    os.environ["COMP_LINE"], os.environ["COMP_POINT"] = shorter, str(len(shorter))
    with temporary_folder() as folder:
        compose("", arguments, folder, lambda tree: None)
    return 0
