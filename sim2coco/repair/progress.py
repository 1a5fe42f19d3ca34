"""Progress of the repair of a data set, reported as a number of images."""

from collections.abc import Callable

STAGES = 3
"""The stages: image files are read, annotations are repaired, and the copy is checked."""


class Progress:
    """Combines the progress of the three stages of a repair into one number of images.

    When the first stage is complete, a third of all images is reported as done.

    Args:
        show: Called with the number of images that count as done, and the number of all images.
    """

    def __init__(self, show: Callable[[int, int], None]) -> None:
        """Begins without progress."""
        self._show = show
        self._images = 0
        self._shares = [0.0] * STAGES
        self._steps = [0.0, 0.0]
        self._told = -1

    def begin(self, images: int, annotations: int) -> None:
        """Sets the numbers of images and annotations of the data set, and reports 0 images."""
        self._images = images
        self._steps = [1 / max(images, 1), 1 / max(annotations, 1)]
        self._put(0, 0.0)

    def image(self) -> None:
        """Counts one image as read (first stage)."""
        self._put(0, self._shares[0] + self._steps[0])

    def annotation(self) -> None:
        """Counts one annotation as repaired or left out (second stage)."""
        self._put(1, self._shares[1] + self._steps[1])

    def checked(self, done: int, total: int) -> None:
        """Sets the progress of the third stage, in which the repaired copy is checked.

        The other two stages then count as complete.

        Args:
            done: Number of checked images of the copy.
            total: Number of all images of the copy.
        """
        self._shares[:2] = 1.0, 1.0
        self._put(2, done / max(total, 1))

    def _put(self, stage: int, share: float) -> None:
        self._shares[stage] = share
        done = min(int(self._images * sum(self._shares) / STAGES + 1e-6), self._images)
        if done > self._told:
            self._told = done
            self._show(done, self._images)
