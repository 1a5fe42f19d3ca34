"""Progress of a repair, in images."""

from collections.abc import Callable

STAGES = 3
"""The stages: image files are read, annotations are repaired, and the copy is checked."""


class Progress:
    """Counts the steps of a repair; each stage counts as a third of all images.

    Args:
        show: Called with the number of images that are done, and their total number.
    """

    def __init__(self, show: Callable[[int, int], None]) -> None:
        """Counts nothing yet."""
        self._show = show
        self._images = 0
        self._shares = [0.0] * STAGES
        self._steps = [0.0, 0.0]
        self._told = -1

    def begin(self, images: int, annotations: int) -> None:
        """Sets the numbers of images and annotations."""
        self._images = images
        self._steps = [1 / max(images, 1), 1 / max(annotations, 1)]
        self._put(0, 0.0)

    def image(self) -> None:
        """Counts an image whose file has been read."""
        self._put(0, self._shares[0] + self._steps[0])

    def annotation(self) -> None:
        """Counts an annotation that has been repaired, or left out."""
        self._put(1, self._shares[1] + self._steps[1])

    def checked(self, done: int, total: int) -> None:
        """Reports the number of checked images of the copy; the earlier stages count as done."""
        self._shares[:2] = 1.0, 1.0
        self._put(2, done / max(total, 1))

    def _put(self, stage: int, share: float) -> None:
        self._shares[stage] = share
        done = min(int(self._images * sum(self._shares) / STAGES + 1e-6), self._images)
        if done > self._told:
            self._told = done
            self._show(done, self._images)
