"""Prepared meshes: the same whoever makes them, whether they are stored or not; damage is made good."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.mesh import Mesh
from scenes.assets.physics import one_asset
from scenes.assets.prepared import Prepared, Unprepared, read_prepared
from scenes.assets.shapes import box, sphere
from scenes.assets.stored import StoredMesh, content_name, read_stored
from sim.meshfiles import MeshFiles
from sim.preparing import must_be_prepared, prepare, prepared
from sim2coco.library.meshfile import put_mesh
from sim2coco.store import LocalStore

TEXTURE = np.arange(8 * 12 * 3, dtype=np.uint8).reshape(8, 12, 3)


def fine() -> Mesh:
    """A ball of 12,000 triangles with a texture, and a plain one, far from the origin."""
    (ball,) = sphere(0.1, 110).parts
    other = replace(ball, vertices_m=ball.vertices_m + np.array([0.08, 0.0, 0.0]), color_rgb=(0.1, 0.5, 0.9))
    return Mesh((replace(ball, texture=TEXTURE), other)).moved(np.array([1e4, 0.0, -1e4]))


def of_library(folder: Path, mesh: Mesh, factor: float = 1.0) -> Asset:
    """An asset in a library, with the file of the prepared mesh beside it."""
    store = LocalStore(folder)
    folder.mkdir(exist_ok=True)
    path = folder / "meshes" / f"{put_mesh(store, mesh)}.glb"
    stored = read_stored(path)
    content = prepare(stored.moved(-stored.center_of_mass_m), path.stem)
    path.with_suffix(".npz").write_bytes(content)
    known = one_asset("ball", stored.scaled(factor))
    return replace(known, surface=StoredMesh(path, factor, content_name(content)))


def equal(first: Prepared, second: Prepared) -> bool:
    """Whether two prepared meshes have the same bytes at every level."""
    if first.errors_m != second.errors_m or first.hull_m.tobytes() != second.hull_m.tobytes():
        return False
    return all(
        first.read(level).content_hash == second.read(level).content_hash
        and np.array_equal(first.read_behind(level, faces), second.read_behind(level, faces))
        for level in range(len(first.errors_m))
        if (faces := len(first.read(level).faces))
    )


def test_levels_hulls_and_looks(tmp_path: Path) -> None:
    mesh = fine()
    found = prepared(one_asset("ball", mesh), tmp_path)
    assert len(found.errors_m) >= 2 and found.errors_m[0] == 0
    full = found.read(0)
    assert np.abs(full.vertices_m + mesh.center_of_mass_m - mesh.vertices_m).max() < 1e-9
    for level in range(1, len(found.errors_m)):
        coarse = found.read(level)
        assert len(coarse.faces) < len(found.read(level - 1).faces)
        assert {part.color_rgb for part in coarse.parts} == {part.color_rgb for part in full.parts}
        for part in coarse.parts:
            assert (part.texture is not None) == (part.color_rgb == full.parts[0].color_rgb)
        np.testing.assert_array_equal(found.read_behind(level, len(coarse.faces)), coarse.seen_from_behind)
    assert np.linalg.norm(found.hull_m, axis=1).max() < 0.15
    assert len(found.collision_m) <= 192


def test_small_meshes_have_one_level_and_are_not_stored_in_libraries(tmp_path: Path) -> None:
    mesh = box(0.1, 0.2, 0.3)
    asset = one_asset("box", mesh)
    found = prepared(asset, tmp_path)
    assert found.errors_m == (0.0,) and len(found.hull_m) == 8
    (file,) = tmp_path.glob("*.npz")
    made = file.stat().st_mtime_ns
    again = prepared(asset, tmp_path)  # as a second process would
    assert equal(again, found) and again.collision_m.tobytes() == found.collision_m.tobytes()
    assert file.stat().st_mtime_ns == made
    assert prepare(mesh, "box") == b""


def test_nothing_is_simplified_for_one_image(tmp_path: Path) -> None:
    """Test renders of import draw each mesh once or twice; levels of detail would take most of the time."""
    asset = one_asset("ball", fine())
    catalogue = Catalogue(("ball",), ("object",), (1.0,), ((asset,),), (), ())
    files = MeshFiles(catalogue, tmp_path, simplified=False)
    assert files.errors_m(asset.key) == (0.0,)
    assert len(files.visual(asset.key, 0)) == 2 and files.collision(asset.key).exists()
    assert not list(tmp_path.glob("*.npz"))
    np.testing.assert_array_equal(files.hull_vertices(asset.key), prepared(asset, tmp_path).hull_m)


def test_a_second_process_reads_what_the_first_has_made(tmp_path: Path) -> None:
    asset = one_asset("ball", fine())
    first = prepared(asset, tmp_path)
    (file,) = tmp_path.glob("*.npz")
    before = file.stat().st_mtime_ns
    assert equal(first, prepared(asset, tmp_path))
    assert file.stat().st_mtime_ns == before
    (tmp_path / "other").mkdir()
    assert equal(first, prepared(asset, tmp_path / "other"))


def test_the_file_of_a_library_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With it, without it, with a damaged one, with another mesh's and with one of another version."""
    asset = of_library(tmp_path / "library", fine(), 0.5)
    assert isinstance(asset.surface, StoredMesh)
    right = prepared(asset, tmp_path)
    assert not list(tmp_path.glob("*.npz")), "the run makes nothing itself"
    file = asset.surface.path.with_suffix(".npz")
    content = file.read_bytes()
    for number, changed in enumerate((content[:-9], content[:99], b"", bytes(len(content)), None)):
        file.unlink() if changed is None else file.write_bytes(changed)
        (tmp_path / str(number)).mkdir()
        with caplog.at_level(logging.WARNING):
            assert equal(right, prepared(asset, tmp_path / str(number)))
        assert file.name in caplog.text and "is computed again" in caplog.text
        caplog.clear()


def test_what_a_run_must_prepare(tmp_path: Path) -> None:
    asset = of_library(tmp_path / "library", fine())
    assert isinstance(asset.surface, StoredMesh)
    assert not must_be_prepared(asset) and not must_be_prepared(one_asset("box", box(0.1, 0.2, 0.3)))
    assert must_be_prepared(one_asset("ball", fine()))
    earlier = replace(asset, surface=replace(asset.surface, prepared=""))
    assert must_be_prepared(earlier), "a library of an earlier version"
    asset.surface.path.with_suffix(".npz").unlink()
    assert must_be_prepared(asset)
    small = (
        tmp_path / "library" / "meshes" / f"{put_mesh(LocalStore(tmp_path / 'library'), box(1, 1, 1))}.glb"
    )
    assert not must_be_prepared(replace(asset, surface=StoredMesh(small)))


def test_content_that_was_never_made_is_refused() -> None:
    mesh = fine()
    content = prepare(mesh.moved(-mesh.center_of_mass_m), "ball")
    looks = tuple((part.color_rgb, part.texture) for part in mesh.parts)
    for at in range(0, len(content), len(content) // 1000):
        changed = content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]
        try:
            found = read_prepared(changed, "ball", lambda: mesh, lambda: looks)
            for level in range(len(found.errors_m)):
                found.read(level)
        except Unprepared:
            continue
    with pytest.raises(Unprepared, match="belongs to another mesh"):
        read_prepared(content, "duck", lambda: mesh, lambda: looks)
    with pytest.raises(Unprepared):
        read_prepared(b"PK\x03\x04 not a file", "ball", lambda: mesh, lambda: looks)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    mesh = box(0.1, 0.1, 0.1)
    harmful = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "x.npz", version=harmful, errors_m=harmful, hull_m=harmful, collision_m=harmful)
    with pytest.raises(Unprepared):
        read_prepared((tmp_path / "x.npz").read_bytes(), "x", lambda: mesh, lambda: ())
