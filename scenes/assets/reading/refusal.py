"""Problems in mesh files: the exception for unusable files, and the note on a repair."""

from typing import Literal

Kind = Literal["unreadable", "no faces", "non-finite", "over a limit", "path trick"]


class Repair(str):
    """A note that invalid triangles were removed. Notes on data that is ignored are plain strings instead."""

    __slots__ = ()


class Refused(Exception):
    """A mesh file cannot be used.

    Attributes:
        kind: Type of problem.
        sentence: What is wrong, in one line.
        remedy: What to do about it, in one line.
    """

    def __init__(self, kind: Kind, sentence: str, remedy: str) -> None:
        """Stores the arguments; line breaks in `sentence` are replaced by spaces."""
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = " ".join(sentence.split())
        self.remedy = remedy
