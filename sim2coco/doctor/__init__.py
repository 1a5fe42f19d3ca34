"""Checks the installation, and reports what is wrong and how to repair it.

It must run even if dependencies do not work, so at module level it imports none of them except rich.
"""

import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

from rich.console import Console

from sim2coco.doctor import distributions, imports, machine
from sim2coco.doctor.finding import Finding
from sim2coco.doctor.outcome import run_child

__all__ = ["Finding", "diagnose", "report"]

OWN_PACKAGES = ("conf", "scenes", "sim", "augment", "sim2coco")


def report(console: Console, findings: Sequence[Finding] | None = None) -> int:
    """Prints a table of findings (by default those of this installation), then the repairs.

    Returns:
        0 if nothing is wrong, 1 otherwise.
    """
    findings = diagnose() if findings is None else findings
    width = max(len(finding.name) for finding in findings)
    lines = [f"{'ok' if one.ok else 'WRONG':5}  {one.name:{width}}  {one.detail}" for one in findings]
    wrong = [finding for finding in findings if not finding.ok]
    lines += [f"repair {finding.name}: {finding.repair}" for finding in findings if finding.repair]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def diagnose() -> list[Finding]:
    """Runs all checks, and returns their findings in the order in which problems should be repaired."""
    found = distributions.installed()
    places = {name: distributions.folder_of(name) for name in OWN_PACKAGES}
    home = Path(__file__).resolve().parents[2]
    return [
        distributions.python(sys.version_info[:2]),
        *distributions.packages(distributions.our_requirements(), found),
        distributions.opencv(found),
        distributions.albumentations(found),
        imports.opencv(run_child(imports.PROBE_OPENCV), found),
        *imports.pybullet(run_child(imports.PROBE_PYBULLET)),
        imports.egl(run_child(imports.PROBE_EGL)),
        imports.program(run_child(imports.PROBE_PROGRAM)),
        distributions.names(packages_distributions(), places, home),
        distributions.configuration(places["conf"]),
        machine.disk(Path.cwd),
        machine.temporary(tempfile.gettempdir),
        machine.cores(machine.usable_cores()),
        machine.gpu(found, machine.usable_gpus()),
    ]
