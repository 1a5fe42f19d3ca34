"""Where a mesh comes from: the user's file, and what the user has stated about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user has stated about a mesh file; None for nothing.

    Attributes:
        unit_m: Unit of the coordinates in metres.
        sure_unit: Whether it counts before a unit that the file states.
        up: The axis that points up.
        sure_up: Whether it counts before an axis that the file states.
        longest_m: The longest side in metres, in place of a unit.
    """

    unit_m: float | None = None
    sure_unit: bool = False
    up: str | None = None
    sure_up: bool = False
    longest_m: float | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a mesh was read from.

    Attributes:
        file: Its name, without its folder.
        sha256: Hash of its content; not of the files that it refers to.
        stated: What the user has stated about it, `size_m` aside.
    """

    file: str
    sha256: str
    stated: Stated = Stated()

    def tree(self) -> dict[str, Any]:
        """The origin as plain values, for JSON; what is not stated is left out."""
        stated = {name: value for name, value in asdict(self.stated).items() if value}
        return {"file": self.file, "sha256": self.sha256, **({"stated": stated} if stated else {})}


def origin_of(tree: Mapping[str, Any]) -> Origin:
    """The origin from plain values as returned by `Origin.tree`.

    Raises:
        KeyError, TypeError: The values do not describe an origin.
    """
    return Origin(str(tree["file"]), str(tree["sha256"]), Stated(**tree.get("stated", {})))
