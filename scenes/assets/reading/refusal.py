"""The exception for mesh files that cannot be used, with the kind of problem, the reason and a remedy."""

from typing import Literal

Kind = Literal["unreadable", "no faces", "non-finite", "over a limit", "path trick"]


class Refused(Exception):
    """A mesh file cannot be used.

    Attributes:
        kind: The kind of problem.
        sentence: What is wrong, in one line.
        remedy: What to do about it, in one line.
    """

    def __init__(self, kind: Kind, sentence: str, remedy: str) -> None:
        """Stores the arguments; line breaks in `sentence` are replaced by spaces."""
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = " ".join(sentence.split())
        self.remedy = remedy
