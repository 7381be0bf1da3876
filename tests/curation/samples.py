"""Files of every format, made by the libraries that people's programs stand for."""

import datetime
import io
import struct
import zipfile
import zlib

import openpyxl
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>The ferry book</dc:title></metadata><manifest>"
    '<item id="b" href="two%20pets.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="c" href="cover.png" media-type="image/png"/>'
    '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>'
)
MAIL = (
    b"From: =?utf-8?B?QW5uYSBNw7xsbGVy?= <anna@example.org>\r\nTo: ben@example.org\r\n"
    b"Subject: =?utf-8?Q?Fahrpl=C3=A4ne?=\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Die F=E4hre f=E4hrt um zehn.\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>in HTML</p>\r\n--c--\r\n--b\r\n"
    b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="plan.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
)
RST = """
============
Ferry manual
============

Boarding
========

Be *early*, see :ref:`the rules <rules>` and ``code``.

.. py:function:: board(name)

   Takes somebody on board.

+-----+-----+
| Pet | Fee |
+=====+=====+
| Dog | 4   |
+-----+-----+

.. include:: {secret}
.. csv-table::
   :file: {secret}
.. raw:: html

   <script>alert(1)</script>
"""


def zip_of(parts: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    fares = book.active
    fares.title = "Fares 2026"
    for row in (
        ["Fares of the island ferry"],
        [],
        ["Route", "Price", "Valid from", "Discount"],
        ["North", 12.5, datetime.date(2026, 4, 1), 0.25],
        ["South", 9, None, None],
    ):
        fares.append(row)
    fares["D4"].number_format = "0%"
    hidden = book.create_sheet("Hidden")
    hidden.append(["secret", "number"])
    hidden.append(["code", 4711])
    hidden.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.create_sheet("Names").append(["only", "names"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def presentation() -> bytes:
    deck = Presentation()
    pets = deck.slides.add_slide(deck.slide_layouts[1])
    pets.shapes.title.text = "Pets on board"
    points = pets.placeholders[1].text_frame
    points.text = "Dogs on a lead"
    point = points.add_paragraph()
    point.text, point.level = "Small dogs free", 1
    pets.notes_slide.notes_text_frame.text = "Ask the crew about cats."
    table = pets.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("Pet", "Fee", "Dog", "4 | 5"), strict=True
    ):
        cell.text = text
    secret = deck.slides.add_slide(deck.slide_layouts[5])
    secret.shapes.title.text = "Secret"
    secret._element.set("show", "0")
    numbers = deck.slides.add_slide(deck.slide_layouts[5])
    numbers.shapes.title.text = "Passengers"
    data = CategoryChartData()
    data.categories = ["January", "February"]
    data.add_series("North", (10, 20.5))
    place = (Inches(1), Inches(2), Inches(4), Inches(3))
    numbers.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    group = numbers.shapes.add_group_shape()
    group.shapes.add_textbox(*place).text_frame.text = "Inside a group"
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def book(**parts: str) -> bytes:
    """A book of two chapters, out of order in the archive; `parts` replace some of its own."""
    pages = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": OPF,
        "OEBPS/two pets.xhtml": "<html><body><h1>Two</h1><p>Dogs are welcome.</p></body></html>",
        "OEBPS/one.xhtml": (
            '<?xml version="1.0"?><!DOCTYPE html><html><head><title>x</title></head>'
            "<body><h1>One</h1><p>The ferry leaves at ten.</p></body></html>"
        ),
    }
    return zip_of({**pages, **parts})


def scan(*lines: str) -> Image.Image:
    """An A4 page at 200 dots an inch."""
    page = Image.new("RGB", (1654, 2339), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(40)
    for number, line in enumerate(lines):
        pen.text((150, 200 + 60 * number), line, fill="black", font=font)
    return page


def picture(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture_bomb() -> bytes:
    """A PNG of a few kilobytes that says it has 40 000 × 40 000 dots."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(100_000))) + part(b"IEND", b"")
    )
