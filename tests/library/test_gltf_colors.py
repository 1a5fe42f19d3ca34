"""Colours of glTF files: texture times factor times vertex colours in linear light, and how textures lie."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.stored import read_stored
from tests.library.conftest import Look
from tests.library.gltf_files import FACES, SQUARE, SQUARE_UVS, Gltf, linear, srgb
from tests.library.meshes import picture, png
from tests.library.plates import BLUE, GREEN, RED, YELLOW, colors

QUARTERS = np.array([[RED, GREEN], [BLUE, YELLOW]], float)
UPRIGHT = QUARTERS.repeat(4, axis=0).repeat(4, axis=1)
GREY = 0.5028864580325687
"""The linear value of 188 of 255."""


def encoded(pixels: NDArray[np.uint8], form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def base_color(texture: int | None = 0, factor: Any = None, **info: Any) -> dict[str, Any]:
    """A material with a base colour."""
    base: dict[str, Any] = {} if texture is None else {"baseColorTexture": {"index": texture, **info}}
    if factor is not None:
        base["baseColorFactor"] = [*factor, 1][:4]
    return {"pbrMetallicRoughness": base}


def shown(file: Gltf, folder: Path, across: int = 8) -> NDArray[np.float64]:
    """The colours that are seen of the square from above, of 255."""
    return colors(read_mesh(file.write(folder)), across)


def transformed(**transform: Any) -> dict[str, Any]:
    return {"extensions": {"KHR_texture_transform": transform}}


@pytest.mark.parametrize("sparse", ["", "over", "alone"])
@pytest.mark.parametrize("dtype", ["f4", "u1", "u2"])
def test_texture_coordinates_of_every_kind(tmp_path: Path, dtype: str, sparse: str) -> None:
    file = Gltf()
    file.picture(png(picture()))
    full = {"f4": 1, "u1": 255, "u2": 65535}[dtype]
    uvs = file.accessor(np.array(SQUARE_UVS) * full, dtype, stride=8, sparse=sparse, normalized=dtype != "f4")
    file.square(None, base_color(), TEXCOORD_0=uvs)
    np.testing.assert_allclose(shown(file, tmp_path), UPRIGHT, atol=1)


@pytest.mark.parametrize(("dtype", "full"), [("i1", 100), ("u1", 200), ("i2", 20000), ("u2", 60000)])
def test_quantised_texture_coordinates_are_scaled_by_the_texture_transform(
    tmp_path: Path, dtype: str, full: int
) -> None:
    names = ["KHR_mesh_quantization", "KHR_texture_transform"]
    file = Gltf(extensionsUsed=names, extensionsRequired=names)
    file.picture(png(picture()))
    uvs = file.accessor(np.array(SQUARE_UVS) * full, dtype)
    file.square(None, base_color(**transformed(scale=[1 / full, 1 / full])), TEXCOORD_0=uvs)
    np.testing.assert_allclose(shown(file, tmp_path), UPRIGHT, atol=1)


@pytest.mark.parametrize("override", [False, True])
def test_a_material_names_its_texture_coordinates(tmp_path: Path, override: bool) -> None:
    file = Gltf()
    file.picture(png(picture()))
    info = transformed(texCoord=1) if override else {"texCoord": 1}
    same = file.accessor(np.full((4, 2), 0.1))
    file.square(None, base_color(**info), TEXCOORD_0=same, TEXCOORD_1=file.accessor(SQUARE_UVS))
    np.testing.assert_allclose(shown(file, tmp_path), UPRIGHT, atol=1)


TILES = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (8, 8, 3)).astype(np.uint8)
"""A picture of 8 x 8 different pixels."""


@pytest.mark.parametrize(
    ("transform", "right"),
    [
        ({}, TILES),
        ({"offset": [0.25, 0]}, np.roll(TILES, -2, axis=1)),
        ({"offset": [0, 0.25]}, np.roll(TILES, -2, axis=0)),
        ({"scale": [2, 1]}, np.tile(TILES[:, ::2], (1, 2, 1))),
        ({"scale": [1, 2]}, np.tile(TILES[1::2], (2, 1, 1))),
        # the two examples of the extension: the lower left quarter turned clockwise, and upside down
        (
            {"offset": [0, 1], "rotation": np.pi / 2, "scale": [0.5, 0.5]},
            np.rot90(TILES[4:, :4], -1).repeat(2, axis=0).repeat(2, axis=1),
        ),
        ({"offset": [0, 1], "scale": [1, -1]}, TILES[::-1]),
        ({"rotation": np.pi / 2, "offset": [0, 1]}, np.rot90(TILES, -1)),
        ({"rotation": np.pi, "offset": [1, 1]}, np.rot90(TILES, 2)),
        ({"rotation": -np.pi / 2, "offset": [1, 0]}, np.rot90(TILES, 1)),
        # scaled first, then rotated: 0.25 along u becomes 0.25 along -v
        (
            {"rotation": np.pi / 2, "offset": [0, 1], "scale": [0.25, 1]},
            np.rot90(TILES[6:], -1).repeat(4, axis=1),
        ),
    ],
)
def test_texture_transforms(tmp_path: Path, transform: dict[str, Any], right: NDArray[np.uint8]) -> None:
    file = Gltf(extensionsUsed=["KHR_texture_transform"], extensionsRequired=["KHR_texture_transform"])
    file.picture(png(TILES))
    file.square(SQUARE_UVS, base_color(**transformed(**transform)))
    np.testing.assert_allclose(shown(file, tmp_path), right, atol=1)


@pytest.mark.parametrize(
    ("factor", "seen"),
    [
        ((GREY,) * 3, (188, 188, 188)),
        ((1, 0, GREY), (255, 0, 188)),
        ((0.0021, 0.2, 0.8), (6.9, 123.5, 230.5)),
    ],
)
@pytest.mark.parametrize("as_texture", [False, True])
def test_factors_are_linear(tmp_path: Path, factor: Any, seen: Any, as_texture: bool) -> None:
    file = Gltf()
    if as_texture:
        file.picture(png(np.full((8, 8, 3), 255, np.uint8)))
    file.square(SQUARE_UVS, base_color(0 if as_texture else None, factor))
    np.testing.assert_allclose(shown(file, tmp_path, 2), np.tile(seen, (2, 2, 1)), atol=0.8)


def test_a_texture_is_multiplied_in_linear_light(tmp_path: Path) -> None:
    """The example of the specification: 64, 124, 231 times 0.2, 1, 0.7."""
    file = Gltf()
    file.picture(png(np.tile(np.array([64, 124, 231], np.uint8), (8, 8, 1))))
    file.square(SQUARE_UVS, base_color(0, (0.2, 1.0, 0.7)))
    right = 255 * srgb([0.051 * 0.2, 0.202, 0.799 * 0.7])
    np.testing.assert_allclose(shown(file, tmp_path, 2), np.tile(right, (2, 2, 1)), atol=1)


@pytest.mark.parametrize(
    "material", [None, {}, {"pbrMetallicRoughness": {}}, {"extensions": {"KHR_materials_unlit": {}}}]
)
def test_a_material_without_a_colour_is_white(tmp_path: Path, material: dict[str, Any] | None) -> None:
    file = Gltf()
    file.square(SQUARE_UVS, material)
    np.testing.assert_allclose(shown(file, tmp_path, 2), 255)


@pytest.mark.parametrize(
    "material", [None, {}, base_color(None, (0.5, 1.0, 0.25))], ids=["none", "empty", "factor"]
)
@pytest.mark.parametrize("columns", [3, 4])
@pytest.mark.parametrize("dtype", ["f4", "u1", "u2"])
def test_vertex_colours_of_every_kind_multiply_the_material(
    tmp_path: Path, dtype: str, columns: int, material: dict[str, Any] | None
) -> None:
    """From red on the left to blue on the right, interpolated in linear light."""
    file = Gltf()
    full = {"f4": 1, "u1": 255, "u2": 65535}[dtype]
    ends = np.array([(1, 0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 1), (1, 0, 0, 1)])[:, :columns]
    file.square(
        SQUARE_UVS, material, COLOR_0=file.accessor(ends * full, dtype, stride=16, normalized=dtype != "f4")
    )
    factor = (1.0, 1.0, 1.0) if not material else (0.5, 1.0, 0.25)
    share = (np.arange(8) + 0.45) / 8
    right = 255 * srgb(np.stack([1 - share, 0 * share, share], axis=1) * factor)
    np.testing.assert_allclose(shown(file, tmp_path), np.tile(right, (8, 1, 1)), atol=9)


def test_vertex_colours_are_limited_to_one(tmp_path: Path) -> None:
    file = Gltf()
    file.square(None, {}, COLOR_0=file.accessor(np.full((4, 3), (7.0, -1.0, 0.5))))
    np.testing.assert_allclose(
        shown(file, tmp_path, 2), np.tile(255 * srgb([1, 0, 0.5]), (2, 2, 1)), atol=0.5
    )


def test_equal_vertex_colours_keep_the_texture_whole(tmp_path: Path) -> None:
    file = Gltf()
    file.picture(png(picture()))
    file.square(SQUARE_UVS, base_color(), COLOR_0=file.accessor(np.full((4, 3), 0.25)))
    found = read_mesh_file(file.write(tmp_path))
    np.testing.assert_allclose(colors(found.mesh), 255 * srgb(0.25 * linear(UPRIGHT / 255)), atol=1)
    assert found.mesh.parts[0].texture is not None
    assert (found.mesh.parts[0].texture.shape, found.looks) == ((64, 64, 3), ())


def test_vertex_colours_that_differ_multiply_the_texture(tmp_path: Path) -> None:
    file = Gltf()
    file.picture(png(picture()))
    dark = file.accessor([(0.1,) * 3, (1.0,) * 3, (1.0,) * 3, (0.1,) * 3])
    file.square(SQUARE_UVS, base_color(0, (1, 0.5, 1)), COLOR_0=dark)
    found = read_mesh_file(file.write(tmp_path))
    share = 0.1 + 0.9 * (np.arange(8) + 0.45) / 8
    right = 255 * srgb(linear(UPRIGHT / 255) * share[None, :, None] * (1, 0.5, 1))
    np.testing.assert_allclose(colors(found.mesh), right, atol=4)
    assert found.looks == ("textures and vertex colours are baked into one texture",)


def test_colours_of_many_primitives_share_one_texture(look: Look, tmp_path: Path) -> None:
    """A mesh may have 16 parts; forty primitives with vertex colours, half of them textured, are one."""
    file = Gltf()
    file.picture(png(np.full((8, 8, 3), 255, np.uint8)))
    for index in range(40):
        shade = (index / 40, 0.5, 0.9)
        file.square(
            SQUARE_UVS,
            base_color(0 if index % 2 else None),
            COLOR_0=file.accessor([shade, shade, shade, (0, 0, 0)]),
        )
        file.tree["nodes"][index]["translation"] = [0, 0.1 * index, 0]
    row = look(file.write(tmp_path), library=tmp_path / "library")
    assert (row.verdict, row.parts, row.faces) == ("ok", 1, 80)
    by_path = read_mesh(tmp_path / "a.glb")
    imported = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(colors(by_path), colors(imported), atol=4)
    np.testing.assert_allclose(colors(by_path)[5, 3], 255 * srgb([39 / 40, 0.5, 0.9]), atol=1)


def test_one_material_on_many_nodes_is_one_part(tmp_path: Path) -> None:
    file = Gltf()
    file.picture(png(picture()))
    file.square(SQUARE_UVS, base_color())
    for index in range(30):
        file.add("nodes", mesh=0, translation=[0, index + 1, 0])
    assert len(read_mesh(file.write(tmp_path)).parts) == 1


@pytest.mark.parametrize(
    ("extension", "seen"),
    [
        ({}, (255, 255, 255)),
        ({"diffuseFactor": [GREY, 0, 1, 1]}, (188, 0, 255)),
        ({"diffuseFactor": [0, 0, 0, 1], "specularFactor": [1, GREY, 0]}, (255, 188, 0)),
        ({"diffuseFactor": [GREY, GREY, GREY, 1], "diffuseTexture": {"index": 0}}, None),
    ],
)
def test_diffuse_colours_of_the_old_extension(tmp_path: Path, extension: dict[str, Any], seen: Any) -> None:
    file = Gltf(extensionsUsed=["KHR_materials_pbrSpecularGlossiness"])
    file.picture(png(picture()))
    material = {
        **base_color(None, (1, 0, 0)),
        "extensions": {"KHR_materials_pbrSpecularGlossiness": extension},
    }
    file.square(SQUARE_UVS, material)
    right = 255 * srgb(GREY * linear(UPRIGHT / 255)) if seen is None else np.tile(seen, (8, 8, 1))
    np.testing.assert_allclose(shown(file, tmp_path), right, atol=1)


REPEAT, MIRROR, CLAMP = 10497, 33648, 33071


def pixel_of(index: NDArray[np.int64], wrap: int) -> NDArray[np.int64]:
    """Which of 8 pixels is seen at a position that may lie outside."""
    if wrap == CLAMP:
        return index.clip(0, 7)
    return index % 8 if wrap == REPEAT else np.where(index % 16 < 8, index % 8, 7 - index % 8)


@pytest.mark.parametrize("first", [0, -1, -2])
@pytest.mark.parametrize("along_v", [REPEAT, MIRROR, CLAMP])
@pytest.mark.parametrize("along_u", [REPEAT, MIRROR, CLAMP])
def test_textures_continue_as_their_sampler_says(
    tmp_path: Path, along_u: int, along_v: int, first: int
) -> None:
    """The square shows the texture coordinates from `first` to `first` + 2."""
    file = Gltf()
    file.picture(png(TILES), {"wrapS": along_u, "wrapT": along_v})
    file.square(2 * np.array(SQUARE_UVS) + first, base_color())
    index = np.arange(16) + 8 * first
    right = TILES[pixel_of(index, along_v)][:, pixel_of(index, along_u)]
    np.testing.assert_allclose(shown(file, tmp_path, 16), right, atol=1)


@pytest.mark.parametrize(
    "place", ["view", "data", "file", "no suffix", "jpeg", "webp", "sixteen bits", "palette"]
)
def test_images_are_found_where_they_are_and_counted(look: Look, tmp_path: Path, place: str) -> None:
    file, name = Gltf(), "image 0"
    if place == "data":
        uri = "data:image/png;base64," + base64.b64encode(png(picture())).decode()
        file.add("textures", source=file.add("images", uri=uri, name="skin"))
        name = "skin"
    elif place == "file":
        (tmp_path / "my skin.png").write_bytes(png(picture()))
        file.add("textures", source=file.add("images", uri="my%20skin.png"))
        name = "my skin.png"
    elif place == "no suffix":
        (tmp_path / "skin").write_bytes(png(picture()))
        file.add("textures", source=file.add("images", uri="skin"))
        name = "skin"
    elif place == "jpeg":
        file.picture(encoded(picture(), "JPEG", quality=100, subsampling=0), mimeType="image/jpeg")
    elif place == "webp":
        other = file.add("images", bufferView=file.view(png(picture()[::-1])), mimeType="image/png")
        webp = file.add("images", bufferView=file.view(encoded(picture(), "WEBP", lossless=True)))
        file.add("textures", source=other, extensions={"EXT_texture_webp": {"source": webp}})
        file.tree.update(extensionsUsed=["EXT_texture_webp"])
        name = "image 1"
    elif place == "sixteen bits":
        file.picture(encoded(np.full((8, 8), 188 * 257, np.uint16), "PNG"))
    elif place == "palette":
        out = io.BytesIO()
        Image.fromarray(picture()).quantize(8).save(out, "PNG", transparency=3)
        file.picture(out.getvalue())
    else:
        file.picture(png(picture()))
    file.square(SQUARE_UVS, base_color())
    path = file.write(tmp_path)
    right = np.full((8, 8, 3), 188) if place == "sixteen bits" else UPRIGHT
    np.testing.assert_allclose(colors(read_mesh(path)), right, atol=3)
    row = look(path)
    assert (row.verdict, row.images) == ("ok", {name: "found"})


@pytest.mark.parametrize(
    ("image", "fate"),
    [
        ({"uri": "gone.png"}, ("gone.png", "missing")),
        ({"uri": "data:image/png;base64,AAAA"}, ("skin", "unsupported")),
        ({"uri": "data:image/png;base64,!"}, ("skin", "unsupported")),
        ({"bufferView": 99}, ("skin", "unsupported")),
        ({}, ("skin", "unsupported")),
    ],
)
def test_textures_that_cannot_be_used_are_told_and_their_colour_is_used(
    look: Look, tmp_path: Path, image: dict[str, Any], fate: tuple[str, str]
) -> None:
    file = Gltf()
    file.add("textures", source=file.add("images", name="skin", **image))
    file.square(SQUARE_UVS, base_color(0, (1, 0, GREY)))
    path = file.write(tmp_path)
    np.testing.assert_allclose(colors(read_mesh(path), 2), np.tile((255, 0, 188), (2, 2, 1)), atol=0.6)
    row = look(path)
    assert (row.images, row.notes) == (
        {fate[0]: fate[1]},
        (f"texture {fate[0]!r} is {fate[1]}: the material colour is used",),
    )


def test_images_of_the_same_name_are_counted_apart(tmp_path: Path) -> None:
    file = Gltf()
    for shade in (10, 200):
        texture = file.picture(png(np.full((8, 8, 3), shade, np.uint8)), name="skin")
        file.square(SQUARE_UVS, base_color(texture))
    assert file.source(tmp_path).images == {"skin (0)": "found", "skin (1)": "found"}


def test_images_of_kinds_that_cannot_be_read_have_another_or_are_told(tmp_path: Path) -> None:
    file = Gltf(extensionsUsed=["KHR_texture_basisu"])
    ktx = file.add(
        "images", bufferView=file.view(b"\xabKTX 20\xbb\r\n\x1a\n"), mimeType="image/ktx2", name="skin"
    )
    packed = {"KHR_texture_basisu": {"source": ktx}}
    file.add("textures", source=file.add("images", bufferView=file.view(png(picture()))), extensions=packed)
    file.square(SQUARE_UVS, base_color())
    np.testing.assert_allclose(shown(file, tmp_path), UPRIGHT, atol=1)
    del file.tree["textures"][0]["source"]
    file.tree["extensionsRequired"] = ["KHR_texture_basisu"]
    source = file.source(tmp_path)
    assert source.looks == ("texture 'skin' is unsupported: the material colour is used",)
    assert len(source.raws[0].corners) == 2


def test_what_else_a_material_has_is_told_once(tmp_path: Path) -> None:
    file = Gltf()
    file.picture(png(picture()))
    of = {"index": 0}
    file.square(SQUARE_UVS, {"normalTexture": of, "emissiveFactor": [0, 0, 0]})
    file.square(SQUARE_UVS, {"normalTexture": of, "occlusionTexture": of, "emissiveFactor": [0, 1, 0]})
    file.square(SQUARE_UVS, {"pbrMetallicRoughness": {"metallicRoughnessTexture": of}})
    told = "rendered without its normal texture, occlusion texture, emission, metallic-roughness texture"
    assert file.source(tmp_path).looks == (told,)


def see_through(alpha: Any) -> NDArray[np.uint8]:
    """The picture of four quarters with an alpha for each."""
    return np.concatenate(
        [picture(), np.array(alpha, np.uint8).repeat(32, 0).repeat(32, 1)[..., None]], axis=2
    )


SOLID, GONE = 255, 0
GLASS = "material 'leaf' is transparent: rendered opaque"


@pytest.mark.parametrize(
    ("mode", "alpha", "looks"),
    [
        ({}, [[SOLID, GONE], [GONE, SOLID]], ()),
        ({"alphaMode": "OPAQUE"}, [[GONE, GONE], [GONE, GONE]], ()),
        ({"alphaMode": "MASK"}, [[SOLID, SOLID], [SOLID, SOLID]], ()),
        ({"alphaMode": "MASK"}, [[SOLID, 129], [SOLID, SOLID]], ()),
        ({"alphaMode": "MASK", "alphaCutoff": 0.1}, [[SOLID, 100], [SOLID, SOLID]], ()),
        ({"alphaMode": "BLEND"}, [[SOLID, SOLID], [SOLID, SOLID]], ()),
        ({"alphaMode": "BLEND"}, [[SOLID, 200], [SOLID, SOLID]], (GLASS,)),
        (
            {"alphaMode": "BLEND"},
            [[GONE, GONE], [GONE, GONE]],
            ("is transparent everywhere: rendered opaque",),
        ),
    ],
)
def test_transparency_is_told(
    tmp_path: Path, mode: dict[str, Any], alpha: Any, looks: tuple[str, ...]
) -> None:
    file = Gltf()
    file.picture(png(see_through(alpha)))
    file.square(SQUARE_UVS, {**base_color(), "name": "leaf", **mode})
    found = read_mesh_file(file.write(tmp_path))
    assert (found.looks, len(found.mesh.faces)) == (looks, 2)
    np.testing.assert_allclose(colors(found.mesh), UPRIGHT, atol=1)


@pytest.mark.parametrize("mode", ["MASK", "BLEND"])
@pytest.mark.parametrize("by", ["texture", "factor", "colour"])
def test_triangles_that_are_invisible_everywhere_are_left_out(tmp_path: Path, mode: str, by: str) -> None:
    """Two squares, of which the upper one is invisible: labels must not contain it."""
    file = Gltf()
    file.picture(png(see_through([[GONE, GONE], [SOLID, SOLID]])))
    file.square(0.1 + 0.3 * np.array(SQUARE_UVS) + (0, 0.5), {**base_color(), "alphaMode": mode})
    if by == "texture":
        file.square(0.1 + 0.3 * np.array(SQUARE_UVS), {**base_color(), "alphaMode": mode})
    elif by == "factor":
        file.square(None, {**base_color(None, (1, 1, 1, 0)), "alphaMode": mode})
    else:
        clear = file.accessor(np.full((4, 4), (1, 1, 1, 0)))
        file.square(None, {"alphaMode": mode}, COLOR_0=clear)
    file.tree["nodes"][1]["translation"] = [0, 5, 0]
    source = file.source(tmp_path)
    assert np.concatenate([raw.corners for raw in source.raws])[..., 1].max() == 0
    assert (source.notes, source.looks) == (("2 fully transparent faces left out",), ())


def test_a_texture_without_coordinates_is_told(tmp_path: Path) -> None:
    file = Gltf()
    file.picture(png(picture()))
    file.square(None, base_color(0, (1, 0, 0)))
    source = file.source(tmp_path)
    assert source.looks == ("a texture is ignored because there are no texture coordinates",)
    assert source.raws[0].color_rgb == pytest.approx((1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("name", "rows"), [("TEXCOORD_0", [(0, 0)] * 3), ("COLOR_0", [(1, 1)] * 4), ("NORMAL", [(0, 1, 0)] * 2)]
)
def test_attributes_that_do_not_fit_are_told_and_left_out(tmp_path: Path, name: str, rows: Any) -> None:
    file = Gltf()
    file.square(None, {}, **{name: file.accessor(rows)})
    source = file.source(tmp_path)
    assert source.looks == (f"{name} does not match the vertices: ignored",)
    np.testing.assert_allclose(source.raws[0].corners.reshape(-1, 3), np.array(SQUARE)[list(FACES)])


def test_the_files_of_a_library_are_gltf(look: Look, tmp_path: Path) -> None:
    """What an import writes is read by the reader for glTF files of any program as the same mesh."""
    file = Gltf()
    file.picture(png(picture()))
    file.square(SQUARE_UVS, base_color())
    file.square(SQUARE_UVS, base_color(None, (0.2, 0.4, 0.8)))
    file.tree["nodes"][1]["translation"] = [2, 1, 0]
    row = look(file.write(tmp_path), library=tmp_path / "library")
    stored = tmp_path / "library" / "meshes" / f"{row.mesh}.glb"
    ours, theirs = read_mesh(stored), read_stored(stored)
    np.testing.assert_allclose(colors(ours, 16), colors(theirs, 16), atol=1)
    np.testing.assert_allclose(
        np.sort(ours.vertices_m, axis=0), np.sort(theirs.vertices_m, axis=0), atol=1e-6
    )
