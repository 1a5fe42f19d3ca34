"""Runs the command line: `python -m sim2coco.cli` is the same as `sim2coco`."""

from sim2coco.cli.main import main

main()
