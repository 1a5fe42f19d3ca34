"""Completion in bash."""

import os
import subprocess
from pathlib import Path

import pytest

from sim2coco.cli.config import choices
from sim2coco.cli.main import COMMANDS
from tests.commandline import PROGRAM, Command

INSTALL = 'eval "$(sim2coco -sc install=bash)"'
TAB = """
complete_line() {
    COMP_LINE="$1" COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=$2 COMPREPLY=()
    hydra_bash_completion
    echo "${COMPREPLY[@]}"
}
complete -p sim2coco
complete_line "sim2coco gen" 1
complete_line "sim2coco generate scene=" 2
complete_line "sim2coco preview num_images=3 light=du" 3
complete_line "sim2coco show da" 2
"""


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sim2coco ", set(COMMANDS)),
        ("sim2coco gen", set(COMMANDS)),  # bash itself filters the words
        ("sim2coco show ", set()),
        ("sim2coco generate scene=", {f"scene={name}" for name in choices("scene")}),
        ("sim2coco generate out=data scene=f", {"scene=floating"}),
        (
            "sim2coco preview -m light=",
            {f"light={name}" for name in ("day", "dusk", "outdoors", "room", "studio")},
        ),
        ("sim2coco generate see", {"seed="}),
        (
            "sim2coco generate image.",
            # Hydra takes a list for a group.
            {f"image.{name}" for name in ("width=", "height=", "format=", "jpeg_quality=", "extra.")}
            | {f"image.{name}=" for name in ("depth_scale_mm", "normal_bits", "depth_sensor")},
        ),
    ],
)
def test_what_is_offered(
    command: Command, monkeypatch: pytest.MonkeyPatch, line: str, offered: set[str]
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    outcome = command("-sc", "query=bash")
    assert (outcome.code, outcome.err) == (0, "")
    assert set(outcome.out.split()) == offered


def test_in_a_shell(here: Path, command: Command) -> None:
    assert INSTALL in command("--help").out
    assert command("generate", "-sc", "install=bash").out == command("-sc", "install=bash").out
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    shell = ["bash", "--norc", "--noprofile", "-c", INSTALL + TAB]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(shell, capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    installed, *offered = done.stdout.splitlines()
    assert installed.endswith(" -F hydra_bash_completion sim2coco")
    assert offered == [
        "generate",
        " ".join(f"scene={name}" for name in choices("scene")),
        "light=dusk",
        "",
    ]
    assert list(here.iterdir()) == []
