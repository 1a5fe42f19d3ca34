"""Configurations that try to run code, to read secrets, or to exhaust time and memory: each is refused."""

import os
import resource
import time
from pathlib import Path

import pytest

from tests.commandline import TINY, Command, tree

MKDIR = "{_target_: os.mkdir, path: executed}"
GLOBAL = "# @package _global_\n"
LOGGING = "version: 1\nhandlers: {x: {'()': os.mkdir, path: executed}}\nroot: {handlers: [x]}\n"
HYDRA = "settings of Hydra"
MAX_SECONDS = 2.0
MAX_MIB = 300
NESTED = "assets:\n  categories:\n    a0: {{shape: x}}\n{}"

ARGUMENTS = [
    *(
        (word, HYDRA)
        for word in (
            f"+hydra.callbacks.x={MKDIR}",
            f"hydra.callbacks={{x: {MKDIR}}}",
            f"hydra={{callbacks: {{x: {MKDIR}}}}}",
            "+hydra/callbacks=own",
            "+experiment@hydra.callbacks=own",
            "experiment@_global_.hydra=own",
            "hydra/job_logging=own",
            "hydra.job_logging.version=2",
            "hydra.searchpath=[pkg://own]",
            "hydra.output_subdir=../../executed",
            "hydra.sweep.subdir=../../executed",
            "hydra.sweep.dir=executed",
            "hydra.run.dir=executed",
            "hydra.job.chdir=true",
            "hydra.job.env_set={LD_PRELOAD: own.so}",
            "+hydra.job.env_copy=[SECRET]",
            "hydra.job.name=../executed",
            "hydra.help.template=own",
            "hydra.launcher._target_=os.mkdir",
            "hydra.sweeper._target_=os.mkdir",
            "+hydra.launcher.own={_target_: os.mkdir}",
            "~hydra.callbacks",
        )
    ),
    ("--experimental-rerun=own.pickle", "--experimental-rerun: can run code"),
    ("--config-path=pkg://own", "--config-path: can run code"),
    ("--config-path=own", "--config-path: can run code"),
    ("+_target_=os.mkdir", "_target_: no such setting"),
    ("scene._target_=os.mkdir", "scene._target_"),
    (f"+assets.categories.x={MKDIR}", "assets.categories.x._target_"),
    ("augment.geometry.flip={_target_: os.mkdir}", "augment.geometry.flip"),
    ("out='${oc.env:SECRET}'", "out:", "may not read 'SECRET'"),
    ("out='${ oc.env : SECRET }'", "out:", "may not read 'SECRET'"),
    ("out='a/${oc.env:HOME}/${oc.env:SECRET}'", "out:", "may not read 'SECRET'"),
    ("out='${oc.env:${seed}}'", "out:", "may not read"),
    ("out='${oc.decode:${oc.env:SECRET}}'", "out:", "oc.decode"),
    ("out='${oc.dict.values:hydra}'", "out:", "oc.dict.values"),
    ("out='${python_version:micro}'", "out:", "python_version"),
    ("out='${seed}${out}'", "out:", "ecursive"),
    ("+x=" + "[" * 900 + "]" * 900, "x: too deeply nested"),
    ("+x=" + "{a: " * 900 + "1" + "}" * 900, "x: too deeply nested"),
    ("+x=[" + "1," * 30_000 + "1]", "60,006 characters", "YAML file"),
    ("seed=1" + "0" * 4_000, "seed:"),
    ("seed=" + "1" * 9_990, "seed:"),
    ("num_images=100000000000000000000", "num_images:", "less than or equal to"),
    ("image.width=100000000000000000000", "image.width:"),
    ("image.supersampling=100000000000000000000", "image"),
]
MORE_ARGUMENTS = [
    ("image.width=1e400", "image.width: must be a whole number"),
    ("seed=nan", "seed: must be a whole number"),
    ("seed=99999999999999999999999999", "seed: must be less than"),
    ("views=100000000000", "views: must be less than or equal to 99"),
    ("lightings=1000000000", "lightings: must be less than or equal to 99"),
    ("scene.num_objects=[0,1e18]", "scene.num_objects: must be between 0 and"),
    ("workers=1000000000", "workers: must be less than or equal to"),
    ("engine.retries=1e9", "engine.retries: must be less than or equal to"),
    ("engine.timeout_s=1e400", "engine.timeout_s: must be a finite number"),
    ("engine.max_memory_gib=0", "engine.max_memory_gib: must be greater than 0"),
    ("engine.shard=1/0", "engine.shard: the number of shards"),
    ("engine.kind=subprocess", "unknown kind 'subprocess'"),
    ("scene.kind=os.system", "unknown kind 'os.system'"),
    ("export.formats=[{kind: os.system}]", "unknown kind 'os.system'"),
    ("+plugin=own/__init__.py", "plugin: no such setting"),
    ("+augment.pixels.x={name: __import__, p: 1}", "unknown transform '__import__'"),
    ("+augment.pixels.x={name: Lambda, p: 1}", "unknown transform 'Lambda'"),
    ("+augment.pixels.x={name: os.system, p: 1}", "unknown transform 'os.system'"),
    ("out=/dev/null", "out: cannot write to /dev/null"),
    ("out=/proc/self/fd/1/x", "out: cannot write to /proc"),
    ("out=~nobody_of_that_name/x", "cannot find the home directory for ~ in a path"),
    ("out='a\x00b'", "a NUL character"),
    ("out='${oc.deprecated:seed}'", "out: no ${oc.deprecated:...}"),
    ("out='${oc.create:{a: 1}}'", "out: no ${oc.create:...}"),
    ("image.extra=[../../executed]", "image.extra:"),
    ("split={../../executed: 1}", "split"),
    ("+assets.categories.x={shape: box, size_m: 1e300}", "assets.categories.x.size_m: must be 0 or between"),
    ("+assets.categories.x={shape: box, size_m: 0.1, weight: 1e308}", "assets.categories.x.weight"),
    (
        "+assets.categories.x={path: /dev/zero}",
        "assets.categories.x.path: no such file or folder: '/dev/zero'",
    ),
    ("+assets.categories.x={path: '/proc/**/*.obj'}", "assets.categories.x.path:"),
    ("scene.background.images=/proc/self/fd", "scene.background.images: no images"),
    ("light.environment=/dev/zero", "light.environment: no environment map"),
    ("quality.target=/dev/zero", "quality.target: /dev/zero"),
    ("quality.target=/proc/self/environ", "quality.target: /proc/self/environ"),
]
"""Some of them are tried in all runs of the tests, all in the long ones."""
SOME = 7
SWEEPS = [
    ("seed=range(1,1000)", "num_images=range(1,1000)", "scene.num_objects=range(1,1000)", "997,002,999 jobs"),
    ("seed=range(1,1e18)", "the maximum is 10,000"),
    ("seed=range(0,inf)", "finite ends"),
    ("seed=range(nan,1)", "finite ends"),
    ("seed=range(1,10,0)", "step that is not 0"),
    ("seed=range(1,10,1e-9)", "the maximum is 10,000"),
    ("seed=range(9,1,-1e-9)", "the maximum is 10,000"),
    (
        *(f"image.{side}={','.join(map(str, range(64, 164)))}" for side in ("width", "height")),
        "seed=1,2",
        "jobs",
    ),
    ("hydra.sweep.subdir=../../executed", "seed=1,2", HYDRA),
]
FILES = [
    *(
        (GLOBAL + content, HYDRA)
        for content in (
            f"hydra: {{callbacks: {{x: {MKDIR}}}}}\n",
            f"hydra:\n  job_logging: {{handlers: {{x: {MKDIR}}}}}\n",
            f"hydra.callbacks: {{x: {MKDIR}}}\n",
            "hydra: null\n",
            "hydra: {searchpath: [pkg://own]}\n",
            "defaults: [/own@hydra.callbacks: bad, _self_]\n",
            "defaults: [/own/bad@hydra.callbacks, _self_]\n",
            "defaults: [override /hydra/job_logging: own, _self_]\n",
            "defaults: ['override hydra/launcher: own', _self_]\n",
            "defaults: [{override hydra/sweeper: own}, _self_]\n",
            "defaults: [optional /hydra/callbacks: own, _self_]\n",
            "defaults: [/own@_global_.hydra: bad, _self_]\n",
        )
    ),
    (f"# @package hydra\ncallbacks: {{x: {MKDIR}}}\n", HYDRA),
    (f"# @package hydra.callbacks\nx: {MKDIR}\n", HYDRA),
    (f"# @package _global_.hydra.callbacks\nx: {MKDIR}\n", HYDRA),
    (f"#   @package   hydra.callbacks\nx: {MKDIR}\n", HYDRA),
    (GLOBAL + "seed: !!python/object/apply:os.mkdir [executed]\n", "line 2"),
    (GLOBAL + "seed: !!python/name:os.mkdir\n", "line 2"),
    (GLOBAL + "seed: !!python/module:own\n", "line 2"),
    (
        GLOBAL + "assets: {categories: {a: {shape: box, size_m: 0.1, supercategory: '${oc.env:SECRET}'}}}\n",
        "SECRET",
    ),
    (GLOBAL + "assets: {categories: {'${oc.env:SECRET}': {shape: box, size_m: 0.1}}}\n", "SECRET"),
    (GLOBAL + "defaults: ['/assets: ${oc.env:SECRET}', _self_]\n", "SECRET"),
    (GLOBAL + "x: '" + "a" * 1_000_000 + "'\n", "976 KiB", "256 KiB"),
    (GLOBAL + "x: [" + "1," * 90_000 + "1]\n", "more than 10,000 values"),
    (GLOBAL + "x: {" + ",".join(f"k{key}: 1" for key in range(20_000)) + "}\n", "more than 10,000 values"),
    (GLOBAL + "x: " + "[" * 5_000 + "]" * 5_000 + "\n", "more than 50 levels"),
    (GLOBAL + "x: " + "{a: " * 60 + "1" + "}" * 60 + "\n", "more than 50 levels"),
    (GLOBAL + "x: &x [*x, *x]\n", "10,000 values"),
    (
        GLOBAL
        + NESTED.format(
            "".join(
                f"    a{i + 1}: {{shape: '{2 * f'${{assets.categories.a{i}.shape}}'}'}}\n" for i in range(30)
            )
        ),
        "references",
    ),
    (
        GLOBAL
        + NESTED.format(
            "".join(f"    a{i + 1}: {{x: '${{..a{i}}}', y: '${{..a{i}}}'}}\n" for i in range(24))
        ),
        "references",
    ),
    (GLOBAL + "seed: ${seed}\n", "seed:"),
]


def heaviest_mib() -> float:
    """The peak of this process's memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.fixture
def here(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module and files that would leave a folder `executed`, and a secret."""
    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.syspath_prepend(str(here))
    (here / "own").mkdir()
    (here / "own/__init__.py").write_text("import os\nos.mkdir('executed')\n")
    (here / "own.pickle").write_bytes(b"cos\nmkdir\n(S'executed'\ntR.")
    for name, content in (
        ("hydra/callbacks", f"x: {MKDIR}\n"),
        ("hydra/job_logging", LOGGING),
        ("own", MKDIR),
    ):
        (here / "conf" / name).mkdir(parents=True)
        (here / "conf" / name / "own.yaml").write_text(content)
    (here / "conf/experiment").mkdir()
    (here / "conf/own/bad.yaml").write_text(f"x: {MKDIR}\n")
    return here


def refused(command: Command, here: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Asserts that a command is refused in one line, soon, without much memory, and leaves nothing."""
    before, memory, start = tree(here), heaviest_mib(), time.process_time()
    outcome = command("generate", "out=new", "num_images=1", *TINY, *arguments)
    seconds, mib = time.process_time() - start, heaviest_mib() - memory
    assert (outcome.code, outcome.out) == (2, ""), outcome
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert all(word in outcome.err for word in words), outcome.err
    assert "hunter2" not in outcome.err
    assert tree(here) == before
    assert not any(Path(here, place).exists() for place in ("executed", "new", "../executed"))
    assert mib < MAX_MIB
    assert seconds < 2 * MAX_SECONDS  # of CPU; twice, as other tests run beside it


@pytest.mark.parametrize("case", ARGUMENTS, ids=[case[0][:60] for case in ARGUMENTS])
def test_arguments(command: Command, here: Path, case: tuple[str, ...]) -> None:
    refused(command, here, case[:1], case[1:])


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case[0][:60], marks=() if rank % SOME == 6 else pytest.mark.slow)
        for rank, case in enumerate(MORE_ARGUMENTS)
    ],
)
def test_more_arguments(command: Command, here: Path, case: tuple[str, ...]) -> None:
    refused(command, here, case[:1], case[1:])


def test_there_are_a_hundred_attacks() -> None:
    assert len(ARGUMENTS) + len(MORE_ARGUMENTS) + len(SWEEPS) + len(FILES) > 100


@pytest.mark.parametrize("case", SWEEPS, ids=[case[0][:40] for case in SWEEPS])
def test_sweeps(command: Command, here: Path, case: tuple[str, ...]) -> None:
    refused(command, here, ("-m", *case[:-1]), case[-1:])


@pytest.mark.parametrize("case", FILES, ids=[f"{rank}" for rank in range(len(FILES))])
def test_files(command: Command, here: Path, case: tuple[str, ...]) -> None:
    (here / "conf/experiment/mine.yaml").write_text(case[0])
    refused(
        command, here, ("--config-dir=conf", "experiment=mine"), ("mine.yaml", *case[1:])[-len(case) + 1 :]
    )


def test_a_file_of_another_name_cannot_configure_hydra(command: Command, here: Path) -> None:
    (here / "conf/primary.yaml").write_text(
        f"defaults: [config, _self_]\nhydra: {{callbacks: {{x: {MKDIR}}}}}\n"
    )
    refused(command, here, ("--config-dir=conf", "--config-name=primary"), ("primary.yaml", HYDRA))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_ordinary_file(command: Command, here: Path, make: object) -> None:
    assert callable(make)
    make(here / "conf/experiment/mine.yaml")
    refused(command, here, ("--config-dir=conf", "experiment=mine"), ("mine",))


def test_a_file_that_nobody_asked_for_is_not_read(command: Command, here: Path) -> None:
    (here / "conf/experiment/mine.yaml").write_text(GLOBAL + "seed: 3\n")
    (here / "conf/experiment/huge.yaml").write_text("x: [" + "1," * 90_000 + "1]\n")
    os.mkfifo(here / "conf/experiment/pipe.yaml")
    outcome = command("generate", "out=new", "num_images=1", *TINY, "--config-dir=conf", "experiment=mine")
    assert (outcome.code, outcome.err) == (0, "")


def test_what_is_trusted(command: Command, here: Path) -> None:
    words = ("--trust-config", f"+hydra.callbacks.x={MKDIR}")
    assert (
        command("generate", "out=new", "num_images=1", *TINY, *words).code == 2
    )  # it is no callback of Hydra
    assert (here / "executed").is_dir()


def test_what_everybody_may_use(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM2COCO_OUT", "new")
    words = (
        "hydra/launcher=basic",
        "hydra.mode=RUN",
        "out='${oc.env:SIM2COCO_OUT}/${oc.env:SIM2COCO_NONE,a}/${scene.kind}'",
    )
    assert command("generate", "num_images=1", *TINY, *words).code == 0
    assert (here / "new/a/drop/run.json").is_file()


def test_the_mode_of_hydra_is_no_second_way_to_sweep(command: Command) -> None:
    outcome = command("generate", "out=new", "num_images=1", *TINY, "hydra.mode=MULTIRUN")
    assert (outcome.code, outcome.err) == (2, "sim2coco: hydra.mode: use -m for a sweep\n")
