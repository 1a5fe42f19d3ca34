"""Eight labelled pictures on one PNG, without a data set."""

import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from sim2coco.context import WorkerContext
from sim2coco.notes import log_notes
from sim2coco.pipeline import labelled, make_scene
from sim2coco.recipe import Recipe
from sim2coco.review.overlay import Image, overlay, png, sheet
from sim2coco.run import GenerationError, counts
from sim2coco.store import StoreError

PICTURES, COLUMNS = 8, 4
MAX_SCENES = 24


def preview(recipe: Recipe, target: Path) -> tuple[int, Counter[str]]:
    """Writes eight pictures of the first scenes, one a scene, with their labels drawn.

    Returns:
        How many there are, fewer where hardly any is accepted; and why others were rejected.

    Raises:
        GenerationError: No view is accepted.
        CatalogueError: A mesh cannot be used.
        EglUnavailable: The renderer cannot draw on this machine.
        StoreError: The PNG cannot be written.
    """
    _check_writable(target)
    recipe.render.device()
    single = recipe.model_copy(update={"views": 1, "lightings": 1})
    drawn: list[Image] = []
    titles: list[str] = []
    reasons: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="sim2coco-") as folder,
        closing(WorkerContext(single, Path(folder))) as context,
    ):
        log_notes(context.catalogue)
        for scene in range(MAX_SCENES):
            record, files = make_scene(context, scene)
            reasons.update(reason for view in record.views for reason in view.reasons)
            reasons.update(record.unlucky if record.status == "rejected" else ())
            for file in files[: PICTURES - len(drawn)]:
                pixels = cv2.imdecode(np.frombuffer(file.content, np.uint8), cv2.IMREAD_COLOR)
                assert pixels is not None
                image = np.asarray(pixels[..., ::-1], np.uint8)
                drawn.append(overlay(image, file.picture, context.catalogue.names))
                assert record.settled is not None
                empty = "" if labelled(record.settled) else " (no objects, on purpose)"
                titles.append(file.picture.name + empty)
            if len(drawn) >= PICTURES:
                break
    if not drawn:
        raise GenerationError(f"no view of {MAX_SCENES} scenes was accepted; rejected: {counts(reasons)}")
    target.write_bytes(png(sheet(drawn, COLUMNS, titles=titles)))
    return len(drawn), reasons


def _check_writable(target: Path) -> None:
    """Finds out before the work, and leaves nothing."""
    new = not target.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.open("ab").close()
        if new:
            target.unlink()
    except OSError as error:
        raise StoreError(f"out: cannot write {target}: {error.strerror}") from error
