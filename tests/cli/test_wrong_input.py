"""Wrong input: one line that names the key or the file, exit code 2, and nothing written or changed."""

from pathlib import Path

import pytest
import yaml

from sim2coco.cli.config import settings_of
from tests.commandline import TINY, Command, Outcome, tree
from tests.panoramas import white, write_hdr

BEGIN = ("generate", "out=new", "num_images=1", *TINY)
MOVED = "export: the image format is now set by image.format=jpg|png"
CUBE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


@pytest.fixture
def here(here: Path) -> Path:
    """A folder with invalid files of every sort."""
    (here / "broken.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n")
    (here / "empty.obj").write_text("")
    (here / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (here / "point.obj").write_text("v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n")
    (here / "file").write_text("mine")
    write_hdr(here / "black.hdr", 0 * white(16))
    (here / "dark.hdr").write_text("")
    (here / "thing.obj").write_text(CUBE)
    (here / "loose.yaml").write_text("categories: {}\n")
    (here / "own" / "assets").mkdir(parents=True)
    (here / "own" / "assets" / "mine.yaml").write_text("categories: {}\n")
    (here / "no_meshes").mkdir()
    (here / "no_meshes" / "readme.txt").write_text("no mesh, no image")
    for name, content in (("half", '{"form'), ("nothing", "{}"), ("list", "[1]")):
        (here / f"run_{name}").mkdir()
        (here / f"run_{name}" / "run.json").write_text(content)
    return here


def refused(outcome: Outcome, *words: str) -> None:
    """Asserts that a command failed with exit code 2 and one line that contains all words."""
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    lines = outcome.err.splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("sim2coco: ")
    for word in words:
        assert word in lines[0], outcome.err


SETTINGS = [
    # misspelt
    ("scene.num_objcts=3", "scene.num_objcts", "did you mean 'scene.num_objects'"),
    ("+scene.num_objcts=3", "scene.num_objcts", "did you mean 'num_objects'"),
    ("scen=drop", "scen:", "did you mean 'scene'"),
    ("scene=dropp", "scene:", "'dropp'", "did you mean 'drop'"),
    ("assets=everday", "assets:", "did you mean 'everyday'"),
    ("hydra/launcher=nope", "hydra/launcher:", "no option 'nope'"),
    ("camera.heights_m=[1]", "camera.heights_m", "kind grid"),
    ("quality.checks.visible.min_pxx=3", "did you mean 'quality.checks.visible.min_px'"),
    ("+quality.checks.visible.min_pxx=3", "quality.checks.visible.min_pxx", "did you mean 'min_px'"),
    ("+assets.categories.box.colour=own", "assets.categories.box.colour", "did you mean 'color'"),
    ("+foo=1", "foo:", "allowed: seed, views"),
    ("+engine.foo=1", "engine.foo", "allowed: kind, timeout_s, retries, max_failures"),
    ("split.train=0.5", "split.train", "write split as a whole"),
    ("split.bye=asset", "split.bye", "did you mean 'split.by'"),
    ("assets.categories.box.color=own", "write +assets.categories.box.color=VALUE"),
    # unknown kinds
    ("+quality.checks.new={kind: beauty}", "quality.checks.new", "unknown kind 'beauty'"),
    ("+quality.checks.new={min_px: 3}", "quality.checks.new:", "unknown kind None"),
    # values out of range or of another type
    ("seed=-1", "seed:", "greater than or equal to 0", "-1"),
    ("image.width=20000", "image.width:", "less than or equal to 8192"),
    ("image=[64,64]", "image: no option '64'", "image.width=640 image.height=480"),
    ("scene=null", "scene:", "allowed: bin, clutter, conveyor, drop, floating"),
    ("scene.num_objects=[5,2]", "scene.num_objects", "low 5 is above high 2"),
    ("split={'a/b': 1}", "split=", "KEY=VALUE"),
    ("split.by=assets", "split.by", "'assets'", "did you mean 'asset'"),
    ("split.by=asset", "assets.categories.box: split.by=asset", "train, val", "it has 1", "split.by=scene"),
    ("augment.splits=[train,tset]", "augment.splits:", "no split 'tset'"),
    ("num_images=0", "num_images", "greater than or equal to 1"),
    ("workers=0", "workers:", "greater than or equal to 1"),
    # formats
    ("export.formats=[cocoa]", "export.formats", "unknown kind 'cocoa'", "did you mean 'coco'"),
    ("export.formats=coco", "export.formats", "list"),
    ("export.formats=[coco,{kind: coco}]", "export.formats: 'coco' is listed twice"),
    ("export=yolo", "export: no option 'yolo'; allowed: coco"),
    ("image.format=gif", "image.format", "'jpg' or 'png'"),
    *((word, MOVED) for word in ("export=jpg", "export=png", "export.format=png", "export.jpeg_quality=80")),
    ("+export.format=png", MOVED),
    # not a number, anywhere
    ("light.ambient=nan", "light.ambient", "finite"),
    ("+assets.categories.box.color=[0.1,0.2,nan]", "assets.categories.box.color", "finite"),
    ("augment.geometry.affine.rotate=[-5,nan]", "augment.geometry.affine", "'rotate'", "finite"),
    ("+augment.pixels.x={name: GaussNoise, p: 1, std_range: [[0.1, nan]]}", "augment.pixels.x", "finite"),
    # transforms
    ("augment.geometry.flip.name=HorizontlFlip", "augment.geometry.flip", "did you mean 'HorizontalFlip'"),
    ("+augment.geometry.flip.probability=1", "augment.geometry.flip:", "unknown argument 'probability'"),
    # meshes and images
    (
        "+assets.categories.x={path: no/such.obj}",
        "assets.categories.x.path",
        "no such file or folder",
    ),
    (
        "+assets.categories.x={path: broken.obj}",
        "assets.categories.x.path",
        "broken.obj",
        "its faces refer to vertices",
    ),
    ("+assets.categories.x={path: empty.obj}", "assets.categories.x.path", "empty.obj", "is empty"),
    ("+assets.categories.x={path: nan.obj}", "assets.categories.x.path", "nan.obj", "not finite"),
    ("+assets.categories.x={path: point.obj}", "assets.categories.x.path", "point.obj", "no area"),
    ("+assets.categories.x={path: no_meshes}", "assets.categories.x.path", "no mesh", "'no_meshes'"),
    ("light.environment=black.hdr", "light.environment: black.hdr: contains no light"),
    ("light.environment=dark.hdr", "light.environment: dark.hdr: cannot be read as a Radiance image"),
    ("+assets.categories.x={path: 'here/*.stl'}", "assets.categories.x.path", "no mesh"),
    ("+assets.categories.x={path: file}", "assets.categories.x.path: file:", "without a suffix"),
    ("+assets.categories.x={}", "assets.categories.x:", "give shape or path"),
    ("+assets.categories.x={shape: bx, size_m: 1}", "assets.categories.x.shape", "did you mean 'box'"),
    ("+assets.categories.x={shape: box, size_m: 0}", "assets.categories.x.size_m", "at least 1e-06"),
    (
        "+assets.categories.x={shape: box, size_m: 1, color: red}",
        "assets.categories.x.color",
        "'random'",
        "red",
    ),
    ("assets.categories={}", "assets.categories", "~assets.categories.NAME"),
    ("~assets.categories", "assets.categories", "give at least one category"),
    ("scene.distractors.images=no_meshes", "scene.distractors.images", "no images", "'no_meshes'"),
    ("scene.background.images=no/such", "scene.background.images", "no such folder", "'no/such'"),
    # groups, files and folders in the place of others
    ("assets=thing.obj", "'+assets.categories.thing={path: thing.obj, size_m: 0.06}'"),
    ("assets=own/assets/mine.yaml", "write --config-dir own assets=mine"),
    ("assets=loose.yaml", "move it to FOLDER/assets/, then write --config-dir FOLDER assets=loose"),
    ("+assets.categories.x=thing.obj", "{path: thing.obj, size_m: 0.06}"),
    ("image=640x480", "image: no option '640x480'", "image.width and image.height"),
    ("image=webcams", "image: no option 'webcams'; did you mean 'webcam'"),
    (
        "scene=moon",
        "'moon'; allowed: bin, clutter, conveyor, drop",
        "if a plug-in defines it, add --plugin FILE.py",
    ),
    ("light.kind=flash", "light: unknown kind 'flash'", "if a plug-in defines it, add --plugin FILE.py"),
    (
        "+quality.checks.border={kind: border}",
        "unknown kind 'border'",
        "if a plug-in defines it, add --plugin FILE.py",
    ),
    (
        "quality.checks.border.margin_px=3",
        "quality.checks.border: no such check; allowed: visible",
        "--plugin FILE.py and '+quality.checks.border={kind: border}'",
    ),
    ("quality.checks.visibel.min_px=3", "quality.checks.visibel: no such check; did you mean 'visible'"),
    # how overrides are written
    ("num_images = 3", "write num_images=VALUE, without spaces around ="),
    ("num_images:3", "write num_images=VALUE, without spaces around ="),
    ("NUM_IMAGES=3", "NUM_IMAGES: no such setting; did you mean 'num_images'?"),
    ("assets.categories.box=null", "~assets.categories.box removes it"),
    ("scene.objects.textures=plain", "scene.objects.textures: must be a list", "write [plain]"),
    ("--config-dir=file", "--config-dir: folder 'file' not found; name the folder that contains"),
    ("num_images", "write num_images=VALUE, without spaces around ="),
    ("num_images=1,000", "a number has no commas: num_images=1000"),
    ("scene.num_objects=5,12", "'scene.num_objects=[5,12]'"),
    ("scene.num_objects=(5,12)", "'scene.num_objects=[5,12]'"),
    ("scene.num_objects=5-12", "must be a number or [low, high]"),
    ("split=a:1,b:2", "'split={a:1,b:2}'"),
    ("light=day,dusk", "light takes one option", "for a sweep over values, add -m"),
    ("--out=x", "settings have no dashes: write out=VALUE"),
    ("--num-images=3", "settings have no dashes: write num_images=VALUE"),
    ("--verbose", "no flag '--verbose'", "--config-dir"),
    ("workers", "'workers'", "workers=VALUE"),
    ("+assets.categories.Gear parts.weight=2", "in braces", "{Gear parts: {weight: 2}}"),
    ("scene.num_objects=[1,", "'scene.num_objects=[1,'", "KEY=VALUE"),
    ("seed=1,2", "seed=1,2", "for a sweep over values, add -m"),
    ("+scene=floating", "scene:", "without +"),
    ("seed=${nothing}", "seed:", "'nothing' not found"),
    ("seed=${oc.env:SIM2COCO_NOT_SET}", "oc.env:", "'SIM2COCO_NOT_SET' not found"),
    ("--foo", "no flag '--foo'"),
    ("--config-dir=no/such", "no/such", "not found"),
    # code named by configuration
    ("+_target_=os.getcwd", "_target_", "no such setting"),
    ("+scene._target_=os.getcwd", "scene._target_", "no such setting"),
]


@pytest.mark.parametrize("case", SETTINGS, ids=[case[0] for case in SETTINGS])
def test_wrong_settings(command: Command, here: Path, case: tuple[str, ...]) -> None:
    before = tree(here)
    refused(command(*BEGIN, case[0]), *case[1:])
    assert tree(here) == before
    assert not (here / "new").exists()


OUT = [
    ((), "out: name the folder", "out=data/parts"),
    (("out=null",), "out: name the folder"),
    (("out=[a,b]",), "out:", "must be a string", "'out=\"[a,b]\"'"),
    (("out=file",), "out: cannot write to", "/file"),
    (("out=file/below",), "out: cannot write to", "Not a directory"),
    (("out=/proc/new",), "out: cannot write to /proc/new"),
    (("out=no_meshes",), "out:", "contains other files", "readme.txt"),
    (("out=run_half",), "out:", "run.json cannot be read"),
    (("out=run_nothing",), "out:", "run.json cannot be read"),
]


@pytest.mark.parametrize(("given", "words"), [(case[0], case[1:]) for case in OUT])
def test_wrong_out(command: Command, here: Path, given: tuple[str, ...], words: tuple[str, ...]) -> None:
    before = tree(here)
    refused(command("generate", "num_images=1", *TINY, *given), *words)
    assert tree(here) == before


OTHER_COMMANDS = [
    ("genrate", "did you mean 'generate'"),
    ("--verbose", "no command '--verbose'"),
    ("--plugin x.py generate", "flags come after the command: sim2coco generate --plugin"),
    ("preview scene.num_objcts=3", "did you mean 'scene.num_objects'"),
    ("preview out=picture.jpg", "out:", "must end in .png"),
    ("preview out=file/picture.png", "out: cannot write file/picture.png"),
    ("preview workers=many", "workers:", "whole number"),
    ("show", "data", "--help"),
    ("show no_such", "no_such: no such folder"),
    ("show no_meshes", "no_meshes: not a data set"),
    ("show run_half", "run_half: not a data set"),
    ("show run_nothing", "run_nothing: not a data set"),
    ("show run_list", "run_list: not a data set"),
    ("show no_meshes --sheet 0", "--sheet", "'0' is not a whole number of at least 1"),
    ("show no_meshes --shet 3", "unrecognized arguments: --shet"),
    ("show no_meshes --sh 3", "unrecognized arguments: --sh"),
    ("replay no_meshes", "required: picture"),
    ("replay no_such s000000_v00", "no_such: not a data set"),
    ("replay run_half s000000_v00", "run_half: not a data set"),
    ("check no_such", "no_such: no such folder"),
    ("check no_meshes", "no_meshes: not a data set"),
    ("check file", "file: no such folder"),
    ("doctor now", "unrecognized arguments: now"),
]


@pytest.mark.parametrize("case", OTHER_COMMANDS, ids=[case[0] for case in OTHER_COMMANDS])
def test_wrong_commands(command: Command, here: Path, case: tuple[str, ...]) -> None:
    before = tree(here)
    refused(command(*case[0].split()), *case[1:])
    assert tree(here) == before


def test_another_recipe_and_fewer_images_are_refused(command: Command, here: Path) -> None:
    assert command(*BEGIN[:2], "num_images=3", *TINY).code == 0
    before = tree(here)
    refused(
        command(*BEGIN[:2], "num_images=3", *TINY, "seed=1"), "another run's data", "seed: 0 there, 1 here"
    )
    refused(command(*BEGIN[:2], "num_images=2", *TINY), "num_images", "already contains 3 images")
    assert tree(here) == before


def test_meshes_that_cannot_be_used_are_a_line_each(command: Command) -> None:
    done = command(*BEGIN, "+assets.categories.x={path: '*.obj'}")
    *faults, last = done.err.splitlines()
    assert (done.code, len(faults)) == (2, 4)
    assert all(line.startswith("sim2coco: assets.categories.x.path: ") for line in faults)
    assert (
        last == "sim2coco: run sim2coco assets import FOLDER --out LIBRARY to repair or leave out such files"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scene.num_objcts=3",), ("did you mean 'scene.num_objects'",)),
        (("+assets.categories.x={path: empty.obj, size_m: 0.1}",), ("empty.obj", "is empty")),
        (("light.ambient=nan",), ("light.ambient", "finite")),
    ],
)
def test_as_a_program_it_says_the_same(
    program: Command, here: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(program(*BEGIN, *arguments), *words)
    assert not (here / "new").exists()


def test_a_folder_of_own_choices(command: Command, here: Path) -> None:
    own = here / "own" / "assets"
    (own / "mine.yaml").write_text("# Mine.\ncategories:\n  thing: {path: thing.obj, size_m: 0.1}\n")
    begin = ("generate", "out=new", "num_images=1", *TINY)
    outcome = command(*begin, "--config-dir", "own", "assets=mine")
    assert (outcome.code, outcome.err) == (0, "")
    refused(command(*begin, "--config-dir=own", "assets=mien"), "did you mean 'mine'")


def test_a_choice_of_ones_own_builds_on_others(command: Command, here: Path) -> None:
    own = here / "own" / "light"
    own.mkdir(parents=True)
    base = "defaults: [{}, _self_]\n"
    (own / "mine.yaml").write_text(
        f"# Mine.\n{base.format('studio')}warmth: 0.1\nlamps: {{rim: {{share: 0.5}}}}\n"
    )
    (own / "still.yaml").write_text(f"# On mine.\n{base.format('mine')}ambient: 0.3\n")
    (own / "loop.yaml").write_text(f"# On itself.\n{base.format('loop')}")
    (own / "wrong.yaml").write_text(f"# On nothing.\n{base.format('dya')}")
    begin = ("generate", "out=new", "num_images=1", *TINY, "--config-dir", "own")
    outcome = command(*begin, "--cfg", "job", "--package", "light", "light=still", "light.diffuse=0.7")
    light = yaml.safe_load(outcome.out)
    studio = settings_of("light", "studio")
    rim = {**studio["lamps"]["rim"], "share": 0.5}
    changed = {"warmth": 0.1, "ambient": 0.3, "diffuse": 0.7, "lamps": {**studio["lamps"], "rim": rim}}
    assert light == {**studio, **changed}
    assert command(*begin, "light=still").code == 0
    refused(command(*begin, "light=loop"), "defaults list", "refers back to the option itself")
    refused(command(*begin, "light=wrong"), "light=wrong: no option 'dya'; did you mean 'day'?")


GEAR = "{path: thing.obj, size_m: 0.05}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, ("mine.yaml", "aliases")),
        ("categories: !!python/object/apply:os.system [touch executed]\n", ("mine.yaml", "line 1")),
        ("categories: {x: {_target_: os.mkdir, path: executed}}\n", ("assets.categories.x._target_",)),
        ("categories: {x: {shape: box, size_m: .nan}}\n", ("assets.categories.x.size_m", "finite")),
        ("categories: [\n", ("mine.yaml", "line")),
        ("categories: {}\n", ("assets.categories", "give at least one category")),
        ("- a\n", ("assets:", "must be a mapping")),
        (f"gear: {GEAR}\n", ("assets.gear:", "write 'categories:' above gear, and indent gear")),
        (f"categories:\ngear: {GEAR}\n", ("assets.gear:", "write 'categories:' above gear")),
        (f"assets:\n  categories:\n    gear: {GEAR}\n", ("assets.assets:", "remove this key")),
        (f"categories:\n- gear: {GEAR}\n", ("assets.categories:", "without the dashes")),
        ("categories:\n\tgear: {}\n", ("line 2", "indent with spaces, not with tabs")),
        ('categories: {gear: {path: "C:\\parts\\g.obj"}}\n', ("line 1", "in single quotes, or write /")),
        ("categories:\n  gear: path: thing.obj\n", ("line 2", "put a nested mapping in braces")),
        ("categories: {gear: {path: thing.obj\n", ("line 2", "a bracket or a quote is not closed")),
        ("categories: {gear: {path thing.obj}}\n", ("a colon is missing: write path: thing.obj",)),
        ("categories:\n  gear: thing.obj\n", ("assets.categories.gear:", "{path: thing.obj, size_m: 0.06}")),
    ],
    ids=[
        *("bomb", "tag", "target", "nan", "syntax", "empty", "list"),
        *(
            "flat",
            "not_indented",
            "doubled",
            "dashes",
            "tab",
            "backslash",
            "colons",
            "open",
            "no_colon",
            "text",
        ),
    ],
)
def test_hostile_choices(command: Command, here: Path, content: str, words: tuple[str, ...]) -> None:
    (here / "own" / "assets" / "mine.yaml").write_text(content)
    refused(command(*BEGIN, "--config-dir=own", "assets=mine"), *words)
    assert not (here / "executed").exists()
    assert not (here / "new").exists()


def test_choices_of_ones_own_from_when_export_was_the_codec(command: Command, here: Path) -> None:
    for group, content in (
        ("export", "format: png\njpeg_quality: 92\n"),
        ("experiment", "# @package _global_\ndefaults:\n  - override /export: png\n"),
    ):
        (here / "own" / group).mkdir(parents=True, exist_ok=True)
        (here / "own" / group / "mine.yaml").write_text(content)
        words = [word for word in BEGIN if not word.startswith("export.")]
        refused(command(*words, "--config-dir=own", f"{group}=mine"), MOVED)
    assert not (here / "new").exists()
