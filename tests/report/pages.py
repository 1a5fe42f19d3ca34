"""Reads the pages of reports: tables, drawings, sentences."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Row = list[str]


@dataclass
class Page(HTMLParser):
    """What a page has.

    Attributes:
        tables: The rows of each table, the head included, by its caption.
        links: Where `src` and `href` lead.
        drawings: The attributes of each drawing that a screen reader tells.
        ids: All ids.
        tags: All tags, in order.
    """

    text: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    drawings: list[dict[str, str | None]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    _caption: str | None = None
    _cell: str | None = None

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def __hash__(self) -> int:
        return id(self)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        known = dict(attributes)
        self.links += [str(known[name]) for name in ("src", "href") if name in known]
        self.ids += [str(known["id"])] if "id" in known else []
        if known.get("role") == "img":
            self.drawings.append(known)
        if tag in ("caption", "th", "td"):
            self._cell = ""
        if tag == "tr" and self._caption is not None:
            self.tables[self._caption].append([])

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._caption = str(self._cell).strip()
            self.tables[self._caption] = []
        elif tag in ("th", "td") and self._caption is not None:
            self.tables[self._caption][-1].append(str(self._cell).strip())
        elif tag == "table":
            self._caption = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell += data

    def column(self, caption: str, column: int = 1) -> list[int]:
        """The numbers of a column of a table."""
        return [int(row[column].replace(",", "")) for row in self.tables[caption][1:]]
