"""Fixtures of reviews: a COCO data set of 50 images, a server in a process of its own, and a browser."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.cocosets import small
from tests.commandline import PROGRAM

HOSTILE = "<img src=x onerror=alert(1)></script>"
"""A category that a page must show as text."""
TIMEOUT_MS = 60_000
"""How long a page may take, on a machine that does other things too."""


@dataclass
class Review:
    """A running server and the address that it has printed."""

    process: "subprocess.Popen[str]"
    address: str

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.address.partition("127.0.0.1:")[2].partition("/")[0])


@contextmanager
def review(data: Path, reviewer: str, *more: str) -> Iterator[Review]:
    """Runs `sim2coco review` until the block ends."""
    command = [str(PROGRAM), "review", str(data), "--no-browser", "--reviewer", reviewer, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)))
            yield Review(process, found[0])
        finally:
            process.kill()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A COCO data set of 50 images with polygons and run lengths; one of them is a link that leaves it."""
    root = tmp_path / "set"
    coco = small(("cat", HOSTILE), images=50)
    for image in coco.images[::7]:
        image["ignored"] = [{"category_id": 1, "bbox": [1, 1, 5, 5], "reason": "visible"}]
    coco.write(root / "annotations/instances_train.json", root / "images/train")
    link = root / "images/train/img49.png"
    shutil.move(link, tmp_path / "secret.png")
    link.symlink_to(tmp_path / "secret.png")
    return root


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; tests that need it are skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no chromium")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A new page, on which no script may fail, and nothing may be refused by its policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda told: failed.append(told.text) if "Policy" in told.text else None)
    page.on("dialog", lambda dialog: dialog.accept("Cleo"))
    yield page
    context.close()
    assert failed == []
