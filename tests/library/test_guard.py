"""Names that lead elsewhere, and files that unpack to too much, are refused before they do harm."""

import os
import re
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh_file
from scenes.assets.reading.places import COPY
from scenes.assets.stored import read_stored
from sim2coco.library.row import Row
from tests.library.conftest import Look
from tests.library.meshes import brick, gltf, picture, png, textured

SECRET = "secret.png"
TEXTURE = '<diffuse><texture texture="s" texcoord="UV"/></diffuse>'
SAMPLER = (
    '<newparam sid="f"><surface type="2D"><init_from>i</init_from></surface></newparam>'
    '<newparam sid="s"><sampler2D><source>f</source></sampler2D></newparam>'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to import, beside a picture that is none of its business."""
    (tmp_path / SECRET).write_bytes(png(picture()))
    (tmp_path / "secret.mtl").write_text("newmtl material_0\nKd 1 0 0\n")
    (tmp_path / "secret.stl").write_bytes(brick(tmp_path / "brick.stl").read_bytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / SECRET)
    (folder / "link.stl").symlink_to(tmp_path / "secret.stl")
    return folder


def obj(folder: Path, name: str) -> Path:
    textured().export(folder / "box.obj")
    (folder / "material.mtl").write_text(f"newmtl material_0\nKd 1 1 1\nmap_Kd {name}\n")
    return folder / "box.obj"


def library_of(folder: Path, name: str) -> Path:
    textured().export(folder / "box.obj")
    text = (folder / "box.obj").read_text().replace("material.mtl", name.replace(".png", ".mtl"))
    (folder / "box.obj").write_text(text)
    return folder / "box.obj"


def gltf_image(folder: Path, name: str) -> Path:
    return gltf(folder, images=[{"uri": name}])


def gltf_buffer(folder: Path, name: str) -> Path:
    return gltf(folder, buffers=[{"uri": name, "byteLength": 10}])


def dae(folder: Path, name: str) -> Path:
    textured().export(folder / "box.dae")
    text = (folder / "box.dae").read_text()
    text, count = re.subn(r"<diffuse>.*?</diffuse>", TEXTURE, text, count=1, flags=re.DOTALL)
    assert count == 1
    text, count = re.subn(r"(<profile_COMMON>)", r"\1" + SAMPLER, text, count=1)
    assert count == 1
    images = f'<library_images><image id="i"><init_from>{name}</init_from></image></library_images>'
    (folder / "box.dae").write_text(text.replace("<library_effects", images + "<library_effects", 1))
    return folder / "box.dae"


def urdf(folder: Path, name: str) -> Path:
    (folder / "a.urdf").write_text(
        f"<robot name='a'><link name='a'><visual><geometry><mesh filename='{name.replace('.png', '.stl')}'/>"
        "</geometry></visual></link></robot>"
    )
    return folder / "a.urdf"


NAMES = (
    "../secret.png",
    "sub/../../secret.png",
    "{absolute}",
    "file://{absolute}",
    "link.png",
    "..\\secret.png",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [gltf_buffer, urdf], ids=lambda make: make.__name__)
def test_names_that_lead_elsewhere_are_refused(
    look: Look, folder: Path, make: Callable[[Path, str], Path], name: str
) -> None:
    path = make(folder, name.format(absolute=folder.parent / SECRET))
    row = look(path, unit_m=1.0)
    assert (row.verdict, row.kind) == ("refused", "path trick")
    assert "secret" in row.reason or "link" in row.reason
    assert row.remedy == COPY


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [obj, gltf_image, dae], ids=lambda make: make.__name__)
def test_a_texture_elsewhere_is_not_opened(
    look: Look, folder: Path, make: Callable[[Path, str], Path], name: str
) -> None:
    """The mesh can be used without it; a note says which texture it is and what to do."""
    name = name.format(absolute=folder.parent / SECRET)
    row = look(make(folder, name), unit_m=1.0, library=folder.parent / "library")
    assert (row.verdict, row.images) == ("ok", {name: "outside"})
    assert row.notes == (
        f"texture {name!r} is outside the given folder: the material colour is used; {COPY}",
    )
    mesh = read_stored(folder.parent / "library" / "meshes" / f"{row.mesh}.glb")
    assert all(part.texture is None for part in mesh.parts)


@pytest.mark.parametrize("name", NAMES[:4])
def test_a_material_file_elsewhere_is_not_opened(look: Look, folder: Path, name: str) -> None:
    name = name.format(absolute=folder.parent / SECRET)
    row = look(library_of(folder, name), unit_m=1.0, library=folder.parent / "library")
    mtl = name.replace(".png", ".mtl")
    assert row.notes == (f"refers to {mtl!r}, which is outside the given folder: {COPY}",)
    mesh = read_stored(folder.parent / "library" / "meshes" / f"{row.mesh}.glb")
    assert all(part.color_rgb != (1.0, 0.0, 0.0) for part in mesh.parts)


def test_a_mesh_that_is_a_link_out_of_the_folder_is_refused(look: Look, folder: Path) -> None:
    assert look(folder / "link.stl").kind == "path trick"


def test_a_link_within_the_folder_is_followed(look: Look, folder: Path) -> None:
    (folder / "real.stl").write_bytes((folder.parent / "secret.stl").read_bytes())
    (folder / "other.stl").symlink_to(folder / "real.stl")
    assert look(folder / "other.stl").verdict == "ok"


def test_a_windows_path_is_taken_as_a_name_beside_the_mesh(look: Look, folder: Path) -> None:
    (folder / "skin.png").write_bytes(png(picture()))
    row = look(obj(folder, r"C:\Users\me\skin.png"), unit_m=1.0)
    assert (row.verdict, row.images) == ("ok", {"skin.png": "found"})


def test_options_before_the_name_of_a_texture_are_no_part_of_it(look: Look, folder: Path) -> None:
    (folder / "my skin.png").write_bytes(png(picture()))
    row = look(obj(folder, "-s 1 1 1 -o 0 0 0 -clamp on my skin.png"), unit_m=1.0)
    assert row.images == {"my skin.png": "found"}


def bomb(width: int, height: int) -> bytes:
    """A PNG that is all zeros and says that it is that large; all of it is there if that is little work."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9) if width * height < 10**9 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1)], ids=["true", "lying"])
@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_picture_that_would_fill_the_memory_is_refused_at_once(
    look: Look, folder: Path, size: tuple[int, int], place: str
) -> None:
    content = bomb(*size)
    if place == "beside":
        (folder / "bomb.png").write_bytes(content)
        path = obj(folder, "bomb.png")
    else:
        import base64

        path = gltf(folder, images=[{"uri": "data:image/png;base64," + base64.b64encode(content).decode()}])
    before = peak_kib()
    start = time.monotonic()
    row = look(path, unit_m=1.0)
    assert time.monotonic() - start < 1
    assert peak_kib() - before < 200_000
    assert (row.verdict, row.kind) == ("refused", "over a limit")
    assert "million pixels" in row.reason


def peak_kib() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_picture_with_a_lie_in_its_header_does_no_harm(look: Look, folder: Path) -> None:
    """Small by its header, gigabytes by its content: what is beyond the header is never unpacked."""
    honest = bomb(8, 8)
    start = honest.index(b"IDAT") - 4
    rows = zlib.compress(bytes(300_000_000), 9)
    chunk = struct.pack(">I", len(rows)) + b"IDAT" + rows + struct.pack(">I", zlib.crc32(b"IDAT" + rows))
    (folder / "lie.png").write_bytes(honest[:start] + chunk + honest[-12:])
    before = peak_kib()
    row: Row = look(obj(folder, "lie.png"), unit_m=1.0)
    assert row.verdict in ("ok", "repaired")
    assert peak_kib() - before < 200_000


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("pipe.obj", os.mkfifo),
        ("pipe.urdf", os.mkfifo),
        ("loop.stl", lambda path: path.symlink_to(path.name)),
        ("zero.ply", lambda path: path.symlink_to("/dev/zero")),
    ],
    ids=["pipe", "pipe_urdf", "loop", "device"],
)
def test_what_is_no_ordinary_file_is_never_read(
    folder: Path, name: str, make: Callable[[Path], None], look: Look
) -> None:
    make(folder / name)
    row = look(folder / name)
    assert (row.verdict, row.kind, row.reason) == ("refused", "unreadable", "is not a regular file")


@pytest.mark.parametrize("far", ["1e31", "-1e200", "1e308"])
def test_a_vertex_absurdly_far_away_is_refused(tmp_path: Path, far: str) -> None:
    path = tmp_path / "far.obj"
    path.write_text(f"v 0 0 0\nv 1 0 0\nv 0 1 {far}\nf 1 2 3\n")
    with pytest.raises(MeshError, match=r"is more than 1e\+30 away from the origin"):
        read_mesh_file(path)
