"""The arguments of the commands that read a data set.

This module imports almost nothing, so that `--help` is fast, and `doctor` works in a broken installation.
"""

import argparse
import os
import sys
from typing import Any, NoReturn

from sim2coco.cli.reporting import fail


class Parser(argparse.ArgumentParser):
    """An argument parser that reports errors in one line, and accepts no abbreviated options."""

    def __init__(self, **options: Any) -> None:
        """Creates a parser that accepts no abbreviations; `options` are those of `ArgumentParser`."""
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Prints the message and exits with code 2."""
        sys.exit(fail(f"{message}; see {self.prog} --help"))


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Adds the arguments of show, replay, check, status, audit, review, report or doctor to a parser."""
    if command != "doctor":
        parser.add_argument("data", help="folder of the data set")
    if command == "show":
        parser.add_argument("picture", nargs="?", help="name of an image, for example s000057_v02")
        parser.add_argument("--sheet", type=_positive, metavar="N", help="put the first N images on one PNG")
        parser.add_argument("--split", metavar="NAME", help="only images of this split")
        parser.add_argument("--category", metavar="NAME", help="only labels of this category")
        parser.add_argument("--boxes", action="store_true", help="draw boxes and names only")
        parser.add_argument("--outlines", action="store_true", help="draw outlines only; also with --boxes")
        default = "PICTURE.png or DATA_sheet.png, with a number if that file exists"
        written = f"the file to write; default: {default}"
        parser.add_argument("--out", "--to", dest="to", metavar="PNG", help=written)
    if command == "replay":
        parser.add_argument("picture", help="name of an image, for example s000057_v02")
    if command in ("replay", "check"):
        folders = "folder to search for meshes and images of the data set; may be repeated"
        parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
        parser.add_argument("--plugin", metavar="FILE.py", help="a plug-in of the data set")
    if command == "replay":
        written = "write the rendered image to this file"
        parser.add_argument("--out", "--to", dest="to", metavar="FILE", help=written)
    if command in ("show", "replay"):
        parser.add_argument("--force", action="store_true", help="replace the file of --out if it exists")
    if command == "check":
        repaired = "write a repaired copy to this new folder, and list every change"
        parser.add_argument("--fix", metavar="DIR", help=repaired)
        parser.add_argument("--json", action="store_true", help="print the faults as JSON")
        deep = "render all images again, and compare images and labels"
        parser.add_argument("--deep", action="store_true", help=deep)
        parser.add_argument("--scenes", type=_positive, metavar="N", help="with --deep: only N scenes")
    if command == "status":
        parser.add_argument("--json", action="store_true", help="print the status as JSON")
    if command == "audit":
        _add_audit(parser)
    if command == "review":
        _add_review(parser)
    if command == "report":
        _add_report(parser)


def _add_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reviewer", metavar="NAME", help="your name; default: your login name")
    beside = "the file of verdicts; default: DATA.verdicts.jsonl beside the data set"
    parser.add_argument("--verdicts", metavar="FILE", help=beside)
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="default: any free port")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address of the page, and open no browser"
    )
    parser.add_argument("--audit", metavar="FILE", help="output of `sim2coco audit --json`, to sort by")
    agreement = "print how far reviewers agree, and the images on which they disagree"
    parser.add_argument("--agreement", action="store_true", help=agreement)
    static = "write a page that needs no server, for example to send it by mail"
    parser.add_argument("--static", metavar="FILE.html", help=static)
    parser.add_argument("--force", action="store_true", help="replace the file of --static if it exists")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    folders = "folder to search for the original mesh files; may be repeated"
    parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
    parser.add_argument("--sample", type=_positive, metavar="N", help="only N images, chosen by --seed")
    parser.add_argument("--seed", type=int, default=0, metavar="SEED", help="random seed of --sample")
    parser.add_argument("--json", action="store_true", help="print the measurements of all instances as JSON")
    worst = "draw the instances that differ most, with both outlines, on one PNG"
    parser.add_argument("--worst", metavar="SHEET.png", help=worst)
    parser.add_argument("--force", action="store_true", help="replace the file of --worst if it exists")
    cores = os.cpu_count() or 1
    parser.add_argument(
        "--workers", type=_positive, default=cores, metavar="N", help="processes; default: all cores"
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    other = "folder of another data set to compare it with, such as real photographs"
    parser.add_argument("--against", metavar="REAL", help=other)
    parser.add_argument("--out", metavar="FILE.html", help="the file to write; default: DATA/report.html")
    parser.add_argument(
        "--force", action="store_true", help="replace the file even if it is an edited report or not a report"
    )
    cores = os.cpu_count() or 1
    parser.add_argument(
        "--workers", type=_positive, default=cores, metavar="N", help="threads; default: all cores"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 1 to 65535")
    return int(text)
