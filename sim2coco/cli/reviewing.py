"""The command `review`: shows images to people, and saves their verdicts."""

import argparse
import getpass
import os
import signal
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from sim2coco.cli.progress import ProgressBar
from sim2coco.cli.stopping import on_signals
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.datasets.verdicts import Verdict, read_verdicts
from sim2coco.messages import counted
from sim2coco.reviewing.agreement import agreements, disagreements
from sim2coco.reviewing.audits import Audited, read_audit
from sim2coco.reviewing.gallery import Gallery
from sim2coco.reviewing.journal import Journal
from sim2coco.reviewing.static_page import static_page

LARGE_MB = 20
"""Size in MB above which most mail servers refuse an attachment."""


def run(options: argparse.Namespace, out: Console) -> int:
    """Serves the review page, or writes it to a file, or prints the agreement of reviewers; returns 0."""
    folder = Path(options.data)
    path = Path(options.verdicts) if options.verdicts else verdicts_beside(folder)
    if options.agreement:
        return _print_agreement(path, out)
    dataset = open_dataset(folder)
    audits = read_audit(Path(options.audit)) if options.audit else {}
    if options.static:
        return _write_static(dataset, audits, Path(options.static), options.force, out)
    return _serve(dataset, audits, path, options, out)


def verdicts_beside(folder: Path) -> Path:
    """The default path of the verdicts file.

    It is beside the data set's folder, because a review does not change the data set.
    """
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.verdicts.jsonl")


def _serve(
    dataset: Dataset, audits: dict[str, Audited], path: Path, options: argparse.Namespace, out: Console
) -> int:
    try:
        from sim2coco.reviewing.server import application, listening, serve
    except ImportError as error:
        raise DataSetError(f"review: {error.name} is not installed; pip install sim2coco[review]") from error
    journal = Journal(path, options.reviewer or _login())
    listener = listening(options.port)
    app = application(_name(dataset), Gallery(dataset, audits), journal)

    def started(address: str, private: Path) -> None:
        out.print(f"{journal.reviewer}'s verdicts are saved in {path}", markup=False)
        out.print(f"the page is at {address}\nCtrl-C ends the review", markup=False)
        out.file.flush()
        if not options.no_browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(entry_page(private, address))

    on_signals(lambda number, frame: None)  # the server handles signals, and raises them again at its end
    with TemporaryDirectory(prefix="sim2coco-review-") as private:
        serve(app, listener, lambda address: started(address, Path(private)))
    on_signals(signal.SIG_DFL)
    said = [verdict.verdict for verdict in journal.of_reviewer().values()]
    told = f"{counted(said.count('accept'), 'image')} accepted, {said.count('reject')} rejected"
    out.print(f"{path}: {told} by {journal.reviewer}", markup=False)
    return 0


def entry_page(folder: Path, address: str) -> str:
    """Writes a page that redirects to the secret URL `address`, and returns the URL of the page.

    The browser is started with the page's URL, because other users can see the arguments of processes.
    """
    page = folder / "review.html"
    page.touch(0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0; url={address}">\n')
    return page.resolve().as_uri()


def _name(dataset: Dataset) -> str:
    return os.fsencode(dataset.root.resolve().name).decode("utf-8", "replace")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user id has no name
        raise DataSetError("review: add --reviewer NAME; your login name cannot be determined") from None


def _write_static(
    dataset: Dataset, audits: dict[str, Audited], target: Path, force: bool, out: Console
) -> int:
    images = sum(size.images for size in dataset.sizes().values())
    written = 0
    try:
        with target.open("wb" if force else "xb") as file, ProgressBar(out, images, "images") as bar:
            for part in static_page(dataset, _name(dataset), audits, bar.show):
                written += file.write(part)
    except FileExistsError as error:
        raise DataSetError(f"--static: {target} exists; add --force to replace it") from error
    except OSError as error:
        raise DataSetError(f"--static: cannot write {target}: {error.strerror}") from error
    megabytes = written / 1e6
    large = "; too large for most mail servers" if megabytes > LARGE_MB else ""
    out.print(f"{target}: {counted(images, 'image')}, {megabytes:.1f} MB{large}", markup=False)
    return 0


def _print_agreement(path: Path, out: Console) -> int:
    if not path.exists():
        raise DataSetError(
            f"{path}: no such file, so there are no verdicts yet; use --verdicts for another file"
        )
    verdicts = read_verdicts(path)
    for line in (*_reviewers(verdicts), *_agreements(verdicts), *_disagreements(verdicts)):
        out.print(line, markup=False)
    return 0


def _reviewers(verdicts: dict[tuple[str, str], Verdict]) -> Iterator[str]:
    """Yields a line for each reviewer: how many images the reviewer accepts and rejects."""
    names = sorted({reviewer for _, reviewer in verdicts})
    for name in names:
        said = [verdict.verdict for (_, reviewer), verdict in verdicts.items() if reviewer == name]
        accepted = counted(said.count("accept"), "image")
        yield f"{name or 'a reviewer'}: {accepted} accepted, {said.count('reject')} rejected"
    if not names:
        yield "there are no verdicts yet"


def _agreements(verdicts: dict[tuple[str, str], Verdict]) -> Iterator[str]:
    for found in agreements(verdicts.values()):
        kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f}"
        both = f"{counted(found.images, 'image')} reviewed by both, {found.alike} with the same verdict"
        yield f"{' and '.join(found.reviewers)}: {both}, Cohen's kappa {kappa}"


def _disagreements(verdicts: dict[tuple[str, str], Verdict]) -> Iterator[str]:
    for image, said in disagreements(verdicts.values()).items():
        yield f"{image}: {'; '.join(map(_told, said))}"


def _told(verdict: Verdict) -> str:
    why = ", ".join(filter(None, (verdict.reason, verdict.comment)))
    return f"{verdict.reviewer} {verdict.verdict}s it{f' ({why})' if why else ''}"
