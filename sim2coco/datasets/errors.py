"""The exception for a data set that cannot be used."""

from pathlib import Path


class DataSetError(ValueError):
    """The folder is not a data set, or an image or file is missing or broken; the message is one line."""


def no_images(root: Path) -> DataSetError:
    """Returns the error for a data set without images, which may be an unfinished run."""
    run = f"; `sim2coco status {root}` shows the progress of its run" if (root / "run.json").exists() else ""
    return DataSetError(f"{root}: has no images yet{run}")
