"""Small images of rejected views, rendered again from their records when a run ends."""

import logging
import re
from collections.abc import Iterator
from contextlib import closing

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.context import WorkerContext
from sim2coco.engines.engine import Job
from sim2coco.pipeline import make_view
from sim2coco.records import Record, View, from_bytes, picture_key, picture_name, record_names
from sim2coco.statistics.pixels import at_most

FOLDER = "rejected"
"""Folder of the rejected images in the data set, with a subfolder for each reason."""
LONGER_PX, QUALITY = 240, 80
"""The longer side of the images in pixels, and their JPEG quality."""

Pixels = NDArray[np.uint8]
log = logging.getLogger("sim2coco")


def folder_of(reason: str) -> str:
    """The image folder of a rejection reason; special characters in its name are replaced.

    Example:
        >>> folder_of("augment:too_dark")
        'rejected/augment_too_dark'
    """
    return f"{FOLDER}/{re.sub('[^A-Za-z0-9_-]', '_', reason)[:80]}"


def keep_rejected(job: Job, number: int) -> None:
    """Writes images of the first rejected views for each reason, and deletes images of other rejected views.

    Views that were rejected before rendering, for example with a camera below the floor, have no image.

    Args:
        job: The run; all its scenes are finished.
        number: Maximum number of views for each reason.
    """
    kept: set[str] = set()
    chosen = list(_first(job, number))
    if chosen:
        with closing(WorkerContext(job.recipe, job.scratch, job.catalogue)) as context:
            for record, view, reasons in chosen:
                if (image := _image(context, record, view)) is not None:
                    own = picture_name(record.scene, view.view, view.lighting, 0, "jpg")
                    names = [f"{folder_of(reason)}/{own}" for reason in reasons]
                    for name in names:
                        job.store.put(name, _small(image), sync=False)
                    kept.update(names)
    for name in list(job.store.list(FOLDER)):
        if name not in kept and picture_key(name) is not None:
            job.store.delete(name)


def _first(job: Job, number: int) -> Iterator[tuple[Record, View, list[str]]]:
    """Yields the first `number` rejected views for each rejection reason.

    Each is yielded once, as (record, view, reasons); `reasons` are those for which it is among the first.
    """
    seen: dict[str, int] = {}
    for name in list(record_names(job.store)):
        record = from_bytes(job.store.get(name))
        for view in record.views:
            reasons = [reason for reason in view.reasons if seen.get(reason, 0) < number]
            for reason in reasons:
                seen[reason] = seen.get(reason, 0) + 1
            if reasons:
                yield record, view, reasons


def _image(context: WorkerContext, record: Record, view: View) -> Pixels | None:
    """Renders a rejected view again; None if it is rejected before rendering, or if an error occurs."""
    seen: list[Pixels] = []
    context.rejected = seen.append
    assert record.settled is not None
    try:
        ((pictures, _),) = make_view(context, record.settled, [view.shot])
    except Exception:
        log.warning("scene %d, view %d: cannot be rendered again", record.scene, view.view, exc_info=True)
        return None
    if pictures:  # accepted by the checks, but left out for a target
        content = np.frombuffer(pictures[0].image, np.uint8)
        seen.append(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR_RGB), np.uint8))
    return seen[0] if seen else None


def _small(image: Pixels) -> bytes:
    done, content = cv2.imencode(
        ".jpg", at_most(image, LONGER_PX)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    assert done
    return content.tobytes()
