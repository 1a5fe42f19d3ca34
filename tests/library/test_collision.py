"""What stands for imported meshes in physics: things fall into cups and over pegs, hulls stop them."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.mesh import Mesh, Part
from scenes.assets.pieces import read_pieces
from scenes.assets.shapes import SHAPES
from scenes.geometry import Pose
from scenes.kinds.drop import Drop
from scenes.spec import Body, Physics, RejectedDraw, SceneSpec
from sim.bullet import Client, pb
from sim.settle import _check_contacts
from sim.world import add_body
from sim2coco.identity import begin, describe
from sim2coco.library import importing, shape, workers
from sim2coco.library.closing import closing_lines
from sim2coco.library.convex import MAX_PIECES, convex_pieces
from sim2coco.library.examine import Task, examine
from sim2coco.library.importing import import_meshes
from sim2coco.library.row import Row
from sim2coco.library.scan import scan
from sim2coco.library.shape import NOT_CLOSED
from sim2coco.library.table import Flags, overrides, read_table
from sim2coco.library.workers import _uncut, examined
from sim2coco.recipe import Recipe
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore
from sim2coco.supervisor import Died, Outcome, OutOfTime
from tests.commandline import PROGRAM, tree
from tests.library.conftest import Look
from tests.library.test_import import assets
from tests.rig import GREY, UPRIGHT, Rig, catalogue_of

PHYSICS = Physics(gravity_m_s2=9.81, time_step_s=1 / 240, max_seconds=6.0, bounds_m=3.0)
RIM_M, BALL_M = 0.10, 0.012
SPOOL_TOP_M = 0.12


def revolved(profile: list[tuple[float, float]]) -> trimesh.Trimesh:
    """What a line (radius, height) in millimetres encloses when it goes round the vertical axis."""
    made: trimesh.Trimesh = trimesh.creation.revolve(np.array(profile, float), sections=24)
    return made


def cup() -> trimesh.Trimesh:
    return revolved([(0, 0), (35, 0), (40, 100), (36, 100), (31, 4), (0, 4)])


def peg() -> trimesh.Trimesh:
    """A plate with a thin rod on it, in one piece."""
    return revolved([(0, 0), (60, 0), (60, 10), (8, 10), (8, 120), (0, 120)])


def ring() -> trimesh.Trimesh:
    made: trimesh.Trimesh = trimesh.creation.torus(30.0, 8.0, major_sections=24, minor_sections=10)
    return made


def mesh_of(made: trimesh.Trimesh) -> Mesh:
    vertices = np.array(made.vertices) / 1000
    part = Part(vertices, np.array(made.vertex_normals), np.zeros((len(vertices), 2)), np.array(made.faces))
    return Mesh((part,))


def imported(root: Path, library: str, collision: str = "", table: str = "") -> list[Row]:
    """The rows of `root/meshes`, imported in millimetres into a library beside it."""
    lines = []
    if table:
        (root / "assets.csv").write_text(table)
        lines = read_table(root / "assets.csv")
    wanted = overrides(scan(root / "meshes").meshes, lines, Flags(unit_m=0.001, up="z", collision=collision))
    return import_meshes(root / "meshes", wanted, root / library, 2, lambda row, known: None)


@pytest.fixture(autouse=True, scope="module")
def in_this_process(client: Client) -> Iterator[None]:
    """Other tests see to it that meshes are read in children; to start them takes longer than all of this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "examined", lambda tasks, workers: (examine(client, task) for task in tasks))
        yield


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory, in_this_process: None) -> Path:
    """The same four meshes as the library `cut` and the library `hulls`."""
    root = tmp_path_factory.mktemp("collision")
    (root / "meshes").mkdir()
    for name, made in (("cup", cup()), ("peg", peg()), ("ring", ring())):
        made.export(root / "meshes" / f"{name}.stl")
    trimesh.creation.icosphere(3, 1000 * BALL_M).export(root / "meshes" / "ball.stl")
    imported(root, "cut")
    imported(root, "hulls", "hull")
    return root


def loaded(library: Path, **said: Any) -> Catalogue:
    return load_catalogue(Assets.parse({"path": str(library), **said}))


def put(made: Rig, name: str, *center_m: float) -> Body:
    """A body that stands with its centre of mass at a place."""
    body = made.body(f"{name}/{name}", (0, 0, 0))
    inner = np.array(made.files.assets[body.asset].center_of_mass_m)
    return replace(body, pose=Pose.from_point_pair(inner, np.array(center_m), UPRIGHT))


def rest(made: Rig, below: str, above: str, height_m: float) -> NDArray[np.float64]:
    """Where the centre of mass of one body comes to rest that falls onto another one, in that one's frame."""
    stands = made.body(f"{below}/{below}", (0, 0, 0.0002))
    spec = SceneSpec(0, "train", 0, (stands, put(made, above, 0.002, 0.001, height_m)), GREY, GREY, PHYSICS)
    bottom, top = made.settle(spec).spec.bodies
    inner = np.array(made.files.assets[top.asset].center_of_mass_m)
    center = top.pose.apply(inner[None])[0] - np.array(bottom.pose.position_m)
    return np.asarray(bottom.pose.rotation().T @ center)


@pytest.mark.parametrize(("library", "inside"), [("cut", True), ("hulls", False)])
def test_a_ball_falls_into_a_cup(libraries: Path, rig: Any, library: str, inside: bool) -> None:
    made = rig(loaded(libraries / library))
    x, y, z = rest(made, "cup", "ball", RIM_M + 0.03)
    assert (z < RIM_M / 2) == inside
    # It lies on the bottom, or on the hull: nothing hovers or sinks.
    bottom_m = 0.004 if inside else RIM_M
    assert z == pytest.approx(bottom_m + BALL_M, abs=0.0015)
    assert np.hypot(x, y) < 0.036


@pytest.mark.parametrize(("library", "over"), [("cut", True), ("hulls", False)])
def test_a_ring_falls_over_a_peg(libraries: Path, rig: Any, library: str, over: bool) -> None:
    made = rig(loaded(libraries / library))
    x, y, z = rest(made, "peg", "ring", SPOOL_TOP_M + 0.02)
    on_plate = z < 0.05 and np.hypot(x, y) < 0.03
    assert on_plate == over
    if over:
        assert z == pytest.approx(0.010 + 0.008, abs=0.0015)


def test_contacts_are_those_of_the_pieces(libraries: Path, rig: Any, client: Client) -> None:
    made = rig(loaded(libraries / "cut"))
    stands = made.body("cup/cup", (0, 0, 0))
    for x, fits in ((0.0, True), (0.031, False)):  # in the middle, and through the wall
        spec = SceneSpec(0, "train", 0, (stands, put(made, "ball", x, 0, 0.06)), GREY, GREY, PHYSICS)
        client.fresh()
        bodies = {add_body(client.id, made.files, body): body for body in spec.bodies}
        pb.performCollisionDetection(physicsClientId=client.id)
        if fits:
            _check_contacts(client.id, made.files, bodies)
            continue
        with pytest.raises(RejectedDraw) as caught:
            _check_contacts(client.id, made.files, bodies)
        assert caught.value.reason == "penetrating"


def test_pieces_in_a_library(libraries: Path) -> None:
    index = json.loads((libraries / "cut" / "library.json").read_text())
    facts = {asset["name"]: asset for asset in index["assets"]}
    assert facts["ball"]["collision"] == ""
    assert facts["ball"]["pieces"] == 1
    for name in ("cup", "peg", "ring"):
        path = libraries / "cut" / "collision" / f"{facts[name]['collision']}.obj"
        pieces = read_pieces(path)
        assert 2 <= len(pieces) == facts[name]["pieces"] <= MAX_PIECES
        # Any program reads it: as many closed convex bodies.
        shells = trimesh.load_mesh(path, process=False).split(only_watertight=False)
        assert len(shells) == len(pieces)
        assert all(shell.is_watertight and shell.is_convex and shell.volume > 0 for shell in shells)
    assert not (libraries / "hulls" / "collision").exists()


def test_sizes_scale_the_pieces(libraries: Path) -> None:
    plain = {asset.name: asset for asset in loaded(libraries / "cut").assets.values()}
    twice = loaded(libraries / "cut", categories={"cup": {"size_m": 0.2}})
    scaled = {asset.name: asset for asset in twice.assets.values()}
    for before, after in zip(plain["cup/cup"].pieces, scaled["cup/cup"].pieces, strict=True):
        np.testing.assert_allclose(after, 2 * before, rtol=1e-6, atol=1e-9)
        assert not after.flags.writeable


DIRECTIONS = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if x or y or z])


@pytest.mark.parametrize(
    ("mesh", "most"),
    [
        pytest.param(mesh_of(peg()), 12, id="peg"),
        pytest.param(SHAPES["bracket"](0.1), 4, id="bracket"),
        pytest.param(SHAPES["bolt"](0.1), 12, id="bolt"),
        pytest.param(SHAPES["box"](0.1), 1, id="box"),
    ],
)
def test_pieces_are_few_and_reach_as_far_as_the_mesh(mesh: Mesh, most: int) -> None:
    pieces = convex_pieces(mesh)
    assert len(pieces) <= min(most, MAX_PIECES)
    together, size = np.concatenate(pieces), float(mesh.extents_m.max())
    reach = (DIRECTIONS @ together.T).max(axis=1) - (DIRECTIONS @ mesh.vertices_m.T).max(axis=1)
    assert np.abs(reach).max() < 0.003 * size
    planes = ConvexHull(mesh.vertices_m).equations
    assert (together @ planes[:, :3].T + planes[:, 3]).max() < 1e-6 * size
    solid = sum(float(ConvexHull(piece).volume) for piece in pieces)
    hull = float(ConvexHull(mesh.vertices_m).volume)
    assert solid < 0.9 * hull or len(pieces) == 1


@pytest.mark.parametrize(
    ("made", "collision", "cut"),
    [
        pytest.param(peg(), "", True, id="concave"),
        pytest.param(peg(), "hull", False, id="told so"),
        pytest.param(trimesh.creation.icosphere(2, 30.0), "", False, id="convex"),
        pytest.param(peg().submesh([range(10, 180)], append=True), "convex", True, id="not closed, told so"),
    ],
)
def test_what_is_cut(look: Look, tmp_path: Path, made: Any, collision: str, cut: bool) -> None:
    made.export(tmp_path / "mesh.ply")
    row = look(tmp_path / "mesh.ply", collision=collision)
    assert (row.pieces > 1) == cut
    assert (row.hull_because, row.verdict) == ("", "ok")
    assert row.notes == ()


def test_what_is_not_closed_and_no_hull_is_told(look: Look, tmp_path: Path) -> None:
    """A ball without a triangle is nearly its hull, and a flat sheet is one."""
    ball, sheet = trimesh.creation.icosphere(3, 30.0), trimesh.creation.box((60.0, 60.0, 10.0))
    for number, (made, told) in enumerate(
        (
            (peg().submesh([range(10, 180)], append=True), True),
            (peg().submesh([range(1, 180)], append=True), True),
            (ball.submesh([range(1, 1280)], append=True), False),
            (sheet.submesh([[*np.flatnonzero(sheet.face_normals[:, 2] > 0.9)]], append=True), False),
        )
    ):
        made.export(tmp_path / f"{number}.ply")
        row = look(tmp_path / f"{number}.ply")
        assert (row.verdict, row.watertight, row.pieces) == ("ok", False, 1)
        assert row.notes == (row.hull_because,) * told == (NOT_CLOSED,) * told
        assert row.remarks == row.notes


def test_without_the_package_hulls_are_used_and_it_is_said_once(
    libraries: Path, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    monkeypatch.setattr(shape, "installed", lambda: False)
    rows = [look(libraries / "meshes" / f"{name}.stl") for name in ("ball", "cup", "ring")]
    assert [row.pieces for row in rows] == [1, 1, 1]
    (told,) = closing_lines(None, rows)
    assert told.startswith("concave meshes (2 here) collide as their hulls, so nothing can fall into them")
    assert "pip install vhacdx" in told
    (known,) = (row for row in rows if row.file == "cup.stl")
    store = LocalStore(libraries / "without")
    store.put("row.json", importing._bytes({"version": importing.VERSION, **known.tree()}))
    # Once it is there, they are cut; until then, nothing is read again.
    for there in (True, False):
        monkeypatch.setattr(importing, "installed", lambda there=there: there)
        row = replace(known, mesh="", asks="nothing")
        store.put("row.json", importing._bytes({"version": importing.VERSION, **row.tree()}))
        found = importing._known(store, libraries / "meshes", "row.json", "cup.stl", row.override)
        assert (found is None) == there


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Died(-signal.SIGXCPU), "300 s of CPU time"),
        (OutOfTime(), "60 min"),
        (MemoryError(), "memory"),
    ],
    ids=["CPU time", "stuck", "memory"],
)
def test_what_dies_of_being_cut_gets_its_hull(
    libraries: Path, look: Look, client: Client, error: Exception, words: str
) -> None:
    override = look(libraries / "meshes" / "ball.stl").override
    task = Task(libraries / "meshes", "cup.stl", override, None)
    again = _uncut(Outcome(task, None, error))
    assert again is not None
    row = examine(client, again)
    assert (row.verdict, row.pieces) == ("ok", 1)
    assert words in row.hull_because
    hull = replace(task, override=replace(override, collision="hull"))
    for final in (again, hull):  # neither is tried for ever
        assert _uncut(Outcome(final, None, error)) is None


def test_a_child_that_is_killed_by_the_cutting_costs_the_pieces_only(
    libraries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vhacdx").mkdir()
    (tmp_path / "vhacdx" / "__init__.py").write_text(
        "import os\ndef compute_vhacd(*_, **settings):\n    os.abort()\n"
    )
    (tmp_path / "meshes").mkdir()
    shutil.copy(libraries / "meshes" / "cup.stl", tmp_path / "meshes")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    words = [str(PROGRAM), "assets", "check", "meshes", "--unit", "mm", "--workers", "1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "could not be cut into convex pieces (the process died: SIGABRT): its hull is used" in done.stdout
    assert done.stdout.splitlines()[-1] == "meshes: 1 ok, 0 repaired, 0 refused"


def test_cpu_time_of_a_file_is_limited(
    libraries: Path, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vhacdx.py").write_text("def compute_vhacd(*_, **settings):\n    while True: pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(workers, "CPU_S", 2)
    override = look(libraries / "meshes" / "cup.stl").override
    (row,) = examined([Task(libraries / "meshes", "cup.stl", override, None)], 1)
    assert row.verdict == "ok"
    assert row.hull_because.startswith("could not be cut into convex pieces (it took more than 2 s of CPU")


def test_the_same_meshes_give_the_same_library_and_are_not_cut_again(libraries: Path) -> None:
    shutil.copytree(libraries / "cut", libraries / "again", copy_function=shutil.copy2)
    times = {path: path.stat().st_mtime_ns for path in (libraries / "again" / "rows").iterdir()}
    facts = json.loads((libraries / "again" / "library.json").read_text())["assets"]
    (peg_pieces,) = (asset["collision"] for asset in facts if asset["name"] == "peg")
    (libraries / "again" / "collision" / f"{peg_pieces}.obj").unlink()
    imported(libraries, "again", table="file,upright\ncup.stl,yes\npeg.stl,no\n")
    # Cut anew it has the same bytes; whether things stand is no reason to read them again.
    changed = [path for path, before in times.items() if path.stat().st_mtime_ns != before]
    assert [json.loads(path.read_text())["file"] for path in changed] == ["peg.stl"]
    imported(libraries, "again")
    before, after = tree(libraries / "cut"), tree(libraries / "again")
    assert after.keys() == before.keys()
    differing = [path for path in before if before[path] != after[path]]
    assert [path for path in differing if "rows" not in str(path)] == []


def test_a_data_set_knows_its_pieces(libraries: Path, tmp_path: Path) -> None:
    recipe = Recipe.parse({"assets": {"path": str(libraries / "cut")}, "scene": {"kind": "drop"}})
    catalogue, hulls = loaded(libraries / "cut"), loaded(libraries / "hulls")
    assert set(describe(recipe, hulls)) == set(describe(recipe, catalogue)) - {"collision"}
    store = LocalStore(tmp_path / "data")
    begin(store, recipe, catalogue, 3)
    begin(store, recipe, catalogue, 3)
    with pytest.raises(StoreError, match="collision"):
        begin(store, recipe, hulls, 3)


def test_check_counts_the_pieces_and_reads_them(libraries: Path) -> None:
    shutil.copytree(libraries / "cut", libraries / "checked")
    damaged, *sound = sorted((libraries / "checked" / "collision").iterdir())
    damaged.write_text("\no piece0\nv 0 0 nan\n")
    done = assets(libraries, "check", "checked", "--json")
    assert (done.code, done.err) == (1, "")
    rows = json.loads(done.out)
    told = {row["collision"]: row["pieces"] for row in rows if row["collision"]}
    assert told == {path.stem: len(read_pieces(path)) for path in sound}
    (refused,) = (row for row in rows if row["verdict"] == "refused")
    assert refused["reason"].endswith(f"{damaged.name}: contains no convex pieces")
    assert refused["remedy"] == "import the meshes again"
    with pytest.raises(CatalogueError, match="contains no convex pieces"):
        loaded(libraries / "checked")


def test_hulls_of_meshes_without_a_library(rig: Any) -> None:
    made = rig(catalogue_of({"cup": mesh_of(cup())}))
    (key,) = made.files.assets
    assert made.files.collision(key).read_text().count("\no ") == 0


def test_pieces_settle_to_the_same_bytes_after_anything(libraries: Path, rig: Any) -> None:
    scene = Drop.parse({"num_objects": 6, "empty_share": 0.0})
    catalogue = loaded(libraries / "cut")
    made = rig(catalogue)
    first, _ = made.drawn(scene, 0)
    made.drawn(scene, 1)
    rest(rig(loaded(libraries / "hulls")), "cup", "ball", RIM_M + 0.03)
    again, _ = rig(catalogue).drawn(scene, 0)
    assert again == first
