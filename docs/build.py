"""Writes the generated parts of docs/: the list of all settings, and the contact sheet of the README."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from sim2coco.manual import manual

DOCS = Path(__file__).parent


def settings() -> str:
    """The page of all settings: what `sim2coco generate --help` prints."""
    return (
        f"# All settings\n\nWhat `sim2coco generate --help` prints.\n\n```text\n{manual('generate')}\n```\n"
    )


def contact_sheet(target: Path) -> None:
    """The demo's pictures with their labels drawn, as one JPEG."""
    program = [sys.executable, "-m", "sim2coco.cli"]
    with tempfile.TemporaryDirectory() as folder:
        data, png = f"{folder}/demo", f"{folder}/sheet.png"
        subprocess.run([*program, "generate", "experiment=demo", f"out={data}"], check=True)
        subprocess.run([*program, "show", data, "--sheet", "48", "--to", png], check=True)
        with Image.open(png) as sheet:
            sheet.convert("RGB").resize(
                (sheet.width * 5 // 8, sheet.height * 5 // 8), Image.Resampling.LANCZOS
            ).save(target, quality=85)


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings())
    (DOCS / "images").mkdir(exist_ok=True)
    contact_sheet(DOCS / "images" / "contact_sheet.jpg")
