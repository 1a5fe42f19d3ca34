"""What becomes of assimp's test models is what the page says."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.readers import MARK, MODELS, PAGE, Facts, by_trimesh, compared, facts_of, mesh_files, row_of
from tests.solids import CHANNEL, obj, prism


@pytest.mark.skipif(not MODELS.is_dir(), reason="the Debian package assimp-testmodels is not installed")
def test_assimps_test_models_are_read_as_the_page_says() -> None:
    table = PAGE.read_text().partition(MARK)[2].splitlines()
    rows = [line.strip("| ").split(" | ") for line in table if line.startswith("| `")]
    expected = {cells[0]: cells[1:4] for cells in rows}
    found = [row_of(path, MODELS)[0].cells for path in mesh_files(MODELS)]
    assert [cells[0] for cells in found] == list(expected)
    for file, result, triangles, words in found:
        told = expected[file]
        assert (result, triangles) == (told[0], told[1].strip()), file
        assert words in told[2], file


def test_what_is_compared_does_not_depend_on_size_place_and_axes() -> None:
    corners = np.array([[(0, 0, 0), (4, 0, 0), (0, 2, 0)], [(0, 0, 0), (0, 2, 0), (0, 0, 1)]], float)
    facts = facts_of(corners)
    assert (facts.triangles, facts.extents) == (2, (0.25, 0.5, 1))
    assert facts.area == pytest.approx(5 / 16)
    assert compared(facts, facts_of(np.roll(corners, 1, axis=2) * 100 + 7)) == "same"
    assert compared(facts, facts_of(corners * (1, 1, 1.01))) == "other"
    assert compared(facts, facts_of(corners[:1])) == "other"
    assert compared(facts, Facts(0)) == "none"


def test_trimesh_is_found_out(tmp_path: Path) -> None:
    """It fills the notch of a channel; when it no longer does, the page is out of date."""
    (tmp_path / "a.obj").write_text(obj(prism(CHANNEL)))
    assert compared(row_of(tmp_path / "a.obj", tmp_path)[1], by_trimesh(tmp_path / "a.obj")) == "other"
