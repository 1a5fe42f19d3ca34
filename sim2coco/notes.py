"""Logs warnings about mesh files, once at the start of a run."""

import logging

from scenes.assets.catalogue import Catalogue

MAX_NOTES = 5
"""Maximum number of notes that are logged; further ones are only counted."""

log = logging.getLogger("sim2coco")


def log_notes(catalogue: Catalogue) -> None:
    """Logs warnings about parts of mesh files that were ignored, or were changed on reading."""
    for note in catalogue.notes[:MAX_NOTES]:
        log.warning("%s", note)
    if len(catalogue.notes) > MAX_NOTES:
        log.warning("and %d more warnings about mesh files", len(catalogue.notes) - MAX_NOTES)
