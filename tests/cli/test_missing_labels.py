"""What the end of a run says about categories without a label."""

from collections import Counter
from pathlib import Path

import pytest

from sim2coco.cli.jobs import _summarise
from sim2coco.run import Result


def test_defects_and_objects_have_advice_of_their_own(capfd: pytest.CaptureFixture[str]) -> None:
    labels = Counter({"nut": 100, "bolt": 0, "crack": 0, "cap": 0})
    result = Result(Path("data"), None, 10, 5, Counter(), [], labels, {}, {})
    assert _summarise(result, "data", ["nut", "bolt"], ["crack"]) == 0
    bolt, crack, cap = capfd.readouterr().err.splitlines()
    assert bolt.startswith("no label of bolt: ")
    assert "size_m" in bolt
    assert crack.startswith("no label of crack: ")
    assert "scene.defects.crack.size" in crack
    assert cap.startswith("no label of cap: ")
    assert "camera.fill" in cap


def test_a_view_that_several_checks_reject_counts_once(capfd: pytest.CaptureFixture[str]) -> None:
    reasons = Counter({"too_dark": 15, "low_contrast": 15, "target": 300})
    for rejected, said in ((15, ""), (30, "30 of 130 were rejected: relax quality.checks.too_dark")):
        result = Result(Path("data"), None, 100, 5, reasons, [], Counter(), {}, {}, rejected=rejected)
        assert _summarise(result, "data", [], []) == 0
        told = capfd.readouterr().err
        assert told.startswith(said)
        assert bool(told) == bool(said)
