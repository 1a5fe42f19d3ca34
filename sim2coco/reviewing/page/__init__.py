"""The HTML, CSS and JavaScript files of the page, served as they are, or joined to one file."""

from importlib.resources import files

INDEX, STYLE = "index.html", "review.css"
SCRIPTS = ("source.js", "list.js", "stage.js", "state.js", "review.js")
"""The scripts in the order in which they are run."""


def page_file(name: str) -> str:
    """The content of a file of the page."""
    return files(__name__).joinpath(name).read_text("utf-8")
