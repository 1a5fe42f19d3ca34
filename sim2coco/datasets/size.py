"""The size of a data set, or of a part of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Number of images, and of annotations in them."""

    images: int = 0
    annotations: int = 0

    def __add__(self, other: "Size") -> "Size":
        """The size of both parts."""
        return Size(self.images + other.images, self.annotations + other.annotations)
