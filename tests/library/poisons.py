"""A folder of over a hundred mesh files and textures that try to crash, to hang or to fill the memory."""

import gzip
import io
import json
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
SUFFIXES = (".obj", ".ply", ".stl", ".off", ".gltf", ".glb", ".dae", ".3mf", ".urdf")
POLYGON = f"f {' '.join(map(str, range(1, 100_001)))}\n"
MAPPED = "mtllib {0}.mtl\nusemtl m\n" + TRIANGLE + "vt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n"
Files = Iterator[tuple[str, bytes | Callable[[Path], object]]]


def png(width: int, height: int, rows: bytes | None = None, bits: int = 8, color: int = 2) -> bytes:
    """A PNG whose header and content need not agree."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    body = zlib.compress(bytes(100) if rows is None else rows, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def small(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).convert(mode)


def sparse(path: Path) -> None:
    """A file that takes no space and says that it has a terabyte."""
    path.touch()
    os.truncate(path, 2**40)


def objs() -> Files:
    """OBJ files."""
    texts = {
        "index_huge": TRIANGLE + "f 1 2 900000000\n",
        "index_beyond_64_bits": TRIANGLE + f"f 1 2 {10**30}\n",
        "index_zero": TRIANGLE + "f 0 1 2\n",
        "index_negative": TRIANGLE + "f -1 -2 -9\n",
        "index_fraction": TRIANGLE + "f 1.5 2 3\n",
        "index_word": TRIANGLE + "f one two three\n",
        "polygon": "".join(f"v {i} {i % 2} 0\n" for i in range(100_000)) + POLYGON,
        "two_corners": TRIANGLE + "f 1 2\n",
        "two_numbers": "v 1 2\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "nan": "v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "infinite": "v inf 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "overflow": "v 1e400 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "far": "v 1e300 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "tiny": "v 1e-320 0 0\nv 0 1e-320 0\nv 0 0 1e-320\nf 1 2 3\n",
        "words": "v a b c\nv d e f\nv g h i\nf 1 2 3\n",
        "foreign_digits": "v \u0661 \u0662 \u0663\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "empty": "",
        "spaces": " " * 2_000_000,
        "one_line": "f " + "1 " * 500_000,
        "points_only": "v 0 0 1\n" * 200_000,
        "one_point": "v 1 1 1\n" * 3 + "f 1 2 3\n",
        "four_slashes": TRIANGLE + "f 1/1/1/1 2 3\n",
        "continued": TRIANGLE + "f 1 2 3" + " \\\n" * 100_000 + "\n",
        "materials": TRIANGLE + "".join(f"usemtl m{i}\nf 1 2 3\n" for i in range(20_000)),
        "groups": TRIANGLE + "".join(f"g g{i}\nf 1 2 3\n" for i in range(20_000)),
        "curves": TRIANGLE + "cstype bspline\ndeg 3\ncurv 0 1 1 2 3\nsurf 0 1 0 1 1 2 3\nend\n",
        "library_itself": TRIANGLE + "mtllib library_itself.obj\nusemtl m\nf 1 2 3\n",
        "library_long": f"mtllib {'m' * 50_000}.mtl\n{TRIANGLE}f 1 2 3\n",
        "library_device": f"mtllib /dev/zero\n{TRIANGLE}f 1 2 3\n",
        "web_page": "<html><body>404</body></html>",
        "nul": TRIANGLE + "f 1 2\x00 3\n",
        "repeated": TRIANGLE + "f 1 2 3\n" * 300_000,
    }  # fmt: skip
    yield from ((f"{name}.obj", text.encode()) for name, text in texts.items())
    yield "wide.obj", (TRIANGLE + "f 1 2 3\n").encode("utf-16")
    yield "bytes.obj", bytes(range(256)) * 100
    yield "packed.obj", gzip.compress(b"v 0 0 0\n" * 1000)


def textures() -> Files:
    """OBJ files whose textures are odd, each with its MTL."""
    noise = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (64, 64, 3), np.uint8)
    jpeg = saved(Image.fromarray(noise), "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    files: dict[str, bytes | Callable[[Path], object]] = {
        "bomb.png": png(30_000, 30_000),
        "bomb_12000.png": png(12_000, 12_000),
        "bomb_lying.png": png(2**31 - 1, 2**31 - 1),
        "unpacks_to_more.png": png(8, 8, bytes(100_000_000)),
        "thin.png": png(1_000_000, 1, bytes(3_000_001)),
        "no_size.png": png(0, 0),
        "no_width.png": png(0, 5),
        "wrong_bits.png": png(8, 8, None, 7, 9),
        "cut.png": saved(small(), "PNG")[:60],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "turned.jpg": saved(small(), "JPEG", exif=exif),
        "inks.jpg": saved(small("CMYK"), "JPEG"),
        "deep.png": saved(Image.fromarray(np.full((8, 8), 40_000, np.uint16)), "PNG"),
        "floats.tiff": saved(Image.fromarray(np.full((8, 8), np.nan, np.float32)), "TIFF"),
        "moving.gif": saved(small(), "GIF", save_all=True, append_images=[small()] * 200),
        "moving.png": saved(small(), "PNG", save_all=True, append_images=[small()] * 5),
        "cut.webp": saved(small(), "WEBP")[:30],
        "cut.gif": saved(small(), "GIF")[:20],
        "cut.bmp": saved(small(), "BMP")[:40],
        "palette.png": saved(small().quantize(2), "PNG"),
        "one_bit.png": saved(small("1"), "PNG"),
        "page.png": b"<html>404</html>",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
        "nothing.png": b"",
        "pipe.png": os.mkfifo,
        "folder.png": os.mkdir,
        "loop.png": lambda path: path.symlink_to(path.name),
        "device.png": lambda path: path.symlink_to("/dev/zero"),
        "outside.png": lambda path: path.symlink_to("/etc/hostname"),
        "sparse.png": sparse,
    }
    for name, content in files.items():
        stem = name.replace(".", "_")
        yield name, content
        yield f"{stem}.mtl", f"newmtl m\nKd 1 1 1\nmap_Kd {name}\n".encode()
        yield f"{stem}.obj", MAPPED.format(stem).encode()
    odd = {
        "itself": "map_itself.obj",
        "long": "t" * 50_000 + ".png",
        "up": "../" * 50 + "etc/hostname",
        "device": "/dev/zero",
    }
    for key, texture in odd.items():
        yield f"map_{key}.mtl", f"newmtl m\nmap_Kd {texture}\n".encode()
        yield f"map_{key}.obj", MAPPED.format(f"map_{key}").encode()


def plys() -> Files:
    """PLY, STL and OFF files."""
    head = "ply\nformat {} 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\n"
    faces = "element face {}\nproperty list uchar int vertex_indices\nend_header\n"
    rows = "0 0 0\n1 0 0\n0 1 0\n"
    texts = {
        "many": head.format("binary_little_endian", 10**12) + faces.format(1),
        "negative": head.format("ascii", -3) + faces.format(1) + rows,
        "few_rows": head.format("ascii", 1000) + faces.format(1) + rows,
        "no_end": head.format("ascii", 3),
        "long_list": head.format("ascii", 3) + faces.format(1) + rows + "255 0 1 2\n",
        "list_negative": head.format("ascii", 3) + faces.format(1) + rows + "-3 0 1 2\n",
        "index": head.format("ascii", 3) + faces.format(1) + rows + f"3 0 1 {2**31 - 1}\n",
        "index_negative": head.format("ascii", 3) + faces.format(1) + rows + "3 0 1 -1\n",
        "unknown_type": "ply\nformat ascii 1.0\nelement vertex 3\nproperty quad x\nend_header\n",
        "list_of_floats": head.format("ascii", 3)
        + "element face 1\nproperty list float float a\nend_header\n",
        "no_x": "ply\nformat ascii 1.0\nelement vertex 3\nproperty float q\nend_header\n1\n2\n3\n",
        "long_header": "ply\nformat ascii 1.0\n" + "comment x\n" * 200_000,
        "binary_cut": head.format("binary_big_endian", 3) + faces.format(5),
        "twice": head.format("ascii", 3) + "element vertex 3\nproperty float x\n" + faces.format(1) + rows,
    }
    yield from ((f"{name}.ply", text.encode()) for name, text in texts.items())
    stls = {
        "cut": b" " * 80 + struct.pack("<I", 1000) + bytes(70),
        "miscounted": b" " * 80 + struct.pack("<I", 2**32 - 1) + bytes(100),
        "none": b" " * 80 + struct.pack("<I", 0),
        "short": b"solid",
        "text_cut": b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\n",
        "text_words": b"solid a\nfacet normal 0 0 1\nouter loop\nvertex a b c\nvertex 1 0 0\nvertex 0 1 0\n",
        "nan": b" " * 80 + struct.pack("<I", 1) + struct.pack("<12f", *[float("nan")] * 12) + b"\0\0",
        "far": b" " * 80 + struct.pack("<I", 1) + struct.pack("<12f", *[3e38] * 12) + b"\0\0",
    }
    yield from ((f"{name}.stl", content) for name, content in stls.items())
    offs = {
        "many": "OFF\n1000000000000 1 0\n0 0 0\n",
        "negative": "OFF\n-3 -1 0\n",
        "polygon": "OFF\n3 1 0\n" + rows + f"{10**9} 0 1 2\n",
        "cut": "OFF\n3 2 0\n" + rows + "3 0 1 2\n",
        "no_head": rows,
        "index": "OFF\n3 1 0\n" + rows + "3 0 1 99\n",
    }
    yield from ((f"{name}.off", text.encode()) for name, text in offs.items())


def gltfs() -> Files:
    """GlTF and GLB files."""
    base: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36, "uri": "data:;base64," + "A" * 48}],
    }
    trees: dict[str, dict[str, Any]] = {
        "count": {"accessors": [{**base["accessors"][0], "count": 10**12}]},
        "count_negative": {"accessors": [{**base["accessors"][0], "count": -3}]},
        "no_view": {"accessors": [{"componentType": 5126, "count": 50_000_000, "type": "VEC3"}]},
        "view_outside": {"bufferViews": [{"buffer": 0, "byteOffset": 30, "byteLength": 10**9}]},
        "web": {"buffers": [{"byteLength": 36, "uri": "http://127.0.0.1:9/a.bin"}]},
        "pipe": {"buffers": [{"byteLength": 36, "uri": "pipe.png"}]},
        "upwards": {"buffers": [{"byteLength": 36, "uri": "../../../etc/passwd"}]},
        "cycle": {"nodes": [{"children": [0], "mesh": 0}]},
        "children": {"nodes": [{"children": [1, 1]}, {"children": [2, 2]}, {"mesh": 0}]},
        "matrix": {"nodes": [{"mesh": 0, "matrix": [1e300] * 16}]},
        "draco": {"extensionsRequired": ["KHR_draco_mesh_compression"]},
        "zeros": {},
    }
    doubling = [{"children": [n + 1, n + 1]} for n in range(40)]
    trees["doubling"] = {"nodes": [*doubling, {"mesh": 0}]}
    yield from ((f"{name}.gltf", json.dumps(base | tree).encode()) for name, tree in trees.items())
    yield "nested.gltf", b'{"asset":' + b"[" * 200_000
    yield "entries.gltf", b'{"asset":{"version":"2.0"},"nodes":[' + b"{}," * 500_000 + b"{}]}"
    yield "cut.glb", b"glTF" + struct.pack("<II", 2, 10**9) + b"\0\0"
    yield "chunk.glb", b"glTF" + struct.pack("<IIII", 2, 28, 2**32 - 1, 0x4E4F534A) + b"{}"


def archives() -> Files:
    """DAE, 3MF and URDF files."""
    laughs = "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    daes = {
        "laughs": f'<!DOCTYPE x [<!ENTITY a "ha">{laughs}]><COLLADA>&i;</COLLADA>',
        "entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><COLLADA>&a;</COLLADA>',
        "no_xml": "COLLADA",
        "nested": "<COLLADA>" + "<a>" * 100_000,
        "other": "<COLLADA xmlns='http://www.collada.org/2005/11/COLLADASchema' version='1.4.1'/>",
    }
    yield from ((f"{name}.dae", text.encode()) for name, text in daes.items())
    for name, model in {
        "bomb": b"<model>" + b" " * 300_000_000,
        "laughs": daes["laughs"].encode(),
        "no_objects": b"<model xmlns='http://schemas.microsoft.com/3dmanufacturing/core/2015/02'/>",
    }.items():
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("3D/3dmodel.model", model)
            archive.writestr("../../executed", b"x")
        yield f"{name}.3mf", buffer.getvalue()
    yield "no_zip.3mf", b"PK\3\4"
    mesh = "<robot name='a'><link name='a'><visual><geometry><mesh filename='{}' scale='{}'/>"
    mesh += "</geometry></visual></link></robot>"
    for name, file, scale in (
        ("itself", "itself.urdf", "1 1 1"),
        ("missing", "nowhere.obj", "1 1 1"),
        ("nan", "repeated.obj", "nan 1 1"),
        ("huge", "repeated.obj", "1e300 1 1"),
        ("pipe", "pipe.obj", "1 1 1"),
        ("device", "/dev/zero", "1 1 1"),
    ):
        yield f"{name}.urdf", mesh.format(file, scale).encode()
    links = "".join(f"<link name='l{n}'/>" for n in range(20_000))
    yield "links.urdf", f"<robot name='a'>{links}</robot>".encode()


def strange() -> Files:
    """What is not a regular file."""

    def listening(path: Path) -> None:
        here = Path.cwd()
        os.chdir(path.parent)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
        os.chdir(here)

    yield "pipe.obj", os.mkfifo
    yield "folder.obj", os.mkdir
    yield "socket.obj", listening
    yield "loop.obj", lambda path: path.symlink_to(path.name)
    yield "device.obj", lambda path: path.symlink_to("/dev/zero")
    yield "random.stl", lambda path: path.symlink_to("/dev/urandom")
    yield "sparse.obj", sparse
    yield "sparse.glb", sparse
    yield "nowhere.ply", lambda path: path.symlink_to("nowhere")


def write(folder: Path) -> list[Path]:
    """Writes the folder; returns the meshes."""
    meshes = []
    for files in (objs, textures, plys, gltfs, archives, strange):
        for name, content in files():
            if callable(content):
                content(folder / name)
            else:
                (folder / name).write_bytes(content)
            if Path(name).suffix in SUFFIXES:
                meshes.append(folder / name)
    return meshes
