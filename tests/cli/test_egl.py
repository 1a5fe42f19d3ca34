"""render=egl without OpenGL: a one-line error, and no files written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.render.raster.egl.probe import INSTALL_COMMAND, egl_device
from tests.commandline import TINY, Command


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulates a machine without OpenGL."""
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null")
    egl_device.cache_clear()
    yield
    egl_device.cache_clear()


@pytest.mark.usefixtures("no_driver")
@pytest.mark.parametrize("words", [("generate",), ("preview",), ("generate", "-m", "seed=1,2")], ids=" ".join)
def test_its_absence_is_told_before_anything_is_begun(
    command: Command, here: Path, words: tuple[str, ...]
) -> None:
    out = "out=x.png" if words == ("preview",) else "out='data${hydra.job.num}'"
    outcome = command(*words, "render=egl", out, "num_images=1", *TINY)
    assert outcome.code == 2
    (line,) = set(outcome.err.splitlines())
    assert line.startswith("sim2coco: render=egl: PyBullet's EGL renderer does not work on this machine")
    assert INSTALL_COMMAND in line
    assert "render=relit" in line
    assert list(here.iterdir()) == []
