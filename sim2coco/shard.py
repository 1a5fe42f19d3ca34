"""A part of the scenes of a data set, which one of several machines makes."""

import re
from dataclasses import dataclass
from typing import Self

MAX_SHARDS = 100_000


@dataclass(frozen=True, slots=True)
class Shard:
    """The scenes `index`, `index + number`, `index + 2 * number`, ..."""

    index: int
    number: int

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Parses a shard that is written as `index/number`.

        Raises:
            ValueError: The text is not of this form, or there is no such shard.
        """
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if match is None:
            raise ValueError("write INDEX/NUMBER, such as 0/8; the index starts at 0")
        index, number = map(int, match.groups())
        if not 1 <= number <= MAX_SHARDS:
            raise ValueError(f"the number of shards must be from 1 to {MAX_SHARDS}")
        if index >= number:
            raise ValueError(f"shards are counted from 0: 0/{number} to {number - 1}/{number}")
        return cls(index, number)

    def __str__(self) -> str:
        """The form `index/number`, as users write it."""
        return f"{self.index}/{self.number}"

    @property
    def name(self) -> str:
        """A name that is unique among all shards."""
        return f"{self.index}-of-{self.number}"

    def holds(self, scene: int) -> bool:
        """Whether a scene belongs to this shard."""
        return scene % self.number == self.index

    def images(self, num_images: int) -> int:
        """Number of images that this shard makes: its equal part of `num_images`, rounded up."""
        return -(-num_images // self.number)
