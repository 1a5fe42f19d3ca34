"""Files that a code host reads: they can be parsed, and the files that they refer to exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*_*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGE = r"lib[\w.-]+"
"""Debian packages that opencv-python and Mesa need."""


def parsed(path: str) -> dict[Any, Any]:
    tree = yaml.safe_load((ROOT / path).read_text())
    assert isinstance(tree, dict)
    return tree


def steps() -> list[dict[str, Any]]:
    (job,) = parsed(".github/workflows/ci.yml")["jobs"].values()
    return list(job["steps"])


def test_ci_makes_targets_that_exist_under_the_right_python() -> None:
    targets = [step["run"].split()[1] for step in steps() if step.get("run", "").startswith("make ")]
    assert targets == ["torch", "ray", "check", "test"]
    assert set(targets) <= set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
    (python,) = [step["with"] for step in steps() if "setup-python" in step.get("uses", "")]
    assert f">={python['python-version']}," in PROJECT["requires-python"]
    assert (ROOT / python["cache-dependency-path"]).is_file()


def test_ci_installs_the_same_system_packages_as_the_script() -> None:
    (install,) = [step["run"] for step in steps() if "apt-get" in step.get("run", "")]
    script = (ROOT / ".ci" / "run").read_text().partition("--no-install-recommends")[2].partition("}")[0]
    assert sorted(re.findall(PACKAGE, install)) == sorted(re.findall(PACKAGE, script))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_issue_forms_have_what_a_form_needs(form: Path) -> None:
    tree = parsed(f".github/ISSUE_TEMPLATE/{form.name}")
    assert tree.keys() == {"name", "description", "labels", "body"}
    fields = [part for part in tree["body"] if part["type"] != "markdown"]
    assert {part["type"] for part in fields} == {"textarea"}
    assert all(part["attributes"]["label"] for part in fields)
    assert len({part["id"] for part in fields}) == len(fields) >= 3


def test_there_are_forms_for_bugs_and_wishes() -> None:
    assert [form.stem for form in FORMS] == ["bug_report", "feature_request"]
    assert parsed(".github/ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": True}


def test_the_citation_is_that_of_this_version() -> None:
    citation = parsed("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["authors"] == [{"name": "The sim2coco developers"}]
    for key, word in (("name", "title"), ("version", "version"), ("license", "license")):
        assert citation[word] == PROJECT[key]
    assert citation["keywords"] == PROJECT["keywords"]


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
