"""Writes the generated documentation: the list of all settings, conf/light/day.yaml, and the images."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from augment.allowed import BOUNDS, MOVING
from benchmarks.shifts import table
from scenes.light import SunAndSky
from sim2coco.cli.manual import as_yaml, manual

DOCS = Path(__file__).parent
MAX_BYTES = 150_000
DAY = DOCS.parent / "conf" / "light" / "day.yaml"


def settings() -> str:
    """The page of all settings: the output of `sim2coco generate --help`."""
    return (
        f"# All settings\n\nThe output of `sim2coco generate --help`.\n\n```text\n{manual('generate')}\n```\n"
    )


AUGMENTATION = """# Transforms that change the image only

Transforms under `augment.pixels` do not change labels, so they must not move the image content. Their
shifts are measured (`python -m benchmarks.shifts`): an image of squares at irregular positions is
transformed, and each edge is located in each colour channel by fitting a step. The shift is the median
movement of the squares in a quarter of the image. If the squares have grown by more than they have moved,
the growth is used instead, so that zooming is detected too. A transform is allowed only if its mean shift
over quarters, channels, random seeds and two image sizes (512×384 and 333×251) is at most 0.25 px. A test
measures all transforms.

In the table, "default" means the default arguments, `augment=light` and `augment=strong` mean the arguments
in these presets, and "strong" means the arguments in `benchmarks/shifts.py`. Noise and paint do not move
edges; the values for these transforms are the uncertainty of the measurement. Dropouts clear the ids of the
pixels that they cover.

{table}

Not allowed, because they move the image but not the labels:

{moving}

Some arguments are restricted, because edges would move with other values:

- `MotionBlur` has `allow_shifted: false` and `direction_range: [0, 0]`, so that its kernel is symmetric.
  (With Albumentations' defaults, it moves images by 0.75 px on average, and by up to half of the kernel's
  length.)
- `Downscale` averages (`interpolation_pair` is 3 for `downscale`, and 1, 2 or 4 for `upscale`), and keeps
  pixel edges aligned. (With its defaults, Albumentations' transform takes single pixels, and moves images by
  2.4 px on average.)
- `Sharpen.method` is `kernel`: the other method causes bright lines along edges.
{bounds}
"""


def augmentation() -> str:
    """The page of the transforms that change no label, with their measured shifts."""
    moving = "\n".join(f"- `{name}` moves {what}." for name, what in MOVING.items())
    bounds = "\n".join(f"- `{key}` is from {low} to {high}." for key, (low, high) in BOUNDS.items())
    return AUGMENTATION.format(table=table(), moving=moving, bounds=bounds)


def close_up(target: Path) -> None:
    """One image of occluded objects, plain on the left and with its labels drawn on the right."""
    wood = ["scene.floor.textures=[planks]", "scene.floor.textured=1"]
    objects = ["scene.num_objects=[8,11]", "scene.spread=[1,1.6]", "scene.empty_share=0", "light=room"]
    camera = ["camera.elevation_deg=[25,45]", "camera.fill=[0.9,1.1]", "image.width=960", "image.height=720"]
    options = ["num_images=9", "views=1", "seed=31", "augment=none", "image.format=png"]
    program = [sys.executable, "-m", "sim2coco.cli"]
    with tempfile.TemporaryDirectory() as folder:
        data, png = f"{folder}/data", f"{folder}/s000008_v00.png"
        subprocess.run([*program, "generate", f"out={data}", *options, *objects, *camera, *wood], check=True)
        subprocess.run([*program, "show", data, "s000008_v00", "--to", png], check=True)
        (plain,) = Path(data).glob("images/*/s000008_v00.png")
        pair = Image.new("RGB", (1808, 600), "white")
        for place, file in enumerate((plain, Path(png))):
            pair.paste(Image.open(file).convert("RGB").crop((60, 120, 960, 720)), (place * 908, 0))
        save(pair, target)


def day() -> str:
    """The file of the default light: its present first line, then the settings of the class with defaults."""
    return DAY.read_text().partition("\n")[0] + "\n" + as_yaml(SunAndSky())


def contact_sheet(target: Path) -> None:
    """The images of the demo with their labels drawn, as one JPEG."""
    program = [sys.executable, "-m", "sim2coco.cli"]
    with tempfile.TemporaryDirectory() as folder:
        data, png = f"{folder}/demo", f"{folder}/sheet.png"
        subprocess.run([*program, "generate", "experiment=demo", f"out={data}"], check=True)
        subprocess.run([*program, "show", data, "--sheet", "48", "--to", png], check=True)
        with Image.open(png) as sheet:
            half = (sheet.width // 2, sheet.height // 2)
            save(sheet.convert("RGB").resize(half, Image.Resampling.LANCZOS), target)


def relit_beside_tiny(target: Path) -> None:
    """Six scenes at the default settings, each with `render=relit` and `render=tiny`, as one JPEG."""
    relit, tiny = (_taken(6, "seed=11", f"render={render}") for render in ("relit", "tiny"))
    _sheet([picture for pair in zip(relit, tiny, strict=True) for picture in pair], target)


def rooms(target: Path) -> None:
    """Eight scenes with two to four walls, as one JPEG."""
    _sheet(_taken(8, "seed=21", "scene.walls.number=[2,4]", "camera.elevation_deg=[10,45]"), target)


def shelves(target: Path) -> None:
    """Eight shelves, as one JPEG."""
    _sheet(
        _taken(8, "seed=8", "scene=shelf", "light=room", "scene.empty_share=0", size_wh=(360, 270)), target
    )


def bins(target: Path) -> None:
    """Eight bins, as one JPEG."""
    wire = ("scene.bin.wire=0.4", "scene.bin.textured=0.6")
    _sheet(_taken(8, "seed=9", "scene=bin", "scene.empty_share=0", *wire), target)


def clutter(target: Path) -> None:
    """Eight piles, as one JPEG."""
    loose = ("scene.density=[0.6,1.4]", "scene.empty_share=0")
    _sheet(_taken(8, "seed=8", "scene=clutter", *loose), target)


def tabletops(target: Path) -> None:
    """Eight tables, as one JPEG."""
    _sheet(_taken(8, "seed=8", "scene=tabletop", "light=room", "scene.empty_share=0"), target)


def lens_and_motion(target: Path) -> None:
    """Two scenes, each without blur, with a lens, with motion blur, and with both, as one JPEG."""
    lens, motion = "camera.aperture_mm=35", "camera.motion_px=10"
    low = ("seed=26", "camera.elevation_deg=[12,30]", "camera.fill=[0.9,1.2]")
    columns = [_taken(2, *low, *extra) for extra in ((), (lens,), (motion,), (lens, motion))]
    _sheet([column[row] for row in range(2) for column in columns], target)


NOISE = "iso=800 full_well_e=7000 read_noise_e=3 bayer=rggb"
CAMERA = "vignetting=1 chromatic_aberration_px=1 denoising=0.5 sharpening=0.9 jpeg_quality=75"
SENSORS = ("", NOISE, f"{NOISE} {CAMERA}")
"""Settings of no sensor, of one as it measures, and of a webcam with it."""


def sensors(target: Path) -> None:
    """One scene with each of three sensors, above enlarged parts of it, as one JPEG."""
    scene = ("seed=26", "camera.elevation_deg=[12,30]", "camera.fill=[0.9,1.2]")
    sheet = Image.new("RGB", (1200, 600))
    for place, words in enumerate(SENSORS):
        settings = [f"camera.sensor.{word}" for word in words.split()]
        (picture,) = _taken(1, *scene, *settings, size_wh=(640, 480))
        part = picture.crop((340, 190, 500, 310)).resize((400, 300), Image.Resampling.NEAREST)
        sheet.paste(picture.resize((400, 300), Image.Resampling.LANCZOS), (400 * place, 0))
        sheet.paste(part, (400 * place, 300))
    save(sheet, target)


def save(picture: Image.Image, target: Path) -> None:
    """Writes a JPEG of less than `MAX_BYTES`, at the best quality that is that small."""
    for quality in range(88, 40, -4):
        picture.save(target, quality=quality, optimize=True)
        if target.stat().st_size < MAX_BYTES:
            return


def _sheet(tiles: list[Image.Image], target: Path) -> None:
    """Writes images in rows of four as one JPEG."""
    width, height = tiles[0].size
    sheet = Image.new("RGB", (4 * width, -(-len(tiles) // 4) * height))
    for place, picture in enumerate(tiles):
        sheet.paste(picture, (place % 4 * width, place // 4 * height))
    save(sheet, target)


def _taken(count: int, *words: str, size_wh: tuple[int, int] = (400, 300)) -> list[Image.Image]:
    """Generates one image of each of the first `count` scenes, with further settings."""
    options = [f"num_images={count}", "views=1", "augment=none", "quality=none", "image.format=png"]
    program = [sys.executable, "-m", "sim2coco.cli", "generate"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*program, f"out={folder}/data", *options, *words], check=True)
        found = sorted(Path(folder).glob("data/images/*/*.png"), key=lambda path: path.name)
        pictures = [Image.open(path).convert("RGB") for path in found]
    return [picture.resize(size_wh, Image.Resampling.LANCZOS) for picture in pictures]


def one_scene_in_many_lights(target: Path) -> None:
    """The same scene and camera under eight lights, as one JPEG."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, DOCS / "lights.py", folder], check=True)
        path, turn = f"light.environment.path={folder}", "light.environment.turn_deg"
        choices = (
            *(
                "light=day",
                "light=dusk",
                "light=studio",
                "light=outdoors light.environment.skies=[clear]",
                "light=room",
            ),
            *(
                f"{path}/evening.hdr {turn}=200",
                f"{path}/evening.hdr {turn}=80",
                f"{path}/studio.hdr {turn}=-60",
            ),
        )
        tiles = [_lit(choice, Path(folder) / str(place)) for place, choice in enumerate(choices)]
        width, height = tiles[0].size
        sheet = Image.new("RGB", (4 * width, 2 * height))
        for place, picture in enumerate(tiles):
            sheet.paste(picture, (place % 4 * width, place // 4 * height))
        save(sheet, target)


def _lit(choice: str, out: Path) -> Image.Image:
    """Generates the scene under one light."""
    floor = [
        "scene.floor.textured=0",
        "scene.floor.hue=0.08",
        "scene.floor.saturation=0.35",
        "scene.floor.value=0.8",
    ]
    scene = ["num_images=1", "views=1", "seed=24", "scene.num_objects=8", "camera.elevation_deg=12", *floor]
    options = [*scene, "augment=none", "quality=none", "image.format=png", f"out={out}"]
    program = [sys.executable, "-m", "sim2coco.cli", "generate"]
    subprocess.run([*program, *choice.split(), *options], check=True)
    (picture,) = (out / "images").glob("*/*.png")
    return Image.open(picture).convert("RGB").resize((400, 300), Image.Resampling.LANCZOS)


def materials(target: Path) -> None:
    """All materials in several variants, as one JPEG."""
    subprocess.run([sys.executable, DOCS / "materials.py", target], check=True)


def reflections(target: Path) -> None:
    """Four scenes with metal on glossy floors under skies, as one JPEG."""
    floor = ("scene.floor.textures=[brushed_metal,tiles,veneer]", "scene.floor.textured=1")
    gloss = ("scene.floor.roughness=0.15", "scene.metallic=0.5", "scene.roughness=[0.05,0.4]")
    view = ("light=outdoors", "light.specular=0.5", "camera.elevation_deg=[12,30]", "camera.fill=[0.9,1.1]")
    _sheet(_taken(8, "seed=13", *floor, *gloss, *view), target)


if __name__ == "__main__":
    DAY.write_text(day())
    (DOCS / "settings.md").write_text(settings())
    (DOCS / "augmentation.md").write_text(augmentation())
    (DOCS / "images").mkdir(exist_ok=True)
    close_up(DOCS / "images" / "close_up.jpg")
    contact_sheet(DOCS / "images" / "contact_sheet.jpg")
    relit_beside_tiny(DOCS / "images" / "relit_vs_tiny.jpg")
    materials(DOCS / "images" / "materials.jpg")
    reflections(DOCS / "images" / "reflections.jpg")
    rooms(DOCS / "images" / "rooms.jpg")
    shelves(DOCS / "images" / "scene_shelf.jpg")
    bins(DOCS / "images" / "scene_bin.jpg")
    clutter(DOCS / "images" / "scene_clutter.jpg")
    tabletops(DOCS / "images" / "scene_tabletop.jpg")
    lens_and_motion(DOCS / "images" / "lens_and_motion.jpg")
    sensors(DOCS / "images" / "sensors.jpg")
    one_scene_in_many_lights(DOCS / "images" / "lights.jpg")
