"""Which chunks bear a label: the words that a person marked are looked for in the text as it is cut now."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from chat.store.questions import Label, LabelledText

SEQUENCE = 3
"""Words in a row by which a passage is recognised after it was edited."""


def bearing(labels: Iterable[Label], texts: Mapping[int, LabelledText]) -> dict[int, int]:
    """Grade 1 for the id of every chunk that bears a right label; empty where the words stand nowhere any more."""
    chunks: dict[int, int] = {}
    for label in labels:
        text = texts.get(label.document_id or 0)
        if label.relevant and text is not None:
            chunks |= dict.fromkeys(bearers(label.quote, text), 1)
    return chunks


def bearers(quote: str, text: LabelledText) -> list[int]:
    """The chunks that hold more than half of the quote, or that it covers by more than half; without a quote, all.

    Words that were edited since are not found as they stand: then the chunks that hold most of their sequences.
    """
    if not quote.strip():
        return [chunk_id for chunk_id, _, _ in text.chunks]
    spans = list(places(quote, text.text))
    if not spans:
        return _resembling(quote, text)
    return [
        chunk_id
        for chunk_id, start, end in text.chunks
        if any(2 * (min(end, to) - max(start, begin)) > min(end - start, to - begin) for begin, to in spans)
    ]


def _resembling(quote: str, text: LabelledText) -> list[int]:
    wanted = _sequences(quote)
    return [
        chunk_id
        for chunk_id, start, end in text.chunks
        if 2 * len(wanted & _sequences(text.text[start:end])) > len(wanted)
    ]


def _sequences(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    return {tuple(words[at : at + SEQUENCE]) for at in range(len(words) - SEQUENCE + 1)}


def places(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the words of the quote stand in the text, whatever white space is between them, as (start, end)."""
    words = unicodedata.normalize("NFKC", quote).split()
    for match in re.finditer(r"\s+".join(map(re.escape, words)), text):
        yield match.span()
