"""Commands whose settings Hydra composes: one job, or one for each point of a sweep; and completion."""

import gc
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

from sim.temporary import TemporaryFolderError, temporary_folder
from sim2coco.cli import sweeping
from sim2coco.cli.jobs import generate_one, preview_one, run_noted, validate
from sim2coco.cli.reporting import fail, guarded, of_the_system, out
from sim2coco.cli.stopping import exit_now, on_signals, temporary_folders
from sim2coco.preloaded import PRELOADED, TRANSFORMS

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sim2coco.sweeps.row import SweepJob

HYDRA_COMMANDS = {"generate": "make, extend or resume a data set", "preview": "8 labelled images on one PNG"}
"""Commands whose settings Hydra composes, with their descriptions."""


def composed(command: str, arguments: list[str], work: Callable[["DictConfig"], int] | None = None) -> int:
    """Runs a command that Hydra configures: one job, or one for each point of a sweep.

    Args:
        command: Its name.
        arguments: Settings, and flags of Hydra.
        work: What it does with the composed settings, if it is none of `HYDRA_COMMANDS`.
    """
    if "--help" in arguments or "-h" in arguments:
        from sim2coco.cli.manual import manual

        out.print(manual(command), markup=False)
        return 0
    try:
        with temporary_folder() as folder:
            temporary_folders.append(folder)
            with _without_collection(), _server_in_advance(command, arguments, folder):
                codes = _jobs(command, arguments, work, folder)
    except BrokenPipeError:
        raise
    except Exception as error:
        return _failed(error, arguments)
    return max(codes, default=0)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keeps Python from looking for cycles of objects during imports, which make many objects and no garbage.

    It takes a tenth of the time of imports. Jobs and sweeps turn it on again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _jobs(
    command: str, arguments: list[str], work: Callable[["DictConfig"], int] | None, folder: str
) -> list[int]:
    """Does what `composed` says with a temporary folder, and returns the exit code of each job."""
    from sim2coco.cli.overrides import hydra_arguments
    from sim2coco.messages import ConfigError

    codes: list[int] = []
    jobs = {"generate": generate_one, "preview": preview_one, **({command: work} if work else {})}

    def job(tree: "DictConfig") -> None:
        gc.enable()
        codes.append(guarded(lambda: jobs[command](tree)))
        on_signals(exit_now)

    inputs = hydra_arguments(arguments)
    if not {"-m", "--multirun"} & set(inputs):
        _hydra(command, inputs, folder, job)
        return codes
    if command != "generate":
        raise ConfigError(f"{command} does not accept -m")
    return _sweep(inputs, folder)


def _failed(error: Exception, arguments: list[str]) -> int:
    """Prints an error of ours, of Hydra or of the system in one line; `guarded` catches those of jobs."""
    from sim2coco.cli.composition import composition_error
    from sim2coco.messages import ConfigError

    if isinstance(error, ConfigError | TemporaryFolderError):
        return fail(str(error))
    if type(error).__module__ == OSError.__module__ and isinstance(error, OSError):
        return fail(of_the_system(error), 1)
    return fail(composition_error(error, arguments))


def _server_in_advance(command: str, arguments: list[str], folder: str) -> AbstractContextManager[None]:
    """Starts the process that workers are forked from, which imports modules while settings are read.

    What both processes need is imported before. The server is not started if it may not be used, because of
    flags (a sweep starts one for each job, trusted settings may change the environment) or another engine;
    nor if there is one core only, or if the modules are already imported.
    """
    flags = [word for word in arguments if word.startswith("-") and not word.startswith("--config-dir")]
    engines = [word for word in arguments if word.startswith("engine=")]
    other = engines and engines[-1] != "engine=local"
    imported = PRELOADED[0] in sys.modules
    if command not in HYDRA_COMMANDS or flags or other or imported or len(os.sched_getaffinity(0)) == 1:
        return nullcontext()
    from sim2coco.forking import early
    from sim2coco.process import mark_as_own

    import_module(PRELOADED[0])
    mark_as_own()
    return early([*PRELOADED, *([] if "augment=none" in arguments else [TRANSFORMS])], folder)


def _sweep(arguments: list[str], folder: str) -> list[int]:
    """Runs all jobs of a sweep and compares what they have made; returns the exit code of each.

    All jobs are validated before any job runs, so that errors in all of them are found early.
    """
    gc.enable()
    planned: list[SweepJob] = []
    codes: list[int] = []

    def validated(tree: "DictConfig") -> None:
        codes.append(guarded(lambda: validate(tree, planned)))

    grid = sweeping.is_grid(arguments)
    if grid:
        with _jobs_composed_once():
            _hydra("generate", sweeping.without_launcher(arguments), folder, validated)
    if any(codes):
        return codes
    with (
        sweeping.folder_for(arguments, planned, folder) as shared,
        _jobs_composed_once() if grid else nullcontext(),
    ):

        def job(tree: "DictConfig") -> float | None:
            return run_noted(tree, shared)

        try:
            _hydra("generate", arguments, shared, job)
        finally:  # what has been made is compared, whatever has ended the sweep
            codes = sweeping.finish(shared, planned)
        return codes


@contextmanager
def _jobs_composed_once() -> Iterator[None]:
    """Keeps Hydra from composing each job of a sweep only to find errors, which `_sweep` finds itself."""
    from hydra.plugins.sweeper import Sweeper

    with _replaced(Sweeper, "validate_batch_is_legal", lambda *_: None):
        yield


@contextmanager
def _replaced(owner: type, name: str, value: object) -> Iterator[None]:
    """Replaces an attribute of a class for a while; `unittest.mock` takes 0.1 s to import for the same."""
    former = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, former)


def _hydra(command: str, arguments: list[str], folder: str, job: Callable[["DictConfig"], object]) -> None:
    """Composes the configuration with Hydra and calls a job once, or for each point of a sweep."""
    import hydra
    from hydra._internal.hydra import Hydra

    os.environ["HYDRA_FULL_ERROR"] = "1"
    # These overrides come last, so that they replace those of the user. With them, Hydra leaves no files
    # behind, and relative paths are relative to the user's working directory.
    last = [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.job.chdir=false"]
    sys.argv = [f"sim2coco {command}", *arguments, *([] if "-sc" in arguments else last)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"hydra\.")
        # A file of the user with the name of a kind of a plug-in is merged over the settings of that kind.
        warnings.filterwarnings("ignore", message=r"\s*'.*' is validated against ConfigStore schema")
        # Hydra composes everything once more only to read hydra.mode, which -m alone decides here.
        with _replaced(Hydra, "get_mode", lambda *_, **__: None):
            hydra.main(version_base="1.3", config_path="pkg://conf", config_name="config")(job)()


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
        _hydra("", arguments, folder, lambda tree: None)
    return 0
