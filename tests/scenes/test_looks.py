import colorsys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from scenes.assets.images import IMAGE, Album, Pictures, Texture, load_images
from scenes.assets.reading.image import ImageError
from scenes.assets.textures import TEXTURES
from scenes.looks import LookSettings
from scenes.spec import Look
from tests.refusals import assert_refused


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for index, name in enumerate(("b.png", "a.jpg", "c.PNG")):
        Image.fromarray(np.full((8, 8, 3), 80 * index, np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".d.png").write_text("hidden")
    return str(tmp_path)


def test_colors_keep_and_fill_their_ranges(rng: np.random.Generator) -> None:
    settings = LookSettings(hue=(0.2, 0.4), saturation=(0.3, 0.6), value=(0.5, 0.9), textured=0.0)
    looks = [settings.draw(rng, Album()) for _ in range(500)]
    hsv = np.array([colorsys.rgb_to_hsv(*look.color_rgb) for look in looks if look.color_rgb])
    for values, (low, high) in zip(hsv.T, ((0.2, 0.4), (0.3, 0.6), (0.5, 0.9)), strict=True):
        assert low - 1e-9 <= values.min() < low + 0.01
        assert high - 0.01 < values.max() <= high + 1e-9
    assert all(look.texture is None for look in looks)


def test_textures_come_from_all_kinds_and_the_whole_pool(rng: np.random.Generator) -> None:
    looks = [LookSettings(textured=0.5, pool=4).draw(rng, Album()) for _ in range(1000)]
    textures = [look.texture for look in looks if look.texture is not None]
    assert len(textures) / 1000 == pytest.approx(0.5, abs=0.05)
    assert {(texture.kind, texture.index) for texture in textures} == {
        (kind, index) for kind in TEXTURES for index in range(4)
    }


def test_always_six_draws() -> None:
    after = []
    for settings in (LookSettings(), LookSettings(textured=0.0), LookSettings(textures=(), textured=1.0)):
        rng = np.random.Generator(np.random.PCG64(3))
        settings.draw(rng, Album())
        after.append(rng.random())
    assert len(set(after)) == 1


def test_images_of_a_folder(folder: str, rng: np.random.Generator) -> None:
    images = load_images({"floor": folder, "background": None})
    assert [image.key.partition("@")[0] for image in images["floor"]] == ["a.jpg", "b.png", "c.PNG"]
    settings = LookSettings(textured=1.0, images=folder)
    textures = {settings.draw(rng, Album(images["floor"])).texture for _ in range(50)}
    assert textures == {Texture(IMAGE, index, image.key) for index, image in enumerate(images["floor"])}
    pictures = Pictures(images)
    drawn = [Texture(IMAGE, index, image.key) for index, image in enumerate(images["floor"])]
    assert [int(pictures(texture).mean()) for texture in drawn] == [80, 0, 160]


def test_images_begin_anywhere_and_procedural_textures_where_they_did(
    folder: str, rng: np.random.Generator
) -> None:
    album = Album(load_images({"floor": folder})["floor"])
    settings = LookSettings(textured=1.0, images=folder)
    offsets = np.array([settings.draw(rng, album).offset_tiles for _ in range(400)])
    assert offsets.min() >= 0.0
    assert offsets.max() < 2.0
    assert np.allclose(offsets.mean(axis=0), 1.0, atol=0.1)
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 0.15
    first, again = (settings.draw(np.random.Generator(np.random.PCG64(3)), album) for _ in range(2))
    assert first == again
    plain = LookSettings(textured=1.0).draw(rng, Album())
    assert plain.offset_tiles == (0.0, 0.0)
    assert b"offset" not in TypeAdapter(Look).dump_json(plain)
    assert TypeAdapter(Look).validate_json(TypeAdapter(Look).dump_json(first)) == first


def test_an_image_that_changes_during_a_run_is_refused(folder: str) -> None:
    images = load_images({"floor": folder})
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(Path(folder) / "b.png")
    with pytest.raises(ImageError, match="missing or has changed"):
        Pictures(images)(Texture(IMAGE, 1, images["floor"][1].key))


def test_a_file_that_joins_the_folder_changes_no_other_image(folder: str) -> None:
    before = load_images({"floor": folder})
    Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(Path(folder) / "0.png")
    texture = Texture(IMAGE, 0, before["floor"][0].key)
    assert int(Pictures(before)(texture).mean()) == 80
    assert int(Pictures(load_images({"floor": folder}))(texture).mean()) == 80


@pytest.mark.parametrize("content", [b"nope", b"\x89PNG\r\n\x1a\n", b""], ids=["text", "header", "empty"])
def test_a_broken_image_is_named_before_anything_is_made(folder: str, content: bytes) -> None:
    (Path(folder) / "broken.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.jpg: cannot be read as an image"):
        load_images({"floor": folder})


@pytest.mark.parametrize("kind", TEXTURES)
def test_procedural_pictures_are_the_same_for_the_same_index(kind: str) -> None:
    first, again, other = (Pictures({})(Texture(kind, index)) for index in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"textures": ["chequer"]}, "textures", "unknown texture 'chequer'; did you mean 'checker'"),
        ({"images": "/nowhere/at/all"}, "images", "no such folder: '/nowhere/at/all'"),
        ({"hue": 1.5}, "hue", "between 0 and 1"),
        ({"textured": 1.5}, "textured", "less than or equal to 1"),
        ({"pool": 0}, "pool", "greater than or equal to 1"),
        ({"colour": 1}, "colour", "Extra inputs"),
        ({"value": float("nan")}, "value", "finite"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(tree: object, where: str, why: str) -> None:
    assert_refused(LookSettings, tree, where, why)
