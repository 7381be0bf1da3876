"""Pictures of text, read by tesseract where it is installed: scanned pages, photographs, screenshots."""

import io
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from admin.curation.formats import remarks
from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, paged_document
from admin.curation.formats.text import guess_language

TESSERACT = "tesseract"
PAGE_SECONDS = 90
PAGE_PROCESSOR_SECONDS = 180
MAX_PIXELS = 60_000_000
"""More than an A3 page at 400 dots an inch."""
MAX_PAGES = 1000
USUAL_DPI = 300
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
MOST_LANGUAGES = 3
FULL_LINE = 0.7  # of the longest line: a shorter one was ended on purpose
NO_TESSERACT = "needs tesseract to read {}. Install it (apt-get install tesseract-ocr), then try again"

TESSERACT_NAMES = {"de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "nl": "nld", "pt": "por"}
"""What tesseract calls the languages that a text is told to be in."""

Note = Callable[[], None]
"""Called after each page, to say that work goes on."""


@dataclass(frozen=True)
class Scanner:
    """How pictures are to be read: in `languages`, as tesseract names them, where somebody said which."""

    note: Note = lambda: None
    languages: Sequence[str] = ()

    def expecting(self, language: str | None) -> "Expected":
        """The languages for pictures in a document whose other pages are in `language`, if that is known."""
        guessed = TESSERACT_NAMES.get(language or "")
        wanted = self.languages or ([guessed] if guessed else [])
        known = installed_languages()
        usual = known if 0 < len(known) <= MOST_LANGUAGES else ["eng"]
        missing = [name for name in wanted if name not in known]
        return Expected([name for name in wanted if name in known] or usual, missing)


@dataclass(frozen=True)
class Expected:
    """The languages that pictures are read in, as tesseract names them, and those wanted that are not installed."""

    languages: Sequence[str]
    missing: Sequence[str]

    def remarks(self, said: str) -> list[str]:
        """What is to be said of pictures that were read so and say `said`."""
        seems = TESSERACT_NAMES.get(guess_language(said) or "")
        lacking = [*self.missing, *([seems] if seems and seems not in (*self.languages, *self.missing) else [])]
        if not lacking:
            return []
        packages = " ".join(map(package_of, lacking))
        return [
            f"The pictures were read as {'+'.join(self.languages)}, and not as {'+'.join(lacking)}: have it installed "
            f"(apt-get install {packages}) and in APPRENTICE_OCR_LANGUAGES, then read the document again."
        ]


def has_tesseract() -> bool:
    """Whether pictures can be read here."""
    return shutil.which(TESSERACT) is not None


def read_image(data: bytes, scanner: Scanner) -> ParsedDocument:
    """Return the text in a picture, a page for each of its frames. Raises `UnreadableDocument`."""
    from PIL import Image, ImageSequence, UnidentifiedImageError

    if not has_tesseract():
        raise UnreadableDocument(f"This picture {NO_TESSERACT.format('the text in it')}.")
    expected = scanner.expecting(None)
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            pages: list[str] = []
            for frame in ImageSequence.Iterator(image):
                _refuse_size(frame.size, len(pages))
                pages.append(read_page(frame, expected.languages))
                scanner.note()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableDocument("This picture is cut off or damaged. Save it again as PNG or JPEG.") from error
    if not any(page.strip() for page in pages):
        raise UnreadableDocument("No text was found in this picture. Try a sharper one, upright and well lit.")
    empty = [number for number, page in enumerate(pages, 1) if not page.strip()]
    without = [remarks.without_text("page", empty)] if empty else []
    return paged_document(pages, None, [*without, *expected.remarks("\n".join(pages))])


def read_page(image: Any, languages: Sequence[str]) -> str:
    """Return the paragraphs that tesseract finds on a page, in these languages; `image` is Pillow's."""
    picture = io.BytesIO()
    _grey(image).save(picture, "PPM")
    try:
        done = subprocess.run(
            [shutil.which(TESSERACT) or TESSERACT, "-", "-", "-l", "+".join(languages), "--dpi", str(USUAL_DPI)],
            input=picture.getvalue(),
            capture_output=True,
            check=False,
            timeout=PAGE_SECONDS,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its threads wait for each other more than they work
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableDocument(
            f"Reading one page takes longer than {PAGE_SECONDS} seconds. Scan it at {USUAL_DPI} dots an inch."
        ) from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise UnreadableDocument(f"tesseract could not read it: {reason[0]}")
    return _paragraphs(done.stdout.decode(errors="replace"))


def _grey(image: Any) -> Any:
    """Return the picture as it is meant to be looked at: upright, and on white where it is transparent."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("L")


def installed_languages() -> list[str]:
    """Return the languages that tesseract has here, as it names them."""
    command = [shutil.which(TESSERACT) or TESSERACT, "--list-langs"]
    listed = subprocess.run(command, capture_output=True, check=False, text=True, timeout=PAGE_SECONDS)
    return [name for name in listed.stdout.splitlines()[1:] if name not in ("osd", "equ", "snum")]


def package_of(language: str) -> str:
    """Return what Debian calls the package with a language of tesseract's."""
    return f"tesseract-ocr-{language.replace('_', '-').lower()}"


def _limit() -> None:
    """Let a page that goes on for ever end, even where nobody is left to stop it."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (PAGE_PROCESSOR_SECONDS, PAGE_PROCESSOR_SECONDS))


def _refuse_size(size: tuple[int, int], pages: int) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise UnreadableDocument(
            f"This picture has {size[0] * size[1] / 1e6:.0f} million dots; the limit is {MAX_PIXELS // 1_000_000}. "
            "Save it smaller."
        )
    if pages >= MAX_PAGES:
        raise UnreadableDocument(f"This file has more than {MAX_PAGES} pages of pictures. Split it.")


def _paragraphs(text: str) -> str:
    blocks = (block.strip().splitlines() for block in text.replace("\f", "").split("\n\n"))
    return "\n\n".join(_joined([line.strip() for line in block]) for block in blocks if block)


def _joined(lines: list[str]) -> str:
    """Return a block with its lines joined: a word that was divided is one again, and a short line stays ended."""
    full = FULL_LINE * max(map(len, lines))
    text = lines[0]
    for above, below in pairwise(lines):
        if above.endswith("-") and below[:1].islower():
            text = text[:-1] + below
        else:
            text += (" " if len(above) >= full else "\n") + below
    return text
