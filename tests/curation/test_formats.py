"""Office files, books, e-mails and records become text that can be read, found and quoted."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from pptx import Presentation

from admin.curation.documents.chunking import chunk
from admin.curation.documents.ingesting import CHUNK_TARGETS
from admin.curation.formats.loaders import ParsedDocument
from tests.curation import samples
from tests.curation.test_loaders import read, refusal, repacked


def test_a_workbook_is_read_row_by_row(tmp_path: Path) -> None:
    document = read(tmp_path, "a.xlsx", samples.workbook())
    assert document.text == (
        "## Fares 2026\n\nFares of the island ferry\n\n"
        "Route: North, Price: 12.5, Valid from: 2026-04-01, Discount: 25%\n\nRoute: South, Price: 9\n\n"
        "## Names\n\nonly names"
    )
    assert document.page_starts == []
    rows = [piece for piece in chunk(document, target=CHUNK_TARGETS["xlsx"]) if "Route" in piece.text]
    assert [piece.section for piece in rows] == ["Fares 2026"] * len(rows)


def test_a_workbook_with_macros_is_read_like_any_other(tmp_path: Path) -> None:
    macros = repacked(samples.workbook(), {"xl/vbaProject.bin": b"Sub Auto_Open() ... secret macro"})
    document = read(tmp_path, "a.xlsm", macros)
    assert "Route: South, Price: 9" in document.text
    assert "macro" not in document.text


def test_formulas_show_what_they_came_to_or_nothing(tmp_path: Path) -> None:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Item", "Link"])
    book.active.append(["Ticket", '=HYPERLINK("https://evil.example","x")'])
    book.save(file)
    assert read(tmp_path, "a.xlsx", file.getvalue()).text == "## Sheet\n\nItem: Ticket"


def test_each_slide_is_a_page(tmp_path: Path) -> None:
    document = read(tmp_path, "a.pptx", samples.presentation())
    first, second = (
        "## Pets on board\n\n- Dogs on a lead\n  - Small dogs free\n\n"
        "| Pet | Fee |\n| --- | --- |\n| Dog | 4 \\| 5 |\n\nNotes: Ask the crew about cats.",
        "## Passengers\n\n|  | North |\n| --- | --- |\n| January | 10 |\n| February | 20.5 |\n\nInside a group",
    )
    assert document.text == f"{first}\n\n{second}"
    assert document.page_starts == [0, len(first) + 2, len(first) + 2]
    assert [(piece.page, piece.section) for piece in chunk(document)] == [(1, "Pets on board"), (3, "Passengers")]


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    document = read(tmp_path, "a.epub", samples.book())
    assert document.title == "The ferry book"
    assert document.text.strip() == "# One\n\nThe ferry leaves at ten.\n\n# Two\n\nDogs are welcome."


def test_a_book_with_copy_protection(tmp_path: Path) -> None:
    locked = '<encryption><CipherReference URI="OEBPS/one.xhtml"/></encryption>'
    assert "copy-protected" in refusal(tmp_path, "a.epub", samples.book(**{"META-INF/encryption.xml": locked}))
    fonts = '<encryption><CipherReference URI="OEBPS/font.otf"/></encryption>'
    assert read(tmp_path, "a.epub", samples.book(**{"META-INF/encryption.xml": fonts})).title == "The ferry book"


def test_an_e_mail(tmp_path: Path) -> None:
    assert read(tmp_path, "a.eml", samples.MAIL) == ParsedDocument(
        "# Fahrpläne\n\nFrom: Anna Müller <anna@example.org>\nTo: ben@example.org\n"
        "Date: Mon, 2 Mar 2026 10:00:00 +0100\n\nDie Fähre fährt um zehn.\n\nAttachment: plan.pdf (application/pdf)",
        "Fahrpläne",
        warnings=["The attachment plan.pdf (application/pdf) was not read."],
    )


def test_an_e_mail_in_html_only_and_with_broken_headers(tmp_path: Path) -> None:
    mail = (
        b"Subject: =?utf-8?B?not base64!?= =?x-unknown?Q?x?=\nFrom: \xff\xfe <a@b>\n"
        b"Content-Type: text/html; charset=nonsense\n\n<script>x()</script><p>The <b>ferry</b> leaves.</p>"
    )
    document = read(tmp_path, "a.eml", mail)
    assert "The ferry leaves." in document.text
    assert "x()" not in document.text


def test_restructured_text(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    document = read(tmp_path, "a.rst", samples.RST.format(secret=secret))
    assert document.title == "Ferry manual"
    for words in (
        "# Ferry manual\n\n## Boarding\n\nBe early, see the rules and code.",
        ".. py:function:: board(name)\n\n   Takes somebody on board.",
        "| Pet | Fee |\n| --- | --- |\n| Dog | 4 |",
    ):
        assert words in document.text
    assert "s3cret" not in document.text
    assert "alert" not in document.text


def test_json(tmp_path: Path) -> None:
    value = {
        "title": "Pets",
        "open": True,
        "rules": [{"pet": "dog", "fee": 4, "tags": ["a", "b"]}, {"pet": "cat", "where": {"deck": 2}, "fee": None}],
        "office": {"hours": "9-5"},
    }
    document = read(tmp_path, "a.json", json.dumps(value))
    assert document.title == "Pets"
    assert document.text == (
        "title: Pets, open: yes\n\n## rules\n\npet: dog, fee: 4, tags: a, b\n\npet: cat, where.deck: 2\n\n"
        "## office\n\nhours: 9-5"
    )


def test_json_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a.jsonl", '{"q": "Dogs?", "a": "Yes"}\r\n\r\n["x", 1]\n"Only words"\n')
    assert document.text == "q: Dogs?, a: Yes\n\nvalues: x, 1\n\nOnly words"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", '{"a": 1,\n "b" 2}', "Line 2 is not JSON"),
        ("a.json", "[" * 200_000, "nested too deeply"),
        ("a.json", "9" * 5000, "too long to be read"),
        ("a.jsonl", '{"a": 1}\n{"a": ', "Line 2 is not JSON"),
        ("a.jsonl", "[" * 200_000, "Line 1 is not JSON"),
        ("a.eml", "Just some words.", "not an e-mail"),
        ("a.epub", samples.book(**{"OEBPS/content.opf": "<package>"}), "This book is cut off or damaged"),
        ("a.epub", samples.book(**{"META-INF/container.xml": "<a/>"}), "This book is cut off or damaged"),
        ("a.epub", samples.book(**{"OEBPS/content.opf": f"<!DOCTYPE x>{samples.OPF}"}), "declares XML entities"),
        ("a.xlsx", samples.presentation(), "seems to be a PowerPoint presentation"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(99), "save it in the new format"),
        ("a.png", "<svg xmlns='http://www.w3.org/2000/svg'/>", "seems to be text"),
        ("a.txt", samples.picture(samples.scan("x"), "TIFF"), "seems to be a TIFF image"),
    ],
)
def test_refusals(tmp_path: Path, name: str, content: bytes | str, reason: str) -> None:
    assert reason in refusal(tmp_path, name, content)


LAUGHS = (
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {new} '{f'&{old};' * 100}'>" for old, new in zip("abcde", "bcdef", strict=True))
    + "]><x>&f;</x>"
)


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.xlsx", samples.workbook(), "xl/workbook.xml"),
        ("a.xlsx", samples.workbook(), "xl/worksheets/sheet1.xml"),
        ("a.pptx", samples.presentation(), "ppt/slides/slide1.xml"),
        ("a.pptx", samples.presentation(), "[Content_Types].xml"),
    ],
)
def test_office_files_that_are_not_what_they_should_be(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    assert "declares XML entities" in refusal(tmp_path, name, repacked(content, {part: LAUGHS.encode()}))
    assert "is cut off or damaged" in refusal(tmp_path, name, repacked(content, {part: b"<a>" * 1000}))
    assert "unpacks to 60" in refusal(tmp_path, name, repacked(content, {"x/zeroes.xml": bytes(60_000_000)}))
    half = content[: len(content) // 2]
    assert "cut-off or damaged" in refusal(tmp_path, name, half)


def test_a_sheet_with_too_many_columns_and_one_that_ends_far_away(tmp_path: Path) -> None:
    wide, far = openpyxl.Workbook(), openpyxl.Workbook()
    wide.active.append(list(range(1001)))
    far.active.append(["Route", "Price"])
    far.active.append(["North", 4])
    far.active["XFD1048576"] = "far away"
    files = []
    for book in (wide, far):
        file = io.BytesIO()
        book.save(file)
        files.append(file.getvalue())
    assert "more than 1000 columns" in refusal(tmp_path, "a.xlsx", files[0])
    assert "more than 1000 columns" in refusal(tmp_path, "a.xlsx", files[1])


def test_hidden_sheets_and_slides_are_named(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(samples.workbook()))
    for name in ("Costs", "Old"):
        sheet = book.create_sheet(name)
        sheet.append(["secret"])
        sheet.sheet_state = "hidden" if name == "Costs" else "veryHidden"
    file = io.BytesIO()
    book.save(file)
    assert read(tmp_path, "a.xlsx", file.getvalue()).warnings[-1].endswith("“Costs” and “Old” were left out.")
    deck = Presentation()
    for _ in range(4):
        deck.slides.add_slide(deck.slide_layouts[5])
    deck.slides[0].shapes.title.text = "Ferries"
    deck.slides[1]._element.set("show", "0")
    file = io.BytesIO()
    deck.save(file)
    assert read(tmp_path, "a.pptx", file.getvalue()).warnings == [
        "The hidden slide 2 was left out.",
        "Slides 3–4 hold no text.",
    ]
