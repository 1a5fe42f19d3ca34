"""Line plots over the size of a run, as an SVG or PNG file; equal numbers give byte-identical files."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Points = Sequence[tuple[float, float]]
SUFFIXES = (".svg", ".png")
WIDE_IN, HIGH_IN, DPI = 4.2, 3.2, 150


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y), an optional name, and a matplotlib format string: `C0--` is the first colour, dashed."""

    name: str | None
    points: Points
    look: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot with lines over one x axis; the y axis begins at 0."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log_x: bool = False


def plot_file(word: str) -> Path:
    """Parses a path, and checks before the measurement that `save` can write to it."""
    path = Path(word)
    if path.suffix not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"{word!r} must end in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}")
    return path


def save(panels: Sequence[Panel], path: Path) -> None:
    """Plots panels side by side."""
    with matplotlib.rc_context({"svg.hashsalt": "sim2coco", "font.size": 9, "grid.alpha": 0.3}):
        figure = Figure(figsize=(WIDE_IN * len(panels), HIGH_IN), layout="constrained")
        for place, panel in enumerate(panels, start=1):
            _draw(panel, figure.add_subplot(1, len(panels), place))
        figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw(panel: Panel, axes: Axes) -> None:
    for line in panel.lines:
        axes.plot(*zip(*line.points, strict=True), line.look, label=line.name, markersize=3)
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y, xscale="log" if panel.log_x else "linear")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True)
    axes.legend(fontsize="small")
