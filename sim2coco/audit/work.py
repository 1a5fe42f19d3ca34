"""Audits the images of a data set scene by scene in worker processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

from sim2coco.audit.dataset import DataSet, Image, read_json
from sim2coco.audit.errors import AuditError
from sim2coco.audit.findings import Finding, ImageReport
from sim2coco.audit.image import ImageAudit
from sim2coco.audit.meshes import Meshes
from sim2coco.audit.scene import Scene, UnknownSurface

MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, ZeroDivisionError)
"""The exceptions that reading a hand-edited record may raise."""

Progress = Callable[[int, int], None]
"""Called with the number of images done so far and the total number of images."""


class SceneWork:
    """Audits the chosen images of scenes; models stay in memory between scenes.

    Args:
        data: The data set, without its images.
        places: A dict from asset key to mesh file, for the assets that come from a file.
    """

    def __init__(self, data: DataSet, places: dict[str, Path]) -> None:
        """Reads nothing yet."""
        self._data, self._meshes = data, Meshes(data.run, places)

    def reports(self, images: Sequence[Image]) -> list[ImageReport]:
        """Audits images of one scene."""
        try:
            record = read_json(self._data.root / images[0].record)
            scene = Scene(record, self._meshes)
        except UnknownSurface as unknown:
            return [ImageReport(image.file, left_out=str(unknown)) for image in images]
        except (OSError, *MALFORMED) as error:
            return [_unreadable(image, error) for image in images]
        return [self._report(image, scene, record) for image in images]

    def _report(self, image: Image, scene: Scene, record: dict[str, object]) -> ImageReport:
        try:
            return ImageAudit(self._data, image, scene, record).report()
        except MALFORMED as error:
            return _unreadable(image, error)


def _unreadable(image: Image, error: Exception) -> ImageReport:
    what = f"{image.record} or its annotations cannot be read ({type(error).__name__}: {error})"
    return ImageReport(image.file, findings=[Finding(image.file, None, "record", what[:200])])


def audited(data: DataSet, places: dict[str, Path], workers: int, progress: Progress) -> list[ImageReport]:
    """Audits the images of a data set; the results are in image order.

    Args:
        data: The data set.
        places: A dict from asset key to mesh file, for the assets that come from a file.
        workers: Number of processes; with 1, no worker process is started.
        progress: Called with the number of images done so far and the total number of images.

    Raises:
        AuditError: A process ended unexpectedly.
    """
    progress(0, len(data.images))
    scenes = [list(images) for _, images in groupby(data.images, lambda image: image.record)]
    found: dict[str, ImageReport] = {}
    for reports in _results(data, places, scenes, workers):
        found.update((report.file, report) for report in reports)
        progress(len(found), len(data.images))
    return [found[image.file] for image in data.images]


def _results(
    data: DataSet, places: dict[str, Path], scenes: list[list[Image]], workers: int
) -> Iterator[list[ImageReport]]:
    bare = DataSet(data.root, data.run, data.categories, (), data.total)
    workers = min(workers, len(scenes))
    if workers <= 1:
        work = SceneWork(bare, places)
        yield from map(work.reports, scenes)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (bare, places))
    try:
        for done in as_completed([pool.submit(_reports, images) for images in scenes]):
            yield done.result()
    except BrokenProcessPool:
        raise AuditError("an audit process ended unexpectedly; use --workers 1 to see where") from None
    finally:
        pool.shutdown(cancel_futures=True)


_work: list[SceneWork] = []
"""The `SceneWork` of this process, if it is a worker process."""


def _begin(data: DataSet, places: dict[str, Path]) -> None:
    _work.append(SceneWork(data, places))


def _reports(images: list[Image]) -> list[ImageReport]:
    return _work[0].reports(images)
