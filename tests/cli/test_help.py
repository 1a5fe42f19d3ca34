"""The help names every command, choice and setting."""

import pytest

from sim2coco.cli.config import RunOptions, choices, first_sentence
from sim2coco.cli.groups import GROUPS
from sim2coco.cli.main import COMMANDS
from sim2coco.keys import walk
from sim2coco.recipe import Recipe
from tests.commandline import Command


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_help_names_the_commands(command: Command, arguments: tuple[str, ...]) -> None:
    outcome = command(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    for name, sentence in COMMANDS.items():
        assert f"  {name}" in outcome.out
        assert sentence in outcome.out
    assert 'eval "$(sim2coco -sc install=bash)"' in outcome.out


@pytest.mark.parametrize("name", ["generate", "preview"])
def test_help_names_every_choice_and_every_setting(command: Command, name: str) -> None:
    outcome = command(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 100
    words = " ".join(outcome.out.split())
    for group in GROUPS:
        for choice in choices(group):
            assert f"{group}={choice} {first_sentence(group, choice)}" in words
    for setting in [*walk(RunOptions), *walk(Recipe)]:
        assert any(line.split()[:1] == [setting.key] for line in lines), setting.key
        assert " ".join((setting.description or "One of").split()) in words, setting.key


def test_help_tells_the_values_that_are_used(command: Command) -> None:
    words = " ".join(command("generate", "--help").out.split())
    for setting in ("scene.objects.saturation = [0.2,1]", "augment.geometry = {flip, affine}", "workers = 1"):
        assert f" {setting} " in words


@pytest.mark.parametrize("name", ["show", "replay", "check", "audit", "doctor"])
def test_the_other_commands_have_help(command: Command, name: str) -> None:
    outcome = command(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert COMMANDS[name] in outcome.out


@pytest.mark.parametrize("words", [(), ("generate",), ("preview",), ("show",), ("assets",)])
def test_the_version(command: Command, words: tuple[str, ...]) -> None:
    assert command(*words, "--version").out == "sim2coco 0.1.0\n"


@pytest.mark.parametrize("name", ["generate", "show"])
def test_help_of_a_command_by_its_name(command: Command, name: str) -> None:
    assert command("help", name).out == command(name, "--help").out


def test_replay_tells_of_plug_ins(command: Command) -> None:
    assert "--plugin FILE.py" in command("replay", "--help").out


def test_all_settings_as_they_would_be_used(command: Command) -> None:
    outcome = command("generate", "--cfg", "job", "light=dusk", "seed=7")
    assert (outcome.code, outcome.err) == (0, "")
    assert "seed: 7" in outcome.out
