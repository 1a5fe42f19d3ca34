"""Files that are no meshes, whatever they are named: the message says what was saved in place of the mesh."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh_file
from tests.library.conftest import Look
from tests.library.meshes import picture, png
from tests.library.plates import mapped, plate

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>gear.obj at main</title></head></html>"


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("gear.obj", "v 0 0 0")
    return out.getvalue()


INSTEAD = {
    "empty": (b"", "is empty; save or download it again"),
    "zeros": (bytes(100), "contains only zero bytes; save"),
    "pointer": (POINTER, "is a Git LFS pointer, not the mesh; run git lfs pull"),
    "page": (PAGE, "is a web page (HTML), not a mesh; download the file itself"),
    "xhtml": (b'\xef\xbb\xbf<?xml version="1.0"?><!-- x --><html xmlns="x"/>', "is a web page (HTML)"),
    "not found": (b"404: Not Found", "is a server error message, not a mesh (404: Not Found)"),
    "denied": (b'<?xml version="1.0"?><Error><Code>No</Code></Error>', "is a server error message"),
    "json": (b'{"message": "Bad credentials"}', "is a server error message"),
    "zip": (zipped(), "is a ZIP archive; unpack it"),
    "gzip": (gzip.compress(b"v 0 0 0"), "is a gzip archive; unpack it"),
    "blender": (b"BLENDER-v402", "is a Blender file; export it as GLB"),
    "fbx": (b"Kaydara FBX Binary  \0", "is an FBX file; export it as GLB"),
}


@pytest.mark.parametrize("name", INSTEAD)
@pytest.mark.parametrize("suffix", ["obj", "stl", "ply", "off", "dae", "glb", "gltf", "urdf"])
def test_what_was_saved_in_place_of_a_mesh_is_said(tmp_path: Path, name: str, suffix: str) -> None:
    content, told = INSTEAD[name]
    path = tmp_path / f"gear.{suffix}"
    path.write_bytes(content)
    with pytest.raises(MeshError) as refused:
        read_mesh_file(path)
    assert str(refused.value).startswith(told)


def test_a_3mf_is_a_zip_archive_and_may_be(tmp_path: Path) -> None:
    (tmp_path / "gear.3mf").write_bytes(zipped())
    with pytest.raises(MeshError, match="contains no 3D model"):
        read_mesh_file(tmp_path / "gear.3mf")


def test_import_says_it_with_a_remedy(look: Look, tmp_path: Path) -> None:
    (tmp_path / "gear.obj").write_bytes(POINTER)
    row = look(tmp_path / "gear.obj")
    assert (row.verdict, row.kind, row.reason, row.remedy) == (
        *("refused", "unreadable"),
        *("is a Git LFS pointer, not the mesh", "run git lfs pull"),
    )


def test_textures_and_material_files_that_are_pointers(tmp_path: Path) -> None:
    path = plate(tmp_path / "texture", mapped("quad.png"), content=POINTER)
    assert read_mesh_file(path).looks == (
        "texture 'quad.png' is a Git LFS pointer: the material colour is used; run git lfs pull",
    )
    path = plate(tmp_path / "mtl", mapped("quad.png"), content=png(picture()))
    (tmp_path / "mtl" / "plate.mtl").write_bytes(POINTER)
    assert read_mesh_file(path).looks == ("'plate.mtl' is a Git LFS pointer: run git lfs pull",)
