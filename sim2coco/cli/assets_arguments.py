"""The arguments of the command `sim2coco assets`."""

import argparse
import os

from scenes.assets.reading.containers import UNITS_M
from sim2coco.library.columns import COLLISIONS, UPS

ACTIONS = {
    "import": "clean, measure and test the meshes of a folder, and import them into a library",
    "check": "list the problems of the meshes in a folder or library, or of one mesh, and how to solve them",
    "sheet": "render the meshes of a library on one PNG, with names and sizes",
}
JOINING = {
    "add": "keep the library's meshes from other folders",
    "replace": "remove the library's meshes from other folders; also needed if the folder has moved",
}
"""Flags that keep or remove the meshes that a library has from other folders, with their help texts."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the actions of `sim2coco assets` and their arguments to a parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    for action, summary in ACTIONS.items():
        own = actions.add_parser(action, help=summary, description=summary)
        folder_help = {
            "import": "the folder of meshes",
            "check": "a folder of meshes, a mesh file, or a library",
            "sheet": "a library",
        }
        own.add_argument("folder", help=folder_help[action])
        if action == "import":
            own.add_argument(
                "--out", metavar="LIBRARY", help="folder of the library; an existing library is updated"
            )
            own.add_argument(
                "--draft", action="store_true", help="write a table to correct, without importing anything"
            )
            others = own.add_mutually_exclusive_group()
            for joining, joining_help in JOINING.items():
                others.add_argument(
                    f"--{joining}", dest="joining", action="store_const", const=joining, help=joining_help
                )
            own.set_defaults(joining="ask")
        if action != "sheet":
            _add_reading(own)
        if action == "check":
            own.add_argument("--json", action="store_true", help="print the table as JSON")
        if action == "sheet":
            written = "the file to write; default: LIBRARY_sheet.png"
            own.add_argument("--out", "--to", dest="to", metavar="PNG", help=written)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--table", metavar="FILE", help="CSV table with settings for each mesh; default: FOLDER/assets.csv"
    )
    units = [unit for unit in UNITS_M if unit != "um"]
    parser.add_argument("--unit", choices=units, help="unit of files that state none; default: metres")
    parser.add_argument("--up", choices=UPS, help="up axis of files that state none; default: z")
    parser.add_argument(
        "--collision",
        choices=COLLISIONS,
        help="collision shape of all meshes; default: convex pieces where the convex hull is too coarse",
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes; default: all cores"
    )
