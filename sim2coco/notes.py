"""What of the meshes of a run is not used: said once, at its start."""

import logging

from scenes.assets.catalogue import Catalogue

MAX_NOTES = 5
"""Lines that are written; the others are counted."""

log = logging.getLogger("sim2coco")


def log_notes(catalogue: Catalogue) -> None:
    """Logs warnings of what was not used of the mesh files, and of what was done to read them."""
    for note in catalogue.notes[:MAX_NOTES]:
        log.warning("%s", note)
    if len(catalogue.notes) > MAX_NOTES:
        log.warning("and %d more about mesh files", len(catalogue.notes) - MAX_NOTES)
