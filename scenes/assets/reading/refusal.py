"""Why a mesh is not taken: one of a closed list, with a sentence and what to do about it."""

from typing import Literal

Kind = Literal["unreadable", "no faces", "non-finite", "over a limit", "path trick"]


class Refused(Exception):
    """A mesh that is not taken.

    Attributes:
        kind: One of the closed list.
        sentence: What is wrong, in one line.
        remedy: What to do about it, in one line.
    """

    def __init__(self, kind: Kind, sentence: str, remedy: str) -> None:
        """Keeps the three, each in one line."""
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = " ".join(sentence.split())
        self.remedy = remedy
