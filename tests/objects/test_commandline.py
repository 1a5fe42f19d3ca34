"""What commands say of URLs that they do not write to, or do not read."""

from pathlib import Path

import pytest

from tests.commandline import run_here


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("check", "s3://bucket/parts"),
            "s3://bucket/parts: copy it to a folder first, as with: aws s3",
        ),
        (("report", "--against", "s3://bucket/a b", "data"), "s3://bucket/a b: copy it to a folder first"),
        (("generate", "out=file:///tmp/parts"), "out: file:// is not written to; allowed are folders, s3://"),
        (
            ("generate", "-m", "seed=1", "out=s3://bucket/${seed}"),
            "out: s3://bucket/1: a sweep",
        ),
    ],
    ids=["check", "report", "generate", "sweep"],
)
def test_one_line_says_what_to_do(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run_here(tmp_path, *words)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith(f"sim2coco: {said}")
    assert not list(tmp_path.iterdir())
