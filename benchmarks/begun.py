"""A run that reports how much time each worker took before its first scene.

python benchmarks/begun.py RECIPE.json|- WORKERS library|commandline

Prints JSON: for each worker, its own CPU seconds and the wall seconds since the run began; and the CPU
seconds of the server process from which workers are forked, plus the CPU seconds of this process until the
server is ready. The script is self-contained, so it also runs on another checkout, even one without a server.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from scenes.kinds.drop import Drop
from sim2coco.engines.local import Local

FOLDER, BEGUN = "BEGUN_FOLDER", "BEGUN_S"
TICKS = os.sysconf("SC_CLK_TCK")


class Announced(Drop):
    """The default scenes; each process reports when it begins its first scene."""

    kind: Literal["announced"] = "announced"  # type: ignore[assignment] # another name, as all kinds have

    def draw(self, *args: Any, **options: Any) -> Any:
        """Writes the time that this process has taken, then samples the scene."""
        told = Path(os.environ[FOLDER]) / f"{os.getpid()}.json"
        if not told.exists():
            wall_s = time.time() - float(os.environ[BEGUN])
            told.write_text(json.dumps([time.process_time(), wall_s, os.getppid(), _cpu_s(os.getppid())]))
        return super().draw(*args, **options)


prepared_s = [0.0]
"""CPU seconds that this process takes until workers can be forked, as a single entry."""


class Timed(Local):
    """The default workers, with timed preparation."""

    kind: Literal["timed"] = "timed"  # type: ignore[assignment] # another name, as all kinds have

    @contextmanager
    def prepared(self, *args: Any) -> Iterator[Any]:
        """Measures the CPU time of the preparation."""
        before = time.process_time()
        with super().prepared(*args) as processes:
            prepared_s[0] = time.process_time() - before
            yield processes


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS


def main(recipe_file: str, workers: str, place: str) -> None:
    """Makes three scenes per worker, either like the command line or like a script that uses the library."""
    from sim2coco import Recipe, generate

    if place == "commandline":
        with suppress(ImportError):
            from sim2coco.process import own_this_process

            own_this_process()
    if recipe_file == "-":  # the recipe of the checkout's own benchmarks
        from benchmarks.workload import recipe as default

        text = default(augment="light").model_dump_json()
    else:
        text = Path(recipe_file).read_text()
    tree = json.loads(text)
    tree["scene"]["kind"] = "announced"
    recipe = Recipe.parse(tree)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {FOLDER: folder, BEGUN: str(time.time())}
        images = 3 * recipe.views * int(workers)
        generate(recipe, Path(folder) / "data", images, workers=int(workers), engine=Timed())
        told = [json.loads(path.read_text()) for path in Path(folder).glob("*.json")]
    server_s = max(cpu_s if pid != os.getpid() else 0.0 for *_, pid, cpu_s in told) + prepared_s[0]
    found = {"server_cpu_s": server_s, "workers": [[cpu_s, wall_s] for cpu_s, wall_s, *_ in told]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
