"""Verdicts of reviewers: the last line counts, and rules for several reviewers."""

from pathlib import Path

import pytest

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.verdicts import Verdict, read_verdicts, rejected, to_line


def written(tmp_path: Path, *verdicts: Verdict, end: bytes = b"") -> Path:
    path = tmp_path / "verdicts.json"
    path.write_bytes(b"".join(map(to_line, verdicts)) + end)
    return path


def test_the_last_verdict_of_each_reviewer_counts(tmp_path: Path) -> None:
    first = Verdict("train/a.jpg", "reject", "Ann", "dark", "exposure")
    path = written(
        tmp_path,
        first,
        Verdict("train/a.jpg", "accept", "Bob"),
        Verdict("train/b.jpg", "reject", "Ann"),
        Verdict("train/b.jpg", "accept", "Ann"),
        Verdict("train/c.jpg", "reject", "Ann"),
        Verdict("train/c.jpg", None, "Ann"),
        end=b'{"image": "train/d.jpg", "verd',
    )
    found = read_verdicts(path)
    assert {key: verdict.verdict for key, verdict in found.items()} == {
        ("train/a.jpg", "Ann"): "reject",
        ("train/a.jpg", "Bob"): "accept",
        ("train/b.jpg", "Ann"): "accept",
    }
    assert found["train/a.jpg", "Ann"] == first
    assert rejected(found.values()) == {"train/a.jpg": "Ann: exposure, dark"}
    assert rejected(found.values(), "majority") == {}


def test_a_majority_has_more_votes_against_than_for() -> None:
    votes = {"a": "rra", "b": "ra", "c": "r", "d": "aa"}
    verdicts = [
        Verdict(image, "reject" if vote == "r" else "accept", str(number))
        for image, cast in votes.items()
        for number, vote in enumerate(cast)
    ]
    assert [*rejected(verdicts, "majority")] == ["a", "c"]
    assert [*rejected(verdicts)] == ["a", "b", "c"]


@pytest.mark.parametrize("line", [b"{}", b"[]", b'{"image": "a", "verdict": "maybe"}', b"\xff", b"nonsense"])
def test_an_invalid_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path, Verdict("a", "accept"), end=line + b"\n\n")
    with pytest.raises(DataSetError, match=r"verdicts\.json: line 2: not a verdict"):
        read_verdicts(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"none\.json: cannot be read"):
        read_verdicts(tmp_path / "none.json")
