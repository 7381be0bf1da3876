"""A document as a person left it: its text and its chunks, changed by hand, kept as bytes like any other version.

An `Edition` is a JSON file on disk under its sha256. Reading it needs no parsing and no chunking: it says where each
chunk begins and ends. It names the bytes that it was made from, so that vectors of what did not change are taken
over from there. Offsets are characters of `text`.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from admin.curation.documents.chunking import Chunk
from admin.curation.formats.loaders import MAX_CHARS, ParsedDocument, UnreadableDocument
from admin.curation.formats.text import normalise
from chat.errors import InvalidInputError

KIND = "edited"
"""Kind of the versions whose bytes are an edition. No file that is handed in is of it."""
LONGEST = 4_000
"""Characters of a chunk: beyond, its vector no longer tells what its end is about."""


@dataclass(frozen=True)
class Cut:
    """A chunk of an edition: the text from `start` to `end`. Nobody finds it where it is disabled."""

    start: int
    end: int
    section: str
    disabled: bool = False


@dataclass(frozen=True)
class Edition:
    """A document's text cut into chunks, and the bytes (digest and kind) of the version that it was made from."""

    text: str
    title: str | None
    page_starts: Sequence[int]
    language: str | None
    chunks: Sequence[Cut]
    from_sha256: str
    from_kind: str
    warnings: Sequence[str] = ()
    """What of the original could not be read or was left out."""

    def rewritten(self, ordinal: int, words: str) -> "Edition":
        """With `words` in place of what the chunk said; everything behind it moves along.

        Raises `InvalidInputError` where nothing is left to be read, where it is too long, or for an unknown chunk.
        """
        cut, words = self._cut(ordinal), normalise(words).strip()
        if not words:
            raise InvalidInputError("Nothing would be left of this chunk. Keep some words, or disable it instead.")
        _refuse_length(len(words))
        text = self.text[: cut.start] + words + self.text[cut.end :]
        if len(text) > MAX_CHARS:
            raise InvalidInputError(f"The document would be longer than {MAX_CHARS:,} characters.")
        longer, end = len(words) - (cut.end - cut.start), cut.start + len(words)
        behind = [
            replace(each, start=each.start + longer, end=each.end + longer) for each in self.chunks[ordinal + 1 :]
        ]
        starts = [
            start if start <= cut.start else start + longer if start >= cut.end else min(start, end)
            for start in self.page_starts
        ]
        return replace(
            self, text=text, page_starts=starts, chunks=[*self.chunks[:ordinal], replace(cut, end=end), *behind]
        )

    def split(self, ordinal: int, at: int) -> "Edition":
        """With the chunk cut in two at its character `at`; blanks at the cut belong to neither half.

        Raises `InvalidInputError` where one half would say nothing, or for an unknown chunk.
        """
        cut = self._cut(ordinal)
        said = self.text[cut.start : cut.end]
        first, second = said[: max(at, 0)].rstrip(), said[max(at, 0) :].lstrip()
        if not first or not second:
            raise InvalidInputError("One half would be empty. Put the cursor between two words, then split.")
        halves = [
            replace(cut, end=cut.start + len(first)),
            replace(cut, start=cut.end - len(second)),
        ]
        return self._with(ordinal, 1, halves)

    def merged(self, ordinal: int) -> "Edition":
        """With the chunk and the next one as one. Raises `InvalidInputError` for the last, or if that is too long."""
        cut = self._cut(ordinal)
        if ordinal + 1 == len(self.chunks):
            raise InvalidInputError("This is the last chunk: there is none to merge it with.")
        following = self.chunks[ordinal + 1]
        _refuse_length(following.end - cut.start)
        return self._with(ordinal, 2, [replace(cut, end=following.end)])

    def switched(self, ordinal: int, *, disabled: bool) -> "Edition":
        """With the chunk disabled, so that nobody finds it, or enabled again. Raises `InvalidInputError`."""
        return self._with(ordinal, 1, [replace(self._cut(ordinal), disabled=disabled)])

    @property
    def parsed(self) -> ParsedDocument:
        """Its text, as a loader would have read it."""
        return ParsedDocument(self.text, self.title, list(self.page_starts), self.language, list(self.warnings))

    @property
    def passages(self) -> list[Chunk]:
        """Its chunks, as they are embedded and written."""
        starts = list(self.page_starts)
        return [
            Chunk(
                number, cut.start, cut.end, bisect_right(starts, cut.start) or None, cut.section,
                self.text[cut.start : cut.end],
            )
            for number, cut in enumerate(self.chunks)
        ]  # fmt: skip

    @property
    def disabled(self) -> list[int]:
        """Ordinals of the chunks that nobody is to find."""
        return [number for number, cut in enumerate(self.chunks) if cut.disabled]

    def to_bytes(self) -> bytes:
        """The same edition is always the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()

    def _cut(self, ordinal: int) -> Cut:
        if not 0 <= ordinal < len(self.chunks):
            raise InvalidInputError(f"There is no chunk {ordinal + 1:,}. Reload the page to see what is there.")
        return self.chunks[ordinal]

    def _with(self, ordinal: int, gone: int, new: Sequence[Cut]) -> "Edition":
        return replace(self, chunks=[*self.chunks[:ordinal], *new, *self.chunks[ordinal + gone :]])


def read(path: Path) -> Edition:
    """The edition in that file. Raises `UnreadableDocument` where it is damaged or gone."""
    try:
        stored = json.loads(path.read_bytes())
        return Edition(**{**stored, "chunks": [Cut(**cut) for cut in stored["chunks"]]})
    except (OSError, ValueError, TypeError, KeyError):
        raise UnreadableDocument("The file of this edit is damaged or gone. Let an earlier version answer.") from None


def _refuse_length(length: int) -> None:
    if length > LONGEST:
        raise InvalidInputError(
            f"The chunk would be {length:,} characters long; up to {LONGEST:,} can be found well. Split it first."
        )
