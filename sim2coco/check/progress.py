"""Progress of a check, in images."""

from collections.abc import Callable
from dataclasses import dataclass

Show = Callable[[int, int], None]
"""Called with the number of images checked so far and the total number of images."""


@dataclass
class Progress:
    """Counts the steps of a check.

    The labels and the file of each image are one step each and, in a sim2coco data set, so is its record.

    Attributes:
        show: Called once every `steps` steps.
        images: Number of images in the annotation files.
        steps: Number of steps per image.
        done: Number of steps so far.
    """

    show: Show = lambda done, total: None
    images: int = 0
    steps: int = 1
    done: int = 0

    def step(self) -> None:
        """Counts a step; the number shown is limited to `images`, because records may list more images."""
        self.done += 1
        if self.done % self.steps == 0:
            self.show(min(self.done // self.steps, self.images), self.images)
