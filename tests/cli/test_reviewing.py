"""The command line of reviews, without a server."""

import json
import os
import shutil
from pathlib import Path

import pytest

from sim2coco.cli import reviewing
from sim2coco.datasets.verdicts import Verdict, to_line
from tests.cocosets import small
from tests.commandline import Command


def test_the_command_tells_the_agreement(command: Command, here: Path) -> None:
    said = [Verdict(image, "accept", "Ann") for image in "abc"] + [
        Verdict(image, "accept", "Bob") for image in "ab"
    ]
    said += [Verdict("c", "reject", "Bob", "too dark", "exposure"), Verdict("d", "reject", "Ann")]
    (here / "set.verdicts.jsonl").write_bytes(b"".join(map(to_line, said)))
    outcome = command("review", "set/", "--agreement")
    assert (outcome.code, outcome.out.splitlines()) == (
        0,
        [
            "Ann: 3 images accepted, 1 rejected",
            "Bob: 2 images accepted, 1 rejected",
            "Ann and Bob: 3 images reviewed by both, 2 with the same verdict, Cohen's kappa 0.00",
            "c: Ann accepts it; Bob rejects it (exposure, too dark)",
        ],
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("review", "none"), "none: no such folder"),
        (
            ("review", "none", "--agreement"),
            "none.verdicts.jsonl: no such file, so there are no verdicts yet",
        ),
        (("review", "none", "--port", "0"), "'0' is not a port"),
        (("review", ".", "--audit", "none.json"), "not a data set"),
    ],
)
def test_wrong_input_is_one_line(command: Command, words: tuple[str, ...], told: str) -> None:
    outcome = command(*words)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_page_is_written_once(command: Command, here: Path) -> None:
    small(images=3).write(here / "set/annotations/instances_train.json", here / "set/images/train")
    outcome = command("review", "set", "--static", "page.html")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("page.html: 3 images, 0.0 MB\n")
    assert (here / "page.html").read_text().count('"jpeg":') == 3
    again = command("review", "set", "--static", "page.html")
    assert (again.code, again.err) == (2, "sim2coco: --static: page.html exists; add --force to replace it\n")
    assert command("review", "set", "--static", "page.html", "--force").code == 0


def test_names_that_are_not_utf8(command: Command, here: Path) -> None:
    latin = os.fsdecode("häuser".encode("latin-1"))
    coco = small(images=1)
    coco.write(here / latin / "annotations/instances_train.json", here / latin / "images/train")
    assert command("review", latin, "--static", "page.html").code == 0
    coco.write(here / f"set/annotations/instances_{latin}.json", here / "set/images" / latin)
    shutil.copytree(here / latin, here / "other")
    annotations = here / "other/annotations/instances_train.json"
    annotations.write_text(annotations.read_text().replace("img0", json.dumps(latin)[1:-1]))
    small(("cat", latin), images=1).write(
        here / "third/annotations/instances_train.json", here / "third/images/train"
    )
    for name in ("set", "other", "third"):
        outcome = command("review", name, "--static", "page.html", "--force")
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "h\\udce4user" in outcome.err or "half of a surrogate pair" in outcome.err


def test_the_browser_is_given_a_private_file(tmp_path: Path) -> None:
    address = reviewing.entry_page(tmp_path, "http://127.0.0.1:1/?token=secret")
    page = Path(address.removeprefix("file://"))
    assert "secret" not in address
    assert "url=http://127.0.0.1:1/?token=secret" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
