"""PowerPoint presentations: a page for each slide that is shown, with what the speaker noted."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from admin.curation.formats import remarks
from admin.curation.formats.packages import core_title, office_package
from admin.curation.formats.parsed import ParsedDocument, paged_document
from admin.curation.formats.tables import pipe_table

INDENT = "  "
DEEPEST_GROUP = 20


def read_pptx(data: bytes) -> ParsedDocument:
    """Return the slides in order; a hidden one keeps its number and shows nothing."""
    from pptx import Presentation

    with office_package(data, "PowerPoint presentation") as archive:
        deck = Presentation(io.BytesIO(data))
        hidden = [number for number, slide in enumerate(deck.slides, 1) if slide._element.get("show") == "0"]
        pages = ["" if number in hidden else _slide(slide) for number, slide in enumerate(deck.slides, 1)]
        title = core_title(archive)
    return paged_document(pages, title, [*_left_out(pages, hidden)])


def _left_out(pages: Sequence[str], hidden: Sequence[int]) -> Iterator[str]:
    """Say which slides show nothing here."""
    if hidden:
        yield remarks.hidden("slide", [str(number) for number in hidden])
    if empty := [number for number, page in enumerate(pages, 1) if not page.strip() and number not in hidden]:
        yield remarks.without_text("slide", empty)


def _slide(slide: Any) -> str:
    title = slide.shapes.title
    # By id: python-pptx makes a new object each time a shape is asked for.
    title_id = title.shape_id if title is not None else None
    parts = (
        [f"## {' '.join(title.text_frame.text.split())}"] if title is not None and title.text_frame.text.strip() else []
    )
    parts += [part for shape in slide.shapes if shape.shape_id != title_id for part in _shape(shape)]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        parts.append(f"Notes: {notes.text.strip()}")
    return "\n\n".join(parts)


def _shape(shape: Any, depth: int = 0) -> Iterator[str]:
    """Yield what a shape says: its text, table, chart or, of a picture, the description."""
    if hasattr(shape, "shapes") and depth < DEEPEST_GROUP:
        for inner in shape.shapes:
            yield from _shape(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        yield pipe_table([[cell.text for cell in row.cells] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    elif shape.has_text_frame:
        yield from _text(shape.text_frame, shape.is_placeholder)
    else:
        described = shape._element.xpath(".//p:cNvPr/@descr")
        yield from described[:1]


def _text(frame: Any, listed: bool) -> Iterator[str]:
    """Yield the text of a frame; several paragraphs of a placeholder are the points of a list."""
    paragraphs = [(each.level, " ".join(each.text.split())) for each in frame.paragraphs if each.text.strip()]
    if listed and len(paragraphs) > 1:
        yield "\n".join(f"{INDENT * level}- {text}" for level, text in paragraphs)
    else:
        yield from (text for _, text in paragraphs)


def _chart(chart: Any) -> Iterator[str]:
    """Yield a chart's title and its numbers as a table."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield chart.chart_title.text_frame.text
    for plot in chart.plots:
        series = list(plot.series)
        head = ["", *(each.name for each in series)]
        columns = [[str(label) for label in plot.categories], *([_number(y) for y in each.values] for each in series)]
        yield pipe_table([head, *([*row] for row in zip(*columns, strict=False))])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
