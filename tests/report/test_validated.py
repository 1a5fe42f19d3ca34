"""What validate has found is a section of the report, until the images are others."""

import re
from io import StringIO
from pathlib import Path

from rich.console import Console

from sim2coco.card.card import is_edited
from sim2coco.cli.validated import add_to_reports
from sim2coco.datasets.reading import open_dataset
from sim2coco.report.report import write_report
from sim2coco.store import LocalStore
from sim2coco.validate.choosing import common_classes, images_of
from sim2coco.validate.predictions import read_predictions
from sim2coco.validate.results import Comparison, Report, Result
from sim2coco.validate.scoring import Reference, score
from tests.validate.drawn import write


def compared(root: Path) -> Comparison:
    """The results of a detector that has found nothing."""
    data = open_dataset(root)
    classes = common_classes(data, {})
    reference = Reference(tuple(images_of(data, ["val"])), classes.of(data), classes.names)
    (root.parent / "none.json").write_text("[]")
    found = read_predictions(root.parent / "none.json", root, reference)
    scores = score(reference, found)
    results = (Result("a", 16, (scores, scores), ((2.0, 1.0), (2.0, 1.5))),)
    report = Report(str(root), len(reference.images), classes.names, (), 2, (64, 64), results)
    return Comparison(report, reference, {"a": found})


def test_results_are_added_to_the_report_and_stay(tmp_path: Path) -> None:
    root = write(write(tmp_path / "a", "train", 6, 1), "val", 4, 2)
    page, store = root / "report.html", LocalStore(root)
    comparison, said = compared(root), StringIO()
    add_to_reports(comparison, [root], Console(file=said, width=1000))
    assert not page.exists()
    assert said.getvalue() == ""

    write_report(open_dataset(root), page)
    plain = page.read_text()
    add_to_reports(comparison, [root], Console(file=said, width=1000))
    found = page.read_text()
    assert "report.html" in said.getvalue()
    assert not is_edited(store, "report.html")
    assert len(re.findall('<section id="validated"', found)) == 1
    assert "0.000 ± 0.000" in found
    assert str(tmp_path) not in found
    assert "&lt;" not in found
    add_to_reports(comparison, [root], Console(file=said, width=1000))
    write_report(open_dataset(root), page)
    assert page.read_text() == found

    write(root, "test", 3, 3)
    write_report(open_dataset(root), page)
    assert "validated" not in page.read_text()
    write_report(open_dataset(root), page)
    page.write_text(plain + "mine")
    add_to_reports(comparison, [root], Console(file=said, width=1000))
    assert page.read_text() == plain + "mine"
