"""What is known of one mesh file after it was read, cleaned and tried: a row of the doctor's table."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Verdict = Literal["ok", "repaired", "refused"]


@dataclass(frozen=True, slots=True)
class Override:
    """What people say about a mesh file, by the table or the command line; None and "" say nothing.

    Attributes:
        category: Its category.
        name: Its name within that, unique there.
        unit_m: The unit of its numbers, in metres.
        sure: Whether that was said of this very file: then any size is taken.
        up: Its axis that points up.
        longest_m: Its longest side, instead of a unit.
        density_kg_m3: Mass per volume.
        licence: Under what licence it may be used.
        upright: Whether it stands when it is let go.
        collision: `hull`, `convex` for pieces whatever the mesh, or "" for what suits it.
    """

    category: str
    name: str
    unit_m: float | None = None
    sure: bool = False
    up: str | None = None
    longest_m: float | None = None
    density_kg_m3: float | None = None
    licence: str = ""
    upright: bool | None = None
    collision: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One mesh file.

    Attributes:
        file: Its path in the imported folder.
        override: What was said about it.
        verdict: `ok`, `repaired` or `refused`.
        kind: Why it was refused, of a closed list; "" otherwise.
        reason: The same as a sentence.
        remedy: What to do about it.
        asks: What has to be said before it is imported, as its size is hard to believe; "" for nothing.
        notes: What was done to it, and what is missing.
        inputs: Every file that was looked at, relative to its folder, and the hash of it.
        mesh: Name of the clean mesh, its hash; "" for none.
        faces: Triangles of the clean mesh.
        parts: Materials of the clean mesh.
        extents_m: Its size along x, y, z.
        unit: Who said in what unit it is: `file`, `table`, `--unit`, or "" for nobody: metres.
        metres_per_unit: What the numbers of its file were multiplied with.
        up: The axis of its file that was turned to z.
        watertight: Whether it encloses a volume.
        normals: `file` or `made`.
        uvs: `file` or `made`.
        images: What became of each texture that it names: found, missing, unsupported, unreadable.
        volume_m3: The volume that it encloses, or 0.3 of its box where it is open.
        center_of_mass_m: Where its centre of mass is.
        mass_kg: From volume and density, between 0.01 and 50 kg.
        convexity: Volume as a share of its hull's; 1 where the hull is exact.
        pieces: Convex pieces that stand for it in physics; 1 is its hull.
        collision: Name of the file of the pieces, their hash; "" for none.
        hull_because: Why a hull stands for it where pieces would be better; "" otherwise.
        smallest_px: Longest side in pixels above which it is drawn triangle by triangle.
        drawn_px: Pixels of its test picture that it covers, of 192 x 192.
    """

    file: str
    override: Override
    verdict: Verdict
    kind: str = ""
    reason: str = ""
    remedy: str = ""
    asks: str = ""
    notes: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    mesh: str = ""
    faces: int = 0
    parts: int = 0
    extents_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    unit: str = ""
    metres_per_unit: float = 1.0
    up: str = "z"
    watertight: bool = False
    normals: str = ""
    uvs: str = ""
    images: dict[str, str] = field(default_factory=dict)
    volume_m3: float = 0.0
    center_of_mass_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mass_kg: float = 0.0
    convexity: float = 0.0
    pieces: int = 0
    collision: str = ""
    hull_because: str = ""
    smallest_px: float = 0.0
    drawn_px: int = 0

    @property
    def usable(self) -> bool:
        """Whether it becomes an asset."""
        return self.verdict != "refused" and not self.asks

    @property
    def longest_m(self) -> float:
        """The longest side."""
        return max(self.extents_m)

    def tree(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def row_of(tree: dict[str, Any]) -> Row:
    """The row that plain values describe.

    Raises:
        KeyError, TypeError, ValueError: They describe none.
    """
    override = Override(**tree["override"])
    known = {entry.name for entry in fields(Row)}
    if set(tree) != known:
        raise ValueError("a row of another version")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()
    }
    values["override"] = override
    return Row(**values)
