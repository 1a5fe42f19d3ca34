"""The file of verdicts: what holds after undoing, crashes, and lines of others; and Cohen's kappa."""

import fcntl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim2coco.cli import reviewing
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.verdicts import Decision, Verdict, read_verdicts, to_line
from sim2coco.reviewing.agreement import agreements, cohens_kappa, disagreements
from sim2coco.reviewing.journal import Journal


def state(journal: Journal) -> dict[str, str | None]:
    return {image: said.verdict for image, said in journal.of_reviewer().items() if said.verdict}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "undo", "restart"]), max_size=30))
def test_undo_goes_back_step_by_step_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "verdicts.jsonl"
    journal, states = Journal(path, "Ann"), [dict[str, str | None]()]
    for rank, step in enumerate(steps):
        if step == "restart":
            journal = Journal(path, "Ann")
        elif step != "undo":
            decision: Decision = "accept" if rank % 2 else "reject"
            journal.add(Verdict(step, decision))
            states.append(states[-1] | {step: decision})
        else:
            assert (journal.undo() is None) == (len(states) == 1)
            states = states[:-1] or states
        assert state(journal) == states[-1]
    if path.exists():
        assert {image: said.verdict for (image, _), said in read_verdicts(path).items()} == states[-1]


@pytest.mark.parametrize("length", range(0, len(to_line(Verdict("b", "reject", "Ann"))), 7))
def test_a_torn_last_line_is_cut_off(tmp_path: Path, length: int) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(to_line(Verdict("a", "accept", "Ann")) + to_line(Verdict("b", "reject", "Ann"))[:length])
    journal = Journal(path, "Ann")
    journal.add(Verdict("c", "reject"))
    assert state(journal) == state(Journal(path, "Ann")) == {"a": "accept", "c": "reject"}


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(to_line(Verdict("a", "accept", "Ann"))[:-1])
    Journal(path, "Ann").add(Verdict("b", "reject"))
    assert state(Journal(path, "Ann")) == {"a": "accept", "b": "reject"}


def test_two_reviewers_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    ann, bob = Journal(path, "Ann"), Journal(path, "Bob")
    for image in "abc":
        ann.add(Verdict(image, "accept"))
        bob.add(Verdict(image, "reject"))
    bob.undo()
    ann.refresh()
    assert state(ann) == {"a": "accept", "b": "accept", "c": "accept"}
    assert state(bob) == {"a": "reject", "b": "reject"}
    assert {(said.image, said.reviewer) for said in ann.verdicts()} == {
        ("a", "Ann"),
        ("b", "Ann"),
        ("c", "Ann"),
        ("a", "Bob"),
        ("b", "Bob"),
    }


def test_a_line_that_cannot_be_read_forgets_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "verdicts.jsonl", "Ann")
    journal.add(Verdict("a", "accept"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b"no verdict\n")
    for change in (journal.refresh, journal.undo, lambda: journal.add(Verdict("b", "accept"))):
        with pytest.raises(DataSetError, match="line 2: not a verdict"):
            change()
        assert state(journal) == {"a": "accept"}
    journal.path.write_bytes(whole)
    assert journal.undo() == Verdict("a", None, "Ann", undo=True)
    assert journal.undo() is None


def test_what_another_process_writes_before_the_lock_is_undone(tmp_path: Path) -> None:
    first, second = (Journal(tmp_path / "verdicts.jsonl", "Ann") for _ in range(2))
    first.add(Verdict("a", "accept"))
    with first.path.open("ab") as file, ThreadPoolExecutor() as pool:
        fcntl.flock(file, fcntl.LOCK_EX)
        undone = pool.submit(second.undo)
        while not second._lock.locked():
            time.sleep(0.01)
        file.write(to_line(Verdict("b", "reject", "Ann")))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_UN)
        assert undone.result() == Verdict("b", None, "Ann", undo=True)
    assert state(second) == {"a": "accept"}


def test_comments_stay_without_a_verdict(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "verdicts.jsonl", "Ann")
    journal.add(Verdict("a", None, comment="look again"))
    assert Journal(journal.path, "Ann").of_reviewer()["a"].comment == "look again"
    assert read_verdicts(journal.path) == {}


@pytest.mark.parametrize("reviewer", ["", " ", "a\nb", "a" * 101])
def test_names_are_one_line_of_text(tmp_path: Path, reviewer: str) -> None:
    with pytest.raises(DataSetError, match="--reviewer"):
        Journal(tmp_path / "verdicts.jsonl", reviewer)


def test_kappa_of_a_published_example() -> None:
    # 50 grant proposals: both say yes to 20 and no to 15; 5 and 10 are judged differently. Kappa is 0.4.
    yes: Decision = "accept"
    no: Decision = "reject"
    pairs = [(yes, yes)] * 20 + [(no, no)] * 15 + [(yes, no)] * 5 + [(no, yes)] * 10
    assert cohens_kappa(pairs) == pytest.approx(0.4)


def test_kappa_is_not_defined_without_a_choice() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([("accept", "accept")] * 3) is None
    assert cohens_kappa([("accept", "accept"), ("reject", "reject")]) == 1.0


def test_pairs_of_reviewers() -> None:
    verdicts = [Verdict("a", "accept", "Bob"), Verdict("a", "reject", "Ann"), Verdict("b", "accept", "Cleo")]
    found = {each.reviewers: (each.images, each.alike) for each in agreements(verdicts)}
    assert found == {("Ann", "Bob"): (1, 0), ("Ann", "Cleo"): (0, 0), ("Bob", "Cleo"): (0, 0)}
    assert disagreements(verdicts) == {"a": [verdicts[1], verdicts[0]]}


def test_verdicts_lie_beside_the_data_set(tmp_path: Path) -> None:
    assert reviewing.verdicts_beside(tmp_path / "set/") == tmp_path / "set.verdicts.jsonl"
