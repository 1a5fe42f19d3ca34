"""What the command line says about shards."""

from pathlib import Path

from sim2coco.cli.jobs import hints
from tests.commandline import TINY, Command


def test_the_end_of_a_shard_says_what_comes_next(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "data"
    told = command("generate", f"out={out}", "num_images=3", "engine.shard=0/2", *TINY)
    assert (told.code, told.err) == (0, "")
    assert "shard 0/2 has" in told.out
    assert "without engine.shard completes the data set" in told.out


def test_an_unknown_shard_is_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    told = command("generate", f"out={tmp_path / 'data'}", "engine.shard=2/2", *TINY)
    assert told.code == 2
    assert told.err.count("\n") == 1
    assert "engine.shard" in told.err
    assert "0/2 to 1/2" in told.err


def test_a_stopped_shard_is_not_told_to_finish_with_its_own_images() -> None:
    """All shards have the same `num_images`, that of the data set."""
    assert hints(5, "0/2") == []
    assert "num_images=5" in hints(5, None)[0]
