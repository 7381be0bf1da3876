"""Which passage bears which sentence of an answer, found in the texts themselves: small models do not cite.

A citation is a span of a stored version, never a position in a list. A marker that nothing supports is dropped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chat import language
from chat.rag.answer import Citation, Source

MARKER = re.compile(r"\s*\[(\d{1,3})\]")
SUPPORT = 0.6
"""Share of a sentence's telling words that a span must have to bear it."""
CLAIM_BONUS = 0.15
"""What the model's own marker is worth, where two spans support a sentence about equally."""
QUESTION_SHARE = 0.3
"""What the question's words are worth: "14 days" alone may stand in many places."""


@dataclass(frozen=True)
class Span:
    """A sentence of a source, or two that follow each other; offsets into the version's text."""

    source: Source
    start: int
    end: int
    words: frozenset[str]
    numbers: frozenset[str]


@dataclass(frozen=True)
class Attributed:
    """An answer with its markers, and the citations that they stand for. `supported`: some span bears some of it."""

    text: str
    citations: Sequence[Citation]
    supported: bool


def attribute(draft: str, question: str, prompt: Sequence[Source], others: Sequence[Source] = ()) -> Attributed:
    """Mark each sentence of `draft` with the span that supports it best.

    `prompt` are the sources in the order that the model saw, so that its own `[n]` means prompt[n-1]; `others` were
    found too, and may support as well.
    """
    spans = [span for source in (*prompt, *others) for span in _spans(source)]
    asked = language.content_words(question)
    citations: dict[tuple[int, int, int], Citation] = {}
    pieces: list[str] = []
    for gap, sentence in _split(draft):
        claimed = {prompt[n - 1].chunk_id for n in map(int, MARKER.findall(sentence)) if 0 < n <= len(prompt)}
        plain = MARKER.sub("", sentence)
        span = _support(plain, asked, spans, claimed)
        pieces += [gap, _mark(plain, _cite(span, citations).marker) if span else plain]
    return Attributed("".join(pieces).strip(), tuple(citations.values()), bool(citations))


def _split(draft: str) -> Iterator[tuple[str, str]]:
    """The sentences of an answer, each with what stood before it; a marker belongs to the sentence it follows."""
    joined = re.sub(r"([.!?])((?:\s*\[\d{1,3}\])+)", r"\2\1", draft)
    end = 0
    for start, stop in language.sentences(joined):
        yield joined[end:start], joined[start:stop]
        end = stop


def _spans(source: Source) -> Iterator[Span]:
    sentences = language.sentences(source.text)
    pairs = pairwise(sentences)
    for start, end in [*sentences, *((first[0], second[1]) for first, second in pairs)]:
        text = source.text[start:end]
        words = frozenset(language.content_words(text))
        yield Span(source, source.start + start, source.start + end, words, frozenset(language.numbers(text)))


def _support(sentence: str, asked: Sequence[str], spans: Sequence[Span], claimed: set[int]) -> Span | None:
    """The span that bears `sentence`, or None. All its numbers must stand there, and most of its telling words."""
    words = language.content_words(sentence)
    figures = language.numbers(sentence)
    if not words:
        return None

    def score(span: Span) -> float:
        own = language.coverage(words, set(span.words))
        if own < SUPPORT or not figures <= span.numbers:
            return 0.0
        brevity = 0.1 * min(1.0, len(words) / max(len(span.words), 1))
        bonus = CLAIM_BONUS * (span.source.chunk_id in claimed)
        return own + QUESTION_SHARE * language.coverage(asked, set(span.words)) + brevity + bonus

    best = max(spans, key=score, default=None)
    return best if best is not None and score(best) > 0 else None


def _cite(span: Span, citations: dict[tuple[int, int, int], Citation]) -> Citation:
    """The citation of `span`: the one there is, or the next."""
    source = span.source
    key = (source.version_id, span.start, span.end)
    if key not in citations:
        citations[key] = Citation(
            marker=len(citations) + 1,
            document=source.document,
            document_id=source.document_id,
            version=source.version,
            version_id=source.version_id,
            chunk_id=source.chunk_id,
            page=source.page,
            start=span.start,
            end=span.end,
            quote=source.text[span.start - source.start : span.end - source.start],
        )
    return citations[key]


def _mark(sentence: str, marker: int) -> str:
    """Put `[marker]` after the sentence."""
    return f"{sentence.rstrip()} [{marker}]"
