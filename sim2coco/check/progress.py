"""How far a check is, in images."""

from collections.abc import Callable
from dataclasses import dataclass

Show = Callable[[int, int], None]
"""Called with the number of images that are checked, and the number of all."""


@dataclass
class Progress:
    """Counts the steps of a check: for each image its labels, its file and, in a run, its record.

    Attributes:
        show: Told of each step.
        images: Number of images in the annotation files.
        steps: Number of steps for each image.
        done: Number of steps so far.
    """

    show: Show = lambda done, total: None
    images: int = 0
    steps: int = 1
    done: int = 0

    def step(self) -> None:
        """Counts a step. Records may have more images than the annotation files."""
        self.done += 1
        if self.done % self.steps == 0:
            self.show(min(self.done // self.steps, self.images), self.images)
