import io
import zipfile
from pathlib import Path

import docx
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from admin.curation.formats import loaders, parsed
from admin.curation.formats.loaders import KINDS, ParsedDocument, UnreadableDocument, kind_of, load

PROSE = "Every employee has twenty-eight days of annual leave, and unused days expire in March. "


def read(folder: Path, name: str, content: bytes | str) -> ParsedDocument:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(path, kind_of(name))


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        read(folder, name, content)
    return str(caught.value)


def pdf_of(pages: list[list[str]], **options: object) -> bytes:
    """A page a list; its first entry is a heading, the others are lines; each has a footer."""
    file = io.BytesIO()
    canvas = Canvas(file, **options)
    for number, (heading, *lines) in enumerate(pages, 1):
        canvas.setFont("Helvetica", 18)
        canvas.drawString(72, 720, heading)
        canvas.setFont("Helvetica", 11)
        for i, line in enumerate(lines):
            canvas.drawString(72, 680 - 14 * i, line)
        canvas.drawString(72, 30, f"Staff handbook, page {number} of {len(pages)}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def docx_of(document: "docx.document.Document") -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The same archive with some of its parts replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return file.getvalue()


@pytest.fixture
def handbook() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Staff handbook"
    document.add_heading("Annual leave", 1)
    document.add_paragraph(PROSE)
    document.add_paragraph("").add_run("Bold words").bold = True
    document.add_paragraph("first item", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), "ABCD", strict=True):
        cell.text = text
    return docx_of(document)


def test_markdown_is_kept(tmp_path: Path) -> None:
    text = f"```\n# no heading\n```\n\n# Annual *leave* #\n\n{PROSE.strip()}\n\n| a | b |\n|---|---|"
    document = read(tmp_path, "a.md", text.replace("\n", "\r\n"))
    assert document == ParsedDocument(text, "Annual leave", [], "en")


def test_text_has_no_title(tmp_path: Path) -> None:
    document = read(tmp_path, "a.txt", f"# Title\n\n{PROSE}".encode("utf-16"))
    assert document.text == f"# Title\n\n{PROSE.strip()}"
    assert document.title is None


def test_a_stray_nul_does_not_make_a_text_binary(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", PROSE.replace("days", "da\0ys", 1)).text == PROSE.strip()


HTML = """<!DOCTYPE html><html><head><title> Leave &amp; pay </title><style>p {}</style></head><body>
<nav>Home | About</nav><script>alert(1)</script><iframe src="x">frame</iframe>
<h1>Annual leave</h1><p>You have <b>28 days</b>, see <a href="https://example.com/x">the rules</a> of snake_case.</p>
<p hidden>secret one</p><div style="color: red; DISPLAY: none">secret two</div>
<img src="https://example.com/p.png" alt="A beach"><img src="q.png">
<ul><li>one<li>two</ul>
<table><tr><th>Name</th><th>Days</th></tr><tr><td>Anna</td><td>28</td></tr></table></body></html>"""


def test_html_becomes_markdown(tmp_path: Path) -> None:
    document = read(tmp_path, "a.html", HTML)
    assert document.title == "Leave & pay"
    assert document.text.lstrip().startswith("# Annual leave")
    assert "You have 28 days, see the rules of snake_case." in document.text
    assert "A beach" in document.text
    assert "- one" in document.text
    assert "| Name | Days |\n| --- | --- |\n| Anna | 28 |" in document.text
    for gone in ("secret", "alert", "frame", "Home", "example.com", "p {}", "Leave & pay"):
        assert gone not in document.text


def test_html_title_falls_back_to_the_first_heading(tmp_path: Path) -> None:
    page = "<?xml version='1.0'?><meta charset='iso-8859-1'><h1 hidden>x</h1><h1>Größe</h1><p>Maß</p>"
    document = read(tmp_path, "a.htm", page.encode("iso-8859-1"))
    assert document.title == "Größe"
    assert document.text.strip() == "# Größe\n\nMaß"


def test_docx_becomes_markdown(tmp_path: Path, handbook: bytes) -> None:
    document = read(tmp_path, "a.docx", handbook)
    assert document.title == "Staff handbook"
    assert document.text.startswith(f"# Annual leave\n\n{PROSE.strip()}\n\nBold words\n\n- first item\n\n")
    assert "| A | B |" in document.text
    assert "| C | D |" in document.text


def test_docx_title_falls_back_to_the_title_paragraph(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("The handbook", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Text.")
    parsed = read(tmp_path, "a.docx", docx_of(document))
    assert parsed.title == "The handbook"
    assert parsed.text == "# The handbook\n\n# Leave\n\nText."


def test_docx_pictures_leave_their_description(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "png")
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_picture(picture)._inline.docPr.set("descr", "A beach")
    assert read(tmp_path, "a.docx", docx_of(document)).text == "Before.\n\nA beach"


def test_csv_rows_can_be_read_alone(tmp_path: Path) -> None:
    table = 'Name,Days, Note \r\n\r\nAnna,28,"two\nlines, one ""cell"""\r\nBen,,\r\n,,\r\nCem,30,x,extra\r\n'
    document = read(tmp_path, "a.csv", table)
    assert document.text == (
        'Name: Anna, Days: 28, Note: two lines, one "cell"\n\nName: Ben\n\n'
        "Name: Cem, Days: 30, Note: x, Column 4: extra"
    )
    assert document.title is None


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")])
def test_delimiters(tmp_path: Path, name: str, sign: str) -> None:
    assert read(tmp_path, name, f"A{sign}B{sign}C, c\n1{sign}2{sign}3").text == "A: 1, B: 2, C, c: 3"


def test_kinds() -> None:
    assert kind_of("A.PDF") == "pdf"
    assert kind_of("b.markdown") == "markdown"
    assert kind_of("budget.XLSM") == "xlsx"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("notes", "ending in nothing cannot be read. Save it as one of: .pdf, .docx,"),
        ("game.exe", "ending in .exe cannot be read. Save it as one of"),
        ("old.xls", "Open it in Excel and save it as .xlsx."),
        ("letter.odt", "Save it as .docx."),
        ("all.tar.gz", "Unpack it"),
    ],
)
def test_kinds_that_cannot_be_read_say_what_to_do(name: str, cure: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        kind_of(name)
    assert cure in str(caught.value)


@pytest.mark.parametrize("suffix", KINDS)
def test_empty_and_blank_files(tmp_path: Path, suffix: str) -> None:
    assert "is empty" in refusal(tmp_path, f"a{suffix}", b"")
    if KINDS[suffix] not in loaders.SEEN_AS:
        assert "no text, only blanks" in refusal(tmp_path, f"a{suffix}", " \n\n\u3000\n")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="cannot be opened: No such file"):
        load(tmp_path / "gone.txt", "text")


def test_file_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(134_000_000)
    with pytest.raises(UnreadableDocument, match=r"is 134 MB; the limit is 100 MB\. Split it\."):
        load(path, "text")


def test_too_much_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed, "MAX_CHARS", 1000)
    assert "million characters" in refusal(tmp_path, "a.txt", "x" * 1001)
    # One sign that normalising makes eighteen of.
    assert "million characters" in refusal(tmp_path, "a.txt", "\ufdfa" * 100)


def test_files_under_a_wrong_name(tmp_path: Path, handbook: bytes) -> None:
    pdf = pdf_of([["Heading", "Text."]])
    archive = repacked(b"PK\x05\x06" + bytes(18), {"x.txt": b"x"})
    sheet = repacked(archive, {"xl/workbook.xml": b"x"})
    for name, content, seems in [
        ("a.docx", pdf, "a PDF"),
        ("a.pdf", archive, "a zip archive"),
        ("a.docx", sheet, "an Excel workbook"),
        ("a.csv", handbook, "a Word document"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(99), "old or password-protected Office document"),
        ("a.txt", bytes(range(256)) * 9, "binary data"),
        ("a.md", b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        ("a.pdf", "<!DOCTYPE html><html>Not found</html>", "a web page"),
        ("a.docx", "Plain words.", "text"),
    ]:
        assert f"seems to be {seems}" in refusal(tmp_path, name, content).replace("an old", "old")


def test_pdf_with_a_password(tmp_path: Path) -> None:
    locked = pdf_of([["Heading", "Text."]], encrypt=StandardEncryption("secret"))
    assert "needs a password" in refusal(tmp_path, "a.pdf", locked)


def test_damaged_files(tmp_path: Path, handbook: bytes) -> None:
    assert "cut off or damaged" in refusal(tmp_path, "a.pdf", b"%PDF-1.7\n" + b"x" * 2000)
    assert "cut off or damaged" in refusal(tmp_path, "a.pdf", pdf_of([["Heading", "Text."]])[:300])
    assert "cut-off or damaged" in refusal(tmp_path, "a.docx", handbook[: len(handbook) // 2])
    for broken in (b"<w:document", b"<a>" * 100_000):
        part = repacked(handbook, {"word/document.xml": broken})
        assert "cut off or damaged" in refusal(tmp_path, "a.docx", part)


def test_docx_bombs(tmp_path: Path, handbook: bytes) -> None:
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(handbook)).infolist())
    ratio = repacked(handbook, {"word/big.xml": bytes(60_000_000 - unpacked)})
    assert "unpacks to 60 MB" in refusal(tmp_path, "a.docx", ratio)
    total = repacked(handbook, {"word/big.xml": bytes(210_000_000 - unpacked)})
    assert "unpacks to 210 MB" in refusal(tmp_path, "a.docx", total)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_docx_entities_are_refused(tmp_path: Path, handbook: bytes, encoding: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    part = (
        f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE x [<!ENTITY e SYSTEM '{secret.as_uri()}'>]>"
        "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>"
        "<w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body></w:document>"
    )
    data = repacked(handbook, {"word/document.xml": part.encode(encoding)})
    assert "declares XML entities" in refusal(tmp_path, "a.docx", data)


def test_csv_errors(tmp_path: Path) -> None:
    wide = ",".join(f"c{n}" for n in range(1001))
    assert "more than 1000 columns" in refusal(tmp_path, "a.csv", f"{wide}\n{wide}")
    assert "column names but no rows" in refusal(tmp_path, "a.csv", "Name,Days\n")
    assert "quotation mark that is not closed" in refusal(tmp_path, "a.csv", 'A,B\n1,"' + "x\n" * 100_000)


def test_html_nested_too_deeply(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(tmp_path, "a.html", "<div>" * 20_000 + "x")
