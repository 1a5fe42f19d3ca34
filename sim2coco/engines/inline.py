"""The engine that makes scenes in this process, for notebooks, debuggers and previews."""

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

from sim2coco.engines.engine import Engine, Job
from sim2coco.records import Summary


class Inline(Engine):
    """Makes scenes in this process, one after another; a crash in native code ends the process.

    While scenes are made, OpenCV and BLAS use one thread in the whole process. Their previous thread counts
    are restored afterwards.
    """

    kind: Literal["inline"] = "inline"

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes scenes one after another and writes them to the store; yields the summary of each.

        Args:
            job: The run.
            scenes: Indices of the scenes; no entry may be None.
        """
        # Imported here, as other engines do not need the renderers in this process.
        from sim2coco.committing import make_and_commit
        from sim2coco.context import WorkerContext

        with closing(WorkerContext(job.recipe, job.scratch, job.catalogue)) as context:
            for scene in scenes:
                assert scene is not None  # None means to wait for a running scene, and none is running
                yield make_and_commit(context, job.store, scene)
