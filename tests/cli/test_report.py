"""report on the command line."""

from pathlib import Path

from tests.cocosets import small
from tests.commandline import Command, tree


def test_a_report_of_a_data_set_of_other_tools(command: Command, here: Path) -> None:
    small().write(here / "other/labels.json", here / "other/images")
    before = tree(here / "other")
    outcome = command("report", "other", "--against", "other", "--out", "a.html", "--workers", "1")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("a.html: 3 images, 0.")
    assert "No large differences were found" in (here / "a.html").read_text()
    assert tree(here / "other") == before
    assert command("report", "other").out.startswith("other/report.html: 3 images")
    assert command("report", "other").code == 0  # an unedited report is replaced
    (here / "notes.html").write_text("mine")
    for arguments, words in (
        (("other", "--out", "notes.html"), "is not an unedited report of sim2coco"),
        (("other", "--out", "other"), "other is a folder; name a file"),
        (("other", "--out", "notes.html/x.html"), "notes.html"),
        (("none",), "none: no such folder"),
        (("other", "--against", "none"), "none: no such folder"),
        (("other", "--workers", "0"), "'0' is not a whole number of at least 1"),
    ):
        outcome = command("report", *arguments)
        assert (outcome.code, len(outcome.err.splitlines())) == (2, 1), outcome
        assert words in outcome.err
    assert (here / "notes.html").read_text() == "mine"
    assert command("report", "other", "--out", "notes.html", "--force").code == 0
