"""The jobs of a sweep: each notes its result when it ends, and finally all results are summarised."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sim2coco.cli.reporting import out

if TYPE_CHECKING:
    from sim2coco.cli.config import RunOptions
    from sim2coco.sweeps.row import SweepJob

NAME = "sweep"
"""Name of the files of the summary, without suffix."""
OF_LAUNCHERS = ("hydra/launcher", "hydra.launcher")
OF_SWEEPERS = ("hydra/sweeper", "hydra.sweeper")


def begins(argument: str, keys: Sequence[str]) -> bool:
    """Whether a command-line override sets one of `keys`, or a key nested below one of them."""
    return argument.lstrip("+~").partition("=")[0].startswith(tuple(keys))


def is_grid(arguments: Sequence[str]) -> bool:
    """Whether the jobs of a sweep are known before it starts.

    They are not known if Optuna's sweeper chooses them during the sweep.
    """
    return not any(begins(argument, OF_SWEEPERS) for argument in arguments)


def without_launcher(arguments: Sequence[str]) -> list[str]:
    """Removes the arguments that choose or configure a launcher, so that all jobs run in this process."""
    return [argument for argument in arguments if not begins(argument, OF_LAUNCHERS)]


@contextmanager
def folder_for(arguments: Sequence[str], planned: Sequence["SweepJob"], folder: str) -> Iterator[str]:
    """Yields a folder in which all jobs of a sweep can note their results.

    Without a launcher, this is `folder`. A launcher may run the jobs on other machines; with one, it is a
    temporary folder beside the data sets.

    Args:
        arguments: The arguments of the command line.
        planned: The jobs that are known before the sweep starts.
        folder: A temporary folder on this machine.
    """
    if not any(begins(argument, OF_LAUNCHERS) for argument in arguments):
        yield folder
        return
    parent = _parent([job.out for job in planned]) if planned else Path.cwd()
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".sweep-", dir=parent, ignore_cleanup_errors=True) as shared:
        yield shared


def job_of(options: "RunOptions") -> "SweepJob":
    """Returns the job that Hydra composed last.

    Args:
        options: The run options of this job.

    Raises:
        ConfigError: The job writes to an object store and not to a folder.
    """
    from hydra.core.hydra_config import HydraConfig

    from sim2coco.messages import ConfigError
    from sim2coco.objects.urls import is_url
    from sim2coco.sweeps.row import SweepJob

    hydra = HydraConfig.get()
    if is_url(options.out):
        raise ConfigError(
            f"out: {options.out}: a sweep needs local folders; run each job as a separate command"
        )
    return SweepJob(int(hydra.job.num), tuple(map(str, hydra.overrides.task)), Path(options.out).absolute())


def note(folder: str, job: "SweepJob", code: int, score: float | None = None) -> None:
    """Writes the result of a job that has ended to a file in `folder`.

    The results of all jobs are collected as files, because a launcher may run each job in another process.
    """
    entry = [job.number, job.overrides, str(job.out), code, score]
    Path(folder, f"job{job.number}.json").write_text(json.dumps(entry))


def noted(folder: str) -> dict[int, tuple["SweepJob", int, float | None]]:
    """Reads all notes in `folder` into a dict, sorted by key, from job number to (job, exit code, score)."""
    from sim2coco.sweeps.row import SweepJob

    entries = sorted(json.loads(path.read_text()) for path in Path(folder).glob("job*.json"))
    return {
        number: (SweepJob(number, tuple(overrides), Path(made)), code, score)
        for number, overrides, made, code, score in entries
    }


def finish(folder: str, planned: Sequence["SweepJob"]) -> list[int]:
    """Writes and prints the summary of a sweep.

    A job without a note was killed, or ran on another machine. Its exit code is derived from its data set.

    Args:
        folder: The folder of the notes.
        planned: The jobs that were known before the sweep started.

    Returns:
        The exit code of each job, in the order of the job numbers.
    """
    from sim2coco.sweeps.row import read_rows
    from sim2coco.sweeps.summary import write_summary

    ended = noted(folder)
    jobs = {job.number: job for job in planned} | {number: entry[0] for number, entry in ended.items()}
    scores = {number: entry[2] for number, entry in ended.items()}
    rows = read_rows([jobs[number] for number in sorted(jobs)], scores)
    if any(row.state != "none" for row in rows):
        for path in write_summary(rows, _parent([row.job.out for row in rows]), NAME):
            out.print(f"{os.path.relpath(path)}: written", markup=False)
    codes = {row.job.number: 3 if row.failed else 0 if row.state == "finished" else 1 for row in rows}
    return [ended[number][1] if number in ended else codes[number] for number in codes]


def _parent(folders: Sequence[Path]) -> Path:
    """Returns the deepest folder that contains the data set folders of all jobs."""
    return Path(os.path.commonpath([folder.parent for folder in folders]))
