"""Checks the machine: disk space, temporary files, cores, GPU."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sim2coco.doctor.finding import Finding, finding_of

MIN_FREE_GB = 1.0


def disk(folder: Callable[[], Path]) -> Finding:
    """Checks the free disk space.

    Args:
        folder: Function that returns the folder to check, for example `Path.cwd`; it may raise OSError.
    """
    try:
        place = folder()
        free_gb = shutil.disk_usage(place).free / 1e9
    except OSError as error:
        return Finding(
            "disk", False, f"this folder cannot be read: {error.strerror}", "change to another folder"
        )
    repair = "free some space, or choose a folder on another disk with out="
    return finding_of("disk", free_gb >= MIN_FREE_GB, f"{free_gb:.1f} GB free in {place}", repair)


def temporary(folder: Callable[[], str]) -> Finding:
    """Checks that temporary files can be written.

    Args:
        folder: Function that returns the folder for temporary files; it may raise OSError.
    """
    try:
        place = folder()
        with tempfile.NamedTemporaryFile(dir=place) as file:
            file.write(bytes(1 << 16))
            file.flush()
    except OSError as error:
        repair = "set TMPDIR to a folder that can be written"
        return Finding("temporary files", False, f"cannot be written: {error.strerror}", repair)
    return Finding("temporary files", True, f"can be written in {place}")


def cores(number: int) -> Finding:
    """Reports the number of cores, which is the number of workers that can run in parallel."""
    return Finding("processor", True, f"{number} cores for this process: workers={number}")


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu(found: Mapping[str, str], gpus: Sequence[str]) -> Finding:
    """Reports the GPUs and the version of torch, for training on this machine; sim2coco does not need them.

    Args:
        found: Installed versions, keyed by normalised package name.
        gpus: Names of the GPUs.
    """
    torch = f"torch {found['torch']}" if "torch" in found else "no torch"
    return Finding("GPU", True, f"{', '.join(gpus) or 'none'}, {torch}; both are optional")


def usable_gpus() -> list[str]:
    """The names of the NVIDIA GPUs of this machine, as nvidia-smi lists them; empty if it fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return re.findall(r"^GPU \d+: (.*?)(?: \(UUID.*)?$", listed.stdout.decode(errors="replace"), re.MULTILINE)
