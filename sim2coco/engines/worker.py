"""Worker processes of the engine `Local`: they make scenes, and list the current scene's assets in a file."""

import faulthandler
import os
import sysconfig
import tempfile
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import TYPE_CHECKING

from scenes.spec import SceneSpec
from sim2coco.children import redirect
from sim2coco.engines.engine import Job
from sim2coco.plugins import Plugin, load_plugin
from sim2coco.process import own_this_process
from sim2coco.records import Summary

if TYPE_CHECKING:
    from sim2coco.context import WorkerContext

LIBRARIES = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))
"""Folders of installed packages and of Python's own modules."""


def drawn_file(job: Job, scene: int) -> Path:
    """The file that lists the assets of a scene while it is being made."""
    return job.scratch / f"{scene}.drawn"


_worker: tuple["WorkerContext", Job] | None = None


def init_worker(path: Path, log_path: Path, plugins: tuple[Plugin, ...]) -> None:
    """Initializes a worker process; its output goes to the log, and its temporary files to its own folder."""
    global _worker
    redirect(log_path)
    faulthandler.enable(2)
    _die_first()
    own = path.parent / str(os.getpid())
    own.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    own_this_process()
    for plugin in plugins:  # before the job is unpickled, because its recipe may use their kinds
        load_plugin(plugin.path, plugin.sha256)
    job: Job = ForkingPickler.loads(path.read_bytes())
    from sim2coco.context import WorkerContext  # imported here, as only workers need it

    context = WorkerContext(job.recipe, job.scratch, job.catalogue)
    context.drawn = partial(_note_drawn, job)
    _worker = context, job


def _note_drawn(job: Job, spec: SceneSpec) -> None:
    """Writes the assets of a scene to a file, so that they are known if this process dies."""
    assets = dict.fromkeys(body.asset for body in spec.bodies)
    text = "".join(f"{asset}\0" for asset in assets)
    drawn_file(job, spec.scene).write_text(text, "utf-8", "surrogateescape")


def _die_first() -> None:
    """Makes the kernel kill workers, rather than other processes, if the machine runs out of memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def prepare(key: str) -> None:
    """Prepares the big mesh of the asset `key`, and stores it for all workers."""
    assert _worker is not None
    _worker[0].files.errors_m(key)


def make(scene: int) -> Summary:
    """Makes a scene and writes it to the store."""
    from sim2coco.committing import make_and_commit

    assert _worker is not None
    context, job = _worker
    try:
        made = make_and_commit(context, job.store, scene)
        drawn_file(job, scene).unlink(missing_ok=True)
        return made
    except Exception as error:
        traceback.print_exc()  # standard error is the log, in which a line about the scene follows
        error.add_note(_place(error))
        raise


def _place(error: Exception) -> str:
    """File, line and function in which an error occurred: the innermost frame outside installed packages."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    frame = (own or frames)[-1]
    return f"in {Path(frame.filename).name}, line {frame.lineno}, {frame.name}"
