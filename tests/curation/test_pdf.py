"""From the glyphs of a PDF to pages, paragraphs and headings."""

import io
from pathlib import Path

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from admin.curation.documents.chunking import chunk
from admin.curation.formats.parser import Parser
from tests.curation.test_loaders import PROSE, pdf_of, read


def test_pdf_pages_paragraphs_and_headings(tmp_path: Path) -> None:
    pages = [
        ["Annual leave", "Every employee has the right to twenty-eight days of annual leave a", "year, paid.",
         "", "A second paragraph that begins below a gap in the page, of the depart-", "ment."],
        ["Pay", "Wages are paid on the twenty-fifth of each month into the account given."],
        ["Sickness", "Call before nine o'clock on the first day, and send the note within three."],
    ]  # fmt: skip
    document = read(tmp_path, "a.pdf", pdf_of(pages))
    assert document.text == (
        "## Annual leave\n\nEvery employee has the right to twenty-eight days of annual leave a year, paid.\n\n"
        "A second paragraph that begins below a gap in the page, of the department.\n\n"
        "## Pay\n\nWages are paid on the twenty-fifth of each month into the account given.\n\n"
        "## Sickness\n\nCall before nine o'clock on the first day, and send the note within three."
    )
    assert document.page_starts == [document.text.index(f"## {heading}") for heading, *_ in pages]
    assert document.title is None
    assert [(piece.page, piece.section) for piece in chunk(document)] == [
        (1, "Annual leave"),
        (2, "Pay"),
        (3, "Sickness"),
    ]


def test_pdf_blank_pages_count(tmp_path: Path) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    for words in ("", "One two three.", "", "Four five six.", ""):
        canvas.drawString(72, 700, words)
        canvas.showPage()
    canvas.save()
    document = read(tmp_path, "a.pdf", file.getvalue())
    assert document.text == "One two three.\n\nFour five six."
    assert document.page_starts == [0, 0, 16, 16, len(document.text)]


def test_pdf_title_and_flowing_text(tmp_path: Path) -> None:
    file, styles = io.BytesIO(), getSampleStyleSheet()
    story = [Paragraph("Leave", styles["Heading1"]), Paragraph(PROSE * 9, styles["Normal"]), PageBreak()]
    SimpleDocTemplate(file, title="Staff handbook").build(story * 3)
    document = read(tmp_path, "a.pdf", file.getvalue())
    assert document.title == "Staff handbook"
    assert document.text.split("\n\n") == ["## Leave", (PROSE * 9).strip()] * 3


@pytest.mark.parametrize("title", ["report_final.docx", "Microsoft Word - x", "untitled", "  "])
def test_made_up_pdf_titles_do_not_count(tmp_path: Path, title: str) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.setTitle(title)
    canvas.drawString(72, 700, "Words.")
    canvas.save()
    assert read(tmp_path, "a.pdf", file.getvalue()).title is None


def pdf_of_objects(count: int, *, with_table: bool) -> bytes:
    """A page of text among so many objects; without their table, a reader has to look for each."""
    text = b"BT /F1 12 Tf 72 700 Td (The gate closes at ten.) Tj ET"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    content = b"<</Length %d>>stream\n%s\nendstream" % (len(text), text)
    first = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content]
    first.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    parts, places, place = [b"%PDF-1.4\n"], [b"0000000000 65535 f \n"], 9
    for number in range(1, count + 1):
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, first[number - 1] if number <= len(first) else b"null"))
        places.append(b"%010d 00000 n \n" % place)
        place += len(parts[-1])
    table = [b"xref\n0 %d\n" % (count + 1), *places] if with_table else []
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count + 1, place)
    return b"".join([*parts, *table, end])


@pytest.mark.parametrize("with_table", [True, False], ids=["table", "no table"])
def test_a_million_objects_are_read_within_the_limits(parser: Parser, tmp_path: Path, with_table: bool) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_of_objects(1_000_000, with_table=with_table))
    assert parser.parse(tmp_path / "a.pdf", "pdf").text == "The gate closes at ten."
