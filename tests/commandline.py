"""What tests of the command line share."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "sim2coco"
TINY = (
    *("assets=shapes", "image.width=64", "image.height=64", "engine=inline"),
    *("export.report=false", "export.card=false"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, logs aside."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "run.log"
    }
