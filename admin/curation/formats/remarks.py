"""What is said of a document that could be read, but not all of it. A document's page and the list show it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise


def unread_pictures(pages: Sequence[int]) -> str:
    """Of pages (from 1) that are pictures, where nothing is installed that reads them."""
    are, were = ("is a picture", "was") if len(pages) == 1 else ("are pictures", "were")
    return (
        f"{numbered('page', pages)} {are} and {were} not read: tesseract is not installed. "
        "Install it (apt-get install tesseract-ocr), then have the document read again."
    )


def without_text(what: str, numbers: Sequence[int]) -> str:
    """Of pages or slides, by their numbers from 1."""
    return f"{numbered(what, numbers)} {'holds' if len(numbers) == 1 else 'hold'} no text."


def hidden(what: str, names: Sequence[str]) -> str:
    """Of parts that whoever made the document hid from view."""
    several = len(names) > 1
    return f"The hidden {what}{'s' if several else ''} {joined(names)} {'were' if several else 'was'} left out."


def attached(names: Sequence[str]) -> str:
    """Of files that came along inside another and were not looked into."""
    several = len(names) > 1
    return f"The attachment{'s' if several else ''} {joined(names)} {'were' if several else 'was'} not read."


def numbered(what: str, numbers: Sequence[int]) -> str:
    """Those numbers as people say them: `Page 3`, `Pages 2, 5–7 and 9`."""
    said = list(_runs(numbers))
    return f"{what.capitalize()}{'s' if len(numbers) > 1 else ''} {joined(said)}"


def joined(names: Sequence[str], most: int = 8) -> str:
    """Names in a row, of more than `most` the first ones and how many the others are."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    """Numbers in rising order, those that follow upon one another as one."""
    breaks = [0, *(place for place, (one, next_one) in enumerate(pairwise(numbers), 1) if next_one != one + 1)]
    for start, end in pairwise([*breaks, len(numbers)]):
        first, last = numbers[start], numbers[end - 1]
        yield str(first) if first == last else f"{first}–{last}"
