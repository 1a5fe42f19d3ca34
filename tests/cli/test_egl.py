"""render=egl where OpenGL is missing: one line, and nothing begun."""

from pathlib import Path

import pytest

from sim.render.eglprobe import REPAIR
from tests.commandline import TINY, Command

# As on a machine without a driver.
NO_DRIVER = {"__EGL_VENDOR_LIBRARY_FILENAMES": "/dev/null"}


@pytest.mark.parametrize("words", [("generate",), ("preview",), ("generate", "-m", "seed=1,2")], ids=" ".join)
def test_its_absence_is_told_before_anything_is_begun(
    program: Command, here: Path, words: tuple[str, ...]
) -> None:
    out = "out=x.png" if words == ("preview",) else "out='data${hydra.job.num}'"
    outcome = program(*words, "render=egl", out, "num_images=1", *TINY, **NO_DRIVER)
    assert outcome.code == 2
    (line,) = set(outcome.err.splitlines())
    assert line.startswith("sim2coco: render=egl: PyBullet's EGL renderer does not draw on this machine")
    assert REPAIR in line
    assert "render=relit" in line
    assert list(here.iterdir()) == []
