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
