"""`python -m sim2coco.cli` is `sim2coco`."""

from sim2coco.cli.main import main

main()
