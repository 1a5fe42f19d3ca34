"""Renders eight images with their labels into one PNG, without writing a data set."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from sim.temporary import temporary_folder
from sim2coco.contactsheet import Image
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.own import labelled_image
from sim2coco.engines.engine import Job
from sim2coco.engines.local import Local
from sim2coco.notes import log_notes
from sim2coco.outputs import write_file
from sim2coco.png import png
from sim2coco.recipe import Recipe
from sim2coco.records import Record, Summary, from_bytes, kept_views, picture_path, record_name
from sim2coco.review.overlay import overlay, sheet
from sim2coco.storage import Store, StoreError
from sim2coco.store import LocalStore
from sim2coco.tally import GenerationError, advice, counts

PICTURES, COLUMNS, WIDTH_PX = 8, 4, 400
DEFAULT = "preview.png"
"""Name of the PNG if no path is given; an existing file of this name is replaced."""
MAX_SCENES = 24
MAX_WORKERS = 4


def preview(
    recipe: Recipe, target: Path, progress: Callable[[], None] = lambda: None
) -> tuple[int, Counter[str]]:
    """Makes one view of each of the first scenes, and writes a PNG with up to eight images and their labels.

    Args:
        recipe: The settings of the images.
        target: Path of the PNG.
        progress: Called regularly while scenes are generated; if it raises, the preview stops cleanly.

    Returns:
        The number of images, which is less than eight if few views are accepted, and the number of rejections
        for each reason.

    Raises:
        GenerationError: No view is accepted, or a scene failed.
        CatalogueError: A mesh cannot be used.
        EglUnavailable: The renderer does not work on this machine.
        StoreError: The PNG cannot be written, or would replace a file.
    """
    _check_writable(target)
    recipe.render.device()
    single = recipe.model_copy(update={"views": 1, "lightings": 1})
    engine, workers = Local(), min(MAX_WORKERS, len(os.sched_getaffinity(0)))
    with (
        temporary_folder() as folder,
        engine.prepared(single) as processes,
        ThreadPoolExecutor(1) as pool,  # it draws, so that this thread always has a scene for an idle worker
    ):
        catalogue = single.load_catalogue()
        log_notes(catalogue)
        single.hold_out(catalogue)  # fails early if splits cannot have meshes and textures of their own
        store = LocalStore(Path(folder) / "data")
        (Path(folder) / "scratch").mkdir()
        store.root.mkdir()
        page = _Page(catalogue.categories, store, pool)
        job = Job(single, catalogue, store, Path(folder) / "scratch", workers, processes)
        try:
            drawing = _fill(page, engine, job, progress)
        except (GenerationError, ChildProcessError):
            log = store.log()  # deleted with the temporary folder
            logging.getLogger(__name__).error("%s", log.read_text(errors="replace")[-4000:])
            raise
        if not page.drawn:
            told = f"rejected: {counts(page.reasons)}; {advice(page.reasons)}"
            raise GenerationError(f"no view of {MAX_SCENES} scenes was accepted; {told}")
        write_file(target, drawing.result(), "out", replace=True)
    return len(page.drawn), page.reasons


@dataclass
class _Page:
    """The images on the contact sheet so far. `scene` is the index of the next scene to add."""

    names: tuple[str, ...]
    store: Store
    pool: ThreadPoolExecutor
    scene: int = 0
    drawn: list[Future[Image]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> bool:
        return len(self.drawn) >= PICTURES or self.scene >= MAX_SCENES

    def add(self, record: Record) -> None:
        if record.status == "failed":
            raise GenerationError(f"scene {record.scene} failed: {record.error}")
        self.scene += 1
        self.reasons.update(reason for view in record.views for reason in view.reasons)
        self.reasons.update(record.unlucky if record.status == "rejected" else ())
        assert record.settled is not None or not record.views
        empty = "" if record.settled and record.settled.has_objects else " (no objects, on purpose)"
        info = DatasetInfo((), self.names, self.names)
        for view in kept_views(record, 1):
            for picture in view.pictures[: PICTURES - len(self.drawn)]:
                content = self.store.get(picture_path(record.split, picture.name))
                image = labelled_image(self.store, info, record, view, picture)
                self.drawn.append(self.pool.submit(_drawn, content, image, self.names))
                self.titles.append(picture.name + empty)


def _fill(page: _Page, engine: Local, job: Job, progress: Callable[[], None]) -> Future[bytes]:
    """Adds scenes to the page in the order of their indices, while later scenes are still being made.

    At any time, the number of scenes in progress is at most the number of free places on the page.

    Returns:
        A future with the PNG file of the page, which is drawn while the workers end.
    """
    waiting: set[int] = set()

    def scenes() -> Iterator[int | None]:
        for scene in range(MAX_SCENES):
            while len(page.drawn) + scene - page.scene >= PICTURES:
                yield None
            yield scene
        while True:
            yield None

    with closing(engine.run(job, scenes())) as made:  # type: ignore[type-var]
        for summary in made:
            progress()
            waiting.update([summary.scene] if isinstance(summary, Summary) else [])
            while page.scene in waiting and not page.done:
                page.add(from_bytes(page.store.get(record_name(page.scene))))
            if page.done:
                return page.pool.submit(_as_png, page)
    raise AssertionError("the engine ended before the page was full")


def _as_png(page: _Page) -> bytes:
    images = [drawn.result() for drawn in page.drawn]
    return png(sheet(images, COLUMNS, titles=page.titles)) if images else b""


def _drawn(content: bytes, image: LabelledImage, names: tuple[str, ...]) -> Image:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return overlay(np.asarray(pixels[..., ::-1], np.uint8), image, names, WIDTH_PX)


def _check_writable(target: Path) -> None:
    """Checks that the target can be written, before the images are rendered."""
    new = not target.exists()
    if not new and target.name != DEFAULT:
        raise StoreError(f"out: {target} exists; name another file, or delete it; only {DEFAULT} is replaced")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.open("ab").close()
        if new:
            target.unlink()
    except OSError as error:
        raise StoreError(f"out: cannot write {target}: {error.strerror}") from error
