"""Pictures of text, with the real tesseract where it is installed, and in words where it is not."""

import io
import shutil
from pathlib import Path

import psutil
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from admin.curation.formats import scans
from admin.curation.formats.loaders import load
from admin.curation.formats.parser import Parser
from tests.curation import samples
from tests.curation.test_loaders import read, refusal

LINES = ("Every employee has twenty-eight days of annual", "leave, unless the manager agrees to a post-", "ponement.")
SENTENCE = "Every employee has twenty-eight days of annual leave, unless the manager agrees to a postponement."

needs_tesseract = pytest.mark.skipif(not scans.has_tesseract(), reason="tesseract is not installed")


def mixed_pdf() -> bytes:
    """A page of text, a scanned one, a blank one."""
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawString(72, 700, "A page with a text layer about boats.")
    canvas.showPage()
    canvas.drawImage(ImageReader(samples.scan(*LINES)), 0, 0, 595, 842)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def scanned_pdf() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawImage(ImageReader(samples.scan(*LINES)), 0, 0, 595, 842)
    canvas.save()
    return file.getvalue()


@needs_tesseract
def test_a_picture(tmp_path: Path) -> None:
    clear = samples.scan(*LINES)
    clear.putalpha(clear.convert("L").point(lambda dot: 255 - dot))
    assert read(tmp_path, "a.png", samples.picture(clear)).text == SENTENCE
    sideways = samples.scan(*LINES).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    assert read(tmp_path, "a.jpg", samples.picture(sideways, "JPEG", exif=exif)).text == SENTENCE


@needs_tesseract
def test_each_frame_is_a_page(tmp_path: Path) -> None:
    second = samples.scan("The second page speaks of cats.")
    data = samples.picture(samples.scan(*LINES), "TIFF", save_all=True, append_images=[second])
    document = read(tmp_path, "a.tiff", data)
    assert document.text == f"{SENTENCE}\n\nThe second page speaks of cats."
    assert document.page_starts == [0, len(SENTENCE) + 2]


@needs_tesseract
def test_scanned_pages_among_others_in_the_limited_child(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(mixed_pdf())
    with Parser() as parser:
        document = parser.parse(path, "pdf")
    assert document.text == f"A page with a text layer about boats.\n\n{SENTENCE}"
    assert document.page_starts == [0, 39, len(document.text)]


@needs_tesseract
def test_each_page_shows_that_work_goes_on(tmp_path: Path) -> None:
    path, signs = tmp_path / "a.pdf", []
    path.write_bytes(mixed_pdf())
    load(path, "pdf", lambda: signs.append("page"))
    assert signs == ["page"]


@needs_tesseract
def test_a_page_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "tesseract"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 4711\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")
    path = tmp_path / "a.png"
    path.write_bytes(samples.picture(samples.scan("x")))
    with Parser(seconds=2) as parser, pytest.raises(scans.UnreadableDocument, match="longer than 2 seconds"):
        parser.parse(path, "image")
    alive = (each for each in psutil.process_iter(["cmdline", "status"]) if each.info["status"] != psutil.STATUS_ZOMBIE)
    left = [each for each in alive if "4711" in (each.info["cmdline"] or [])]
    assert left == [], "what the child had started outlived it"


def test_without_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    picture = refusal(tmp_path, "a.png", samples.picture(samples.scan("x")))
    assert picture == (
        "This picture needs tesseract to read the text in it. "
        "Install it (apt-get install tesseract-ocr), then try again."
    )
    assert "has no text, only images: it needs tesseract" in refusal(tmp_path, "a.pdf", scanned_pdf())
    mixed = read(tmp_path, "b.pdf", mixed_pdf())
    assert mixed.text == "A page with a text layer about boats."
    assert mixed.page_starts == [0, len(mixed.text), len(mixed.text)]


@needs_tesseract
def test_pictures_without_text_and_damaged_ones(tmp_path: Path) -> None:
    good = samples.picture(samples.scan("x"))
    assert "No text was found" in refusal(tmp_path, "a.png", samples.picture(samples.scan()))
    assert "cut off or damaged" in refusal(tmp_path, "a.png", good[: len(good) // 2])
    assert "cut off or damaged" in refusal(tmp_path, "a.png", b"\x89PNG\r\n\x1a\n" + bytes(99))
    bomb = samples.picture_bomb()
    assert len(bomb) < 100_000
    assert "damaged" in refusal(tmp_path, "a.png", bomb) or "million dots" in refusal(tmp_path, "a.png", bomb)
    large = samples.picture(Image.new("1", (10_000, 8_000)))
    assert "has 80 million dots; the limit is 60. Save it smaller." in refusal(tmp_path, "a.png", large)


def test_a_blank_pdf_is_not_told_to_be_scanned(tmp_path: Path) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.showPage()
    canvas.save()
    assert "only blank pages" in refusal(tmp_path, "a.pdf", file.getvalue())


@needs_tesseract
def test_what_was_not_found_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "a.pdf", mixed_pdf()).warnings == ["Page 3 holds no text."]
    frames = samples.picture(samples.scan(*LINES), "TIFF", save_all=True, append_images=[samples.scan()] * 3)
    assert read(tmp_path, "a.tiff", frames).warnings == ["Pages 2–4 hold no text."]


def test_pages_that_nothing_here_can_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    unread, empty = read(tmp_path, "a.pdf", mixed_pdf()).warnings
    assert unread.startswith("Page 2 is a picture and was not read: tesseract is not installed.")
    assert empty == "Page 3 holds no text."


@needs_tesseract
def test_a_language_that_is_not_installed_is_said_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(samples.picture(samples.scan(*LINES)))
    with Parser(ocr_languages=("eng", "deu_frak")) as parser:
        document = parser.parse(path, "image")
    assert document.text == SENTENCE
    (said,) = document.warnings
    assert "read as eng, and not as deu_frak" in said
    assert "tesseract-ocr-deu-frak" in said


def listing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(scans, "installed_languages", lambda: [*names])


def test_pictures_are_read_in_the_language_of_the_pages_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    listing(monkeypatch, "deu", "eng", "fra", "ita")
    assert scans.Scanner().expecting("de") == scans.Expected(["deu"], [])
    assert scans.Scanner(languages=["ita", "eng"]).expecting("de") == scans.Expected(["ita", "eng"], [])
    assert scans.Scanner().expecting(None) == scans.Expected(["eng"], [])
    assert scans.Scanner().expecting("es") == scans.Expected(["eng"], ["spa"])


def test_a_text_that_seems_to_be_of_another_language_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    listing(monkeypatch, "eng")
    german = "Der Hafen ist am Abend geschlossen und die Schranke wird von dem Wachmann nicht mehr auf gemacht. " * 4
    (said,) = scans.Scanner().expecting(None).remarks(german)
    assert "tesseract-ocr-deu" in said
    assert scans.Scanner().expecting(None).remarks(SENTENCE * 3) == []
