"""From the glyphs of a PDF to paragraphs: nothing but line ends, hyphens and running lines is ever dropped.

A PDF knows where its glyphs stand, not what they mean. Headings are told by their height, paragraphs by the
gap above them, the rows of a table by the gaps inside them.
"""

import math
import re
import statistics
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from admin.curation.formats import remarks, scans
from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, paged_document
from admin.curation.formats.text import guess_language

HEADING_HEIGHT = 1.15  # of the body's
HEADING_LENGTH = 150  # characters
PARAGRAPH_GAP = 1.3  # of the usual distance between two lines
FULL_LINE = 0.7  # of the usual width: a shorter line was ended on purpose
CELL_GAP = 1.5  # of the height of a line
ROW_HEIGHT = 6  # lines that the cells of one row of a table may have
RUNNING_PAGES = 2  # one page cannot tell a running line from a repeated one
RUNNING_SHARE = 0.6
MARGIN = 0.08  # of the height of the page
LINE_BREAK_HYPHEN = "\x02"  # PDFium's sign for a hyphen at the end of a line; it joins the two lines itself
PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD
POINTS_PER_INCH = 72
LIST_ITEM = re.compile(r"[•▪●◦‣–—-] |\(?\d{1,3}[.)] |\(?[a-z]\) ")


class Box(NamedTuple):
    """Where a glyph stands, in points from the bottom left of the page."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Line:
    """One line of a page, lengths in points; `in_cells` where gaps divide it, `in_margin` at top or bottom."""

    text: str
    left: float
    right: float
    bottom: float
    height: float
    in_cells: bool
    in_margin: bool

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True)
class Layout:
    """What is usual in the document: a line's height and width in points, the leading in line heights."""

    height: float
    width: float
    leading: float

    def is_heading(self, line: Line) -> bool:
        return (
            line.height > HEADING_HEIGHT * self.height
            and len(line.text) <= HEADING_LENGTH
            and any(char.isalpha() for char in line.text)
        )


def read_pdf(data: bytes, scanner: scans.Scanner) -> ParsedDocument:
    """Return the text of a PDF, headings marked with `## `; pages that are pictures are read by tesseract.

    Where that is not installed, such pages stay without text among others that have some.
    """
    from pypdfium2 import PdfiumError

    try:
        pages, title, pictures, warnings = read_pages(data, scanner)
    except PdfiumError as error:
        if error.err_code == PASSWORD_NEEDED:
            raise UnreadableDocument("This PDF needs a password. Save a copy without one.") from error
        raise UnreadableDocument("This PDF is cut off or damaged. Download or print it to PDF again.") from error
    if not any(page.strip() for page in pages):
        raise UnreadableDocument(_why_empty(pictures))
    return paged_document(pages, title, warnings)


def _why_empty(pictures: int) -> str:
    if not pictures:
        return "This PDF has no text, only blank pages. Check that it is the right one."
    if scans.has_tesseract():
        return "No text was found in the pictures of this PDF. Scan it again, sharper and upright."
    return f"This PDF has no text, only images: it {scans.NO_TESSERACT.format('them')}, or upload a copy with text."


def read_pages(data: bytes, scanner: scans.Scanner) -> tuple[list[str], str, int, list[str]]:
    """Return the text of each page, the title in the metadata or "", how many pages are pictures, and warnings.

    Raises `pypdfium2.PdfiumError` for what PDFium cannot open.
    """
    import pypdfium2

    with closing(pypdfium2.PdfDocument(data)) as pdf:
        pages = [_lines(page) for page in pdf]
        title = str(pdf.get_metadata_value("Title"))
        pictured = [number for number, lines in enumerate(pages) if not lines and _is_picture(pdf, number)]
        language = guess_language("\n".join(line.text for lines in pages for line in lines))
        scanned, warnings = _scanned(pdf, pictured, scanner, language)
    layout = _layout(pages)
    pages = _without_running_lines(pages, layout)
    texts = _rejoin_words([_paragraphs(lines, layout) for lines in pages])
    texts = [scanned.get(number, text) for number, text in enumerate(texts)]
    unread = pictured if pictured and not scanned else []
    if empty := [number + 1 for number, text in enumerate(texts) if not text.strip() and number not in unread]:
        warnings.append(remarks.without_text("page", empty))
    return texts, title, len(pictured), warnings


def _is_picture(pdf: Any, number: int) -> bool:
    """Whether something is painted on a page that has no text."""
    from pypdfium2 import raw

    with closing(pdf[number]) as page:
        kinds = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
        return any(True for _ in page.get_objects(filter=kinds))


def _scanned(
    pdf: Any, numbers: list[int], scanner: scans.Scanner, language: str | None
) -> tuple[dict[int, str], list[str]]:
    """Return what tesseract finds on each of the pages with these numbers, from 0, and what is to be said of that.

    `language` is that of the other pages.
    """
    if not numbers:
        return {}, []
    if not scans.has_tesseract():
        return {}, [remarks.unread_pictures([number + 1 for number in numbers])]
    if len(numbers) > scans.MAX_PAGES:
        raise UnreadableDocument(f"This PDF has more than {scans.MAX_PAGES} scanned pages. Split it.")
    texts, expected = {}, scanner.expecting(language)
    for number in numbers:
        with closing(pdf[number]) as page:
            usual = scans.USUAL_DPI / POINTS_PER_INCH
            fitting = math.sqrt(scans.MAX_PIXELS / 2 / max(1.0, page.get_width() * page.get_height()))
            with closing(page.render(scale=min(usual, fitting), grayscale=True)) as bitmap:
                texts[number] = scans.read_page(bitmap.to_pil(), expected.languages)
        scanner.note()
    return texts, expected.remarks("\n".join(texts.values()))


def _lines(page: Any) -> list[Line]:
    """Return the lines of a page in the order of its content."""
    from pypdfium2 import raw

    lines, start = [], 0
    with closing(page), closing(page.get_textpage()) as textpage:
        chars = [chr(raw.FPDFText_GetUnicode(textpage, i)) for i in range(textpage.count_chars())]
        for i, char in enumerate([*chars, "\n"]):
            if char in "\r\n":
                if any(not blank.isspace() for blank in chars[start:i]):
                    lines.append(_line(textpage, chars, start, i, page.get_height()))
                start = i + 1
    return lines


def _line(textpage: Any, chars: list[str], start: int, end: int, page_height: float) -> Line:
    visible = [i for i in range(start, end) if not chars[i].isspace()]
    first, middle, last = (_box(textpage, visible[at]) for at in (0, len(visible) // 2, -1))
    # Of three, so that neither a bullet nor a footnote's sign decides.
    height = statistics.median(box.top - box.bottom for box in (first, middle, last))
    in_cells = any(
        _box(textpage, after).left - _box(textpage, before).right > CELL_GAP * height
        for before, after in pairwise(visible)
        if after > before + 1
    )
    # Letters beyond the basic plane come as two surrogates.
    text = "".join(chars[start:end]).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    in_margin = not MARGIN < last.bottom / page_height < 1 - MARGIN
    return Line(text.strip(), first.left, last.right, last.bottom, height, in_cells, in_margin)


def _box(textpage: Any, index: int) -> Box:
    from pypdfium2 import raw

    rectangle = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, index, rectangle)
    return Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _layout(pages: list[list[Line]]) -> Layout:
    lines = [line for page in pages for line in page]
    heights: Counter[float] = Counter({0.0: 0})
    for line in lines:
        heights[round(line.height, 1)] += len(line.text)
    height = heights.most_common(1)[0][0]
    widths = sorted(line.width for line in lines if round(line.height, 1) == height)
    leadings = sorted(
        (above.bottom - below.bottom) / height
        for page in pages
        for above, below in pairwise(page)
        if height
        and round(above.height, 1) == round(below.height, 1) == height
        and 0.5 < (above.bottom - below.bottom) / height < 4
    )
    return Layout(
        height,
        widths[3 * len(widths) // 4] if widths else 0.0,
        # The lower quartile: the gaps above paragraphs, headings and rows are among them.
        leadings[len(leadings) // 4] if leadings else 1.2,
    )


def _without_running_lines(pages: list[list[Line]], layout: Layout) -> list[list[Line]]:
    """Drop the headers, footers and page numbers that stand in the same place of most pages."""
    if len(pages) < RUNNING_PAGES:
        return pages
    seen = Counter(mark for page in pages for mark in {_mark(line, layout) for line in page})
    running = {mark for mark, count in seen.items() if mark and count >= RUNNING_SHARE * len(pages)}
    return [[line for line in page if _mark(line, layout) not in running] for page in pages]


def _mark(line: Line, layout: Layout) -> tuple[str, int] | None:
    """Return what is the same of a running line on every page: its words without numbers and its place."""
    if not line.in_margin or layout.is_heading(line):
        return None
    return re.sub(r"\d+", "#", line.text), round(line.bottom)


def _paragraphs(lines: list[Line], layout: Layout) -> str:
    parts: list[str] = []
    for i, line in enumerate(lines):
        joint = _joint(lines[i - 1], line, layout) if i else "\n\n"
        parts.append(joint)
        if joint == "\n\n" and layout.is_heading(line):
            parts.append("## ")
        parts.append(line.text)
    return "".join(parts).strip()


def _joint(above: Line, below: Line, layout: Layout) -> str:
    """Return what stands between two lines: a space, a line end or the blank line between two paragraphs."""
    drop = above.bottom - below.bottom
    if layout.is_heading(above) != layout.is_heading(below):
        return "\n\n"
    if drop < below.height / 2:
        beside = below.left > above.left and -drop < ROW_HEIGHT * below.height
        return " " if beside else "\n\n"
    if drop > PARAGRAPH_GAP * layout.leading * below.height:
        return "\n\n"
    if layout.is_heading(below):
        return " "
    ended = above.in_cells or below.in_cells or above.width < FULL_LINE * layout.width
    return "\n" if ended or LIST_ITEM.match(below.text) else " "


def _rejoin_words(pages: list[str]) -> list[str]:
    """Take the hyphens at line ends out, save where the document writes the word with one elsewhere."""
    hyphenated = {word.lower() for page in pages for word in re.findall(r"\b\w{1,40}-\w{1,40}\b", page)}

    def rejoin(match: re.Match[str]) -> str:
        before, after = match.groups()
        keeps = not after[:1].islower() or f"{before}-{after}".lower() in hyphenated
        return f"{before}-{after}" if keeps else before + after

    return [re.sub(rf"(\w{{0,40}}){LINE_BREAK_HYPHEN}\s?(\w{{0,40}})", rejoin, page) for page in pages]
