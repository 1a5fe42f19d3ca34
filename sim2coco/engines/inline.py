"""Scenes in this process: for notebooks, debuggers and previews."""

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

from sim2coco.context import WorkerContext
from sim2coco.engines.engine import Engine, Job, make_and_commit
from sim2coco.records import Summary


class Inline(Engine):
    """In this process, one after the other; a crash in native code ends it.

    While scenes are made, OpenCV and BLAS compute on one thread in the whole process; after that as before.
    """

    kind: Literal["inline"] = "inline"

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes and commits scenes as the iterator gives them."""
        with closing(WorkerContext(job.recipe, job.scratch, job.catalogue)) as context:
            for scene in scenes:
                assert scene is not None  # none is running, so there is nothing to wait for
                yield make_and_commit(context, job.store, scene)
