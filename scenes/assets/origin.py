"""Origin of a mesh: the user's file, and the user's statements about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stated:
    """The user's statements about a mesh file; None where nothing is stated.

    Attributes:
        unit_m: Unit of the coordinates in metres.
        sure_unit: Whether `unit_m` overrides a unit stated in the file.
        up: The axis that points up.
        sure_up: Whether `up` overrides an axis stated in the file.
        longest_m: The longest side in metres, used in place of a unit.
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
        file: File name without folder.
        sha256: Hash of the file content, excluding files that it refers to.
        stated: The user's statements about the file, except `size_m`.
    """

    file: str
    sha256: str
    stated: Stated = Stated()

    def tree(self) -> dict[str, Any]:
        """Returns the origin as JSON values; leaves out what is not stated."""
        stated = {name: value for name, value in asdict(self.stated).items() if value}
        return {"file": self.file, "sha256": self.sha256, **({"stated": stated} if stated else {})}


def origin_of(tree: Mapping[str, Any]) -> Origin:
    """Restores an origin from the JSON values of `Origin.tree`.

    Raises:
        KeyError, TypeError: The values do not describe an origin.
    """
    return Origin(str(tree["file"]), str(tree["sha256"]), Stated(**tree.get("stated", {})))
