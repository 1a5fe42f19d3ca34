"""The size of a data set or of a part of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The number of images and annotations."""

    images: int = 0
    annotations: int = 0

    def __add__(self, other: "Size") -> "Size":
        """Returns the total size."""
        return Size(self.images + other.images, self.annotations + other.annotations)
