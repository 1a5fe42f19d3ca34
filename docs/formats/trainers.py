"""The programs on the page docs/trainers.md."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "trainers.md"


def program(heading: str, folder: Path, sign: str = "import ") -> str:
    """The Python program of a section, with a data set in place of `data/parts`, and small images.

    `sign` is text that only the block of the program has.
    """
    section = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.MULTILINE)
    (text,) = (block for block in blocks if sign in block)
    for there, here in (("data/parts", str(folder)), ("640", "160"), ("480", "120")):
        text = text.replace(there, here)
    return re.sub(r"^    ", "", text, flags=re.MULTILINE)
