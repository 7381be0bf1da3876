"""Pictures of text, read by tesseract where it is installed: scanned pages, photographs, screenshots."""

import io
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from admin.curation.parsed import ParsedDocument, UnreadableDocument, paged_document

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

Note = Callable[[], None]
"""Called after each page, to say that work goes on."""


def has_tesseract() -> bool:
    """Whether pictures can be read here."""
    return shutil.which(TESSERACT) is not None


def read_image(data: bytes, note: Note) -> ParsedDocument:
    """Return the text in a picture, a page for each of its frames. Raises `UnreadableDocument`."""
    from PIL import Image, ImageSequence, UnidentifiedImageError

    if not has_tesseract():
        raise UnreadableDocument(f"This picture {NO_TESSERACT.format('the text in it')}.")
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            pages: list[str] = []
            for frame in ImageSequence.Iterator(image):
                _refuse_size(frame.size, len(pages))
                pages.append(read_page(frame))
                note()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableDocument("This picture is cut off or damaged. Save it again as PNG or JPEG.") from error
    if not any(page.strip() for page in pages):
        raise UnreadableDocument("No text was found in this picture. Try a sharper one, upright and well lit.")
    return paged_document(pages)


def read_page(image: Any) -> str:
    """Return the paragraphs that tesseract finds on a page; `image` is Pillow's."""
    picture = io.BytesIO()
    _grey(image).save(picture, "PPM")
    try:
        done = subprocess.run(
            [shutil.which(TESSERACT) or TESSERACT, "-", "-", "-l", "+".join(_languages()), "--dpi", str(USUAL_DPI)],
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


def _languages() -> list[str]:
    """Return what tesseract is to expect: every language that is installed, or English where they are many."""
    command = [shutil.which(TESSERACT) or TESSERACT, "--list-langs"]
    listed = subprocess.run(command, capture_output=True, check=False, text=True, timeout=PAGE_SECONDS)
    known = [name for name in listed.stdout.splitlines()[1:] if name not in ("osd", "equ", "snum")]
    return known if 0 < len(known) <= MOST_LANGUAGES else ["eng"]


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
