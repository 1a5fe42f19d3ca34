"""Ray: machines that share a folder make the bytes of one machine, and machines that differ make none."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import pytest

from sim2coco import Recipe, generate
from sim2coco.committing import commit
from sim2coco.engines.engine import Job
from sim2coco.engines.local import Local
from sim2coco.engines.ray import Ray
from sim2coco.engines.rayactors import Workers
from sim2coco.engines.rayworker import Order, RayWorker
from sim2coco.engines.shipping import contents_of
from sim2coco.identity import begin, describe
from sim2coco.library.importing import import_meshes
from sim2coco.library.scan import scan
from sim2coco.library.table import Flags, overrides
from sim2coco.places import open_store
from sim2coco.records import Summary, from_bytes, record_name, to_bytes
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from sim2coco.tally import GenerationError
from tests.commandline import PROGRAM, TINY, tree
from tests.library.meshes import brick
from tests.namespaces import in_own_network
from tests.s3 import make_bucket, objects, serving

CLUSTER = Path(__file__).parents[1] / "raycluster.py"
TOKEN = ".tmp-0123456789abcdef0123456789abcdef"
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (make ray)")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("library")
    brick(root / "meshes" / "bricks" / "brick.stl", 1)
    wanted = overrides(scan(root / "meshes").meshes, [], Flags(unit_m=0.001))
    import_meshes(root / "meshes", wanted, root / "parts", 1, lambda row, known: None)
    return root / "parts"


def recipe(library: Path) -> Recipe:
    return Recipe.parse(
        {
            "views": 2,
            "image": {"width": 64, "height": 48},
            "assets": {"path": str(library)},
            "scene": {"kind": "drop", "num_objects": [1, 3]},
        }
    )


@pytest.fixture(scope="module")
def whole(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "data"
    generate(recipe(library), out, 4, report=False)
    return out


def order(library: Path, store: LocalStore, ship: bool) -> Order:
    """What a worker is told of a run that has begun."""
    made, catalogue = recipe(library), recipe(library).load_catalogue()
    begin(store, made, catalogue, 4)
    store.put(TOKEN, b"")
    sent: tuple[bytes | None, Any] = (None, {})
    if ship:
        sent = bytes(ForkingPickler.dumps(catalogue)), contents_of(catalogue)
    pickled = bytes(ForkingPickler.dumps(made))
    return Order(store, TOKEN, describe(made, catalogue), (), pickled, *sent, Local())


@pytest.fixture
def worker() -> Iterator[RayWorker]:
    worker = RayWorker()
    yield worker
    worker.end()


def test_a_worker_makes_the_same_bytes_from_meshes_that_were_sent(
    library: Path, whole: Path, worker: RayWorker, tmp_path: Path
) -> None:
    copy = tmp_path / "parts"
    shutil.copytree(library, copy)
    store = LocalStore(tmp_path / "data")
    told = order(copy, store, ship=True)
    shutil.rmtree(copy)  # another machine does not have it
    worker.begin(told)
    assert [(made.scene, made.status) for made in worker.make([1, 0])] == [(1, "done"), (0, "done")]
    names = [name for name in store.list(".") if name.startswith(("records/", "images/"))]
    assert len(names) == 6
    assert all(store.get(name) == (whole / name).read_bytes() for name in names)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"token": TOKEN[:-1] + "0"}, "is a different folder here; all machines must share it"),
        ({"identity": {"versions": {"numpy": "0.1"}}}, "differs from .*run.json"),
    ],
    ids=["folder", "versions"],
)
def test_a_machine_that_differs_does_no_work(
    library: Path, worker: RayWorker, tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    store = LocalStore(tmp_path / "data")
    told = order(library, store, ship=False)
    if "identity" in changed:
        changed = {"identity": {**told.identity, **changed["identity"]}}
    with pytest.raises(GenerationError, match=words):
        worker.begin(replace(told, **changed))
    assert not list(store.list("records"))


def test_a_machine_without_the_meshes_says_so(library: Path, worker: RayWorker, tmp_path: Path) -> None:
    copy = tmp_path / "parts"
    shutil.copytree(library, copy)
    told = order(copy, LocalStore(tmp_path / "data"), ship=False)
    shutil.rmtree(copy)
    with pytest.raises(
        GenerationError, match=r"bricks\.path: no such file .*; engine\.ship_assets=true sends"
    ):
        worker.begin(told)


def test_a_scene_that_two_machines_make_differently_is_told_and_not_mixed(
    whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "data"
    shutil.copytree(whole, out)
    store = LocalStore(out)
    record = from_bytes(store.get(record_name(0)))
    commit(store, record, [])
    assert store.exists(record_name(0))
    with pytest.raises(StoreError, match="was made twice, with different content"):
        commit(store, replace(record, error="other"), [])
    assert not store.exists(record_name(0))


def test_a_scene_that_failed_on_another_machine_stays_failed(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(whole, out)
    store = LocalStore(out)
    record = from_bytes(store.get(record_name(0)))
    failed = replace(record, status="failed", settled=None, views=(), error="took too long")
    store.put(record_name(0), to_bytes(failed))
    assert commit(store, record, []) == failed
    assert from_bytes(store.get(record_name(0))) == failed


class Unlucky(Workers):
    """Makes all scenes but one, which ends its worker; and loses the first worker with all its scenes."""

    number, free, running = 1, 1, 0

    def __init__(self, deadly: int) -> None:
        self.deadly, self.batches, self.first = deadly, list[list[int]](), True

    def submit(self, batch: list[int]) -> None:
        self.batches.append(batch)
        self.free, self.running = 0, 1

    def wait(self) -> tuple[list[Summary], list[list[int]]]:
        self.free, self.running, batch = 1, 0, self.batches[-1]
        lost = self.first or self.deadly in batch
        self.first = False
        return ([], [batch]) if lost else ([Summary(scene, "done", (), (), None) for scene in batch], [])


def test_a_scene_that_ends_its_worker_fails_alone(library: Path, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "data")
    job = Job(recipe(library), recipe(library).load_catalogue(), store, tmp_path, 1)
    workers = Unlucky(deadly=17)
    made = [one for one in Ray(batch=4)._made(job, workers, iter(range(40))) if one is not None]
    assert sorted(one.scene for one in made) == list(range(40))
    assert {one.scene: one.error for one in made if one.status == "failed"} == {
        17: "its worker on the cluster died"
    }
    assert max(len(batch) for batch in workers.batches) == 4
    assert [batch for batch in workers.batches if 17 in batch and len(batch) == 1] == [[17]] * 2


def test_an_address_without_a_cluster_is_told(library: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(GenerationError, match=r"no Ray cluster at '127\.0\.0\.1:1': .*refused"):
        generate(recipe(library), tmp_path / "data", 1, engine=Ray(address="127.0.0.1:1"))


def test_ray_that_does_not_start_is_told(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")

    def slow(*_: object, **__: object) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", slow)
    with pytest.raises(GenerationError, match=r"Ray does not start on this machine: The .*engine=local"):
        generate(recipe(library), tmp_path / "data", 1, engine=Ray())
    assert not (tmp_path / "data").exists()


@needs_ray
def test_the_program_makes_the_same_bytes(tmp_path: Path) -> None:
    for engine in ("inline", "ray"):
        words = (*TINY, f"engine={engine}", f"out={tmp_path / engine}", "num_images=6", "export.card=false")
        done = subprocess.run([PROGRAM, "generate", *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert tree(tmp_path / "ray") == tree(tmp_path / "inline")


@needs_ray
@pytest.mark.slow
def test_a_lost_machine_loses_nothing(tmp_path: Path) -> None:
    in_own_network(lambda: lose_a_machine(str(tmp_path / "ray")))
    make_alone(tmp_path / "inline")
    assert tree(tmp_path / "ray") == tree(tmp_path / "inline")


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(find_spec("moto") is None, reason="moto is not installed")
def test_a_lost_machine_loses_nothing_of_a_bucket(tmp_path: Path) -> None:
    def work() -> None:
        with serving():
            make_bucket("data")
            lose_a_machine("s3://data/ray")
            assert objects("s3://data/ray") == tree(tmp_path / "inline")

    make_alone(tmp_path / "inline")
    in_own_network(work)


FEW = (*TINY, "num_images=300", "scene.num_objects=[4,8]")


def make_alone(out: Path) -> None:
    subprocess.run([PROGRAM, "generate", *FEW, f"out={out}"], check=True)


def lose_a_machine(out: str) -> None:
    """Makes images on two machines, of which one is lost."""
    store, pipe = open_store(out), subprocess.PIPE
    with subprocess.Popen([sys.executable, CLUSTER], stdin=pipe, stdout=pipe, text=True) as cluster:
        assert cluster.stdin and cluster.stdout
        address = cluster.stdout.readline().strip()
        words = (f"out={out}", "engine=ray", "workers=2", f"engine.address={address}")
        with subprocess.Popen([PROGRAM, "generate", *FEW, *words]) as run:
            while sum(1 for _ in store.list("records")) < 8:
                assert run.poll() is None
                time.sleep(0.05)
            cluster.stdin.write("\n")
            cluster.stdin.flush()
            assert cluster.stdout.readline() == "lost\n"
            assert run.poll() is None
            assert run.wait(300) == 0
        cluster.communicate("\n")
