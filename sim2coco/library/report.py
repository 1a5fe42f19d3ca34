"""The printed table of mesh properties. Below the line of a mesh are its problems and how to fix them."""

from collections.abc import Iterator, Sequence

from sim2coco.library.lengths import sides
from sim2coco.library.row import Row

HEAD = (
    "verdict",
    "faces",
    "size",
    "closed",
    "normals",
    "uvs",
    "textures",
    "parts",
    "convex",
    "pieces",
    "file",
)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yields the table as lines of text."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD) - 1)]
    for index, line in enumerate(cells):
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]])
        if index:
            yield from _below(rows[index - 1])


def _cells(row: Row) -> tuple[str, ...]:
    if not row.faces:
        return (row.outcome, *["-"] * (len(HEAD) - 2), row.file)
    fates = list(row.images.values())
    textures = ", ".join(f"{fates.count(fate)} {fate}" for fate in sorted(set(fates))) or "none"
    return (
        row.outcome,
        str(row.faces),
        sides(row.extents_m),
        "yes" if row.watertight else "no",
        row.normals,
        row.uvs,
        textures,
        str(row.parts),
        f"{row.convexity:.0%}" if row.convexity else "-",
        str(row.pieces or "-"),
        row.file,
    )


def _below(row: Row) -> Iterator[str]:
    if not row.usable:
        yield f"    {sentence(row)}"
    for note in row.notes:
        yield f"    {note}"


def remarks(row: Row) -> Iterator[str]:
    """Yields remarks about a mesh, each as a line that begins with the file name.

    For a mesh that is left out, the only remark is the reason. A usable mesh may have remarks about repairs
    and other notes.
    """
    if not row.usable:
        yield f"{row.file}: {sentence(row)}"
        return
    if row.repairs:
        yield f"{row.file}: repaired: {'; '.join(row.repairs)}"
    if row.remarks:
        yield f"{row.file}: note: {'; '.join(row.remarks)}"


def sentence(row: Row) -> str:
    """Returns one line on why a mesh does not become an asset, and how the user can fix it."""
    if row.asks:
        return row.asks
    return f"{row.kind}: {row.reason}; {row.remedy}"
