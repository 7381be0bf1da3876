"""Which passage bears which sentence of an answer, found in the texts themselves: small models do not cite.

A citation is a span of a stored version, never a position in a list. A marker that nothing supports is dropped.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from chat import language
from chat.rag.answer import Citation, Source

MARKER = re.compile(r"\s*\[(\d{1,3})\]")
SUPPORT = 0.7
"""Share of a sentence's telling words, the rare ones weighing more, that a span must have to bear it."""
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
    """Stems of what it says, and of the title and headings that it stands under."""
    numbers: frozenset[str]


@dataclass(frozen=True)
class Attributed:
    """An answer with its markers, and the citations that they stand for. `supported`: some span bears some of it."""

    text: str
    citations: Sequence[Citation]
    supported: bool


def attribute(draft: str, question: str, prompt: Sequence[Source], others: Sequence[Source] = ()) -> Attributed:
    """Mark each sentence of `draft` with the span that supports it best; leave out what no span supports.

    `prompt` are the sources in the order that the model saw, so that its own `[n]` means prompt[n-1]; `others` were
    found too, and may support as well.
    """
    evidence = Evidence.of([*prompt, *others], question)
    citations: dict[tuple[int, int, int], Citation] = {}
    pieces: list[str] = []
    for gap, sentence in _split(draft):
        claimed = {prompt[n - 1].chunk_id for n in map(int, MARKER.findall(sentence)) if 0 < n <= len(prompt)}
        plain = MARKER.sub("", sentence)
        span = evidence.support(plain, claimed)
        if span is not None:
            pieces += [gap, _mark(plain, _cite(span, citations).marker)]
    return Attributed("".join(pieces).strip(), tuple(citations.values()), bool(citations))


def _split(draft: str) -> Iterator[tuple[str, str]]:
    """The sentences of an answer, each with what stood before it; a marker belongs to the sentence it follows."""
    joined = re.sub(r"([.!?])((?:\s*\[\d{1,3}\])+)", r"\2\1", draft)
    end = 0
    for start, stop in language.sentences(joined):
        yield joined[end:start], joined[start:stop]
        end = stop


@dataclass(frozen=True)
class Evidence:
    """All that was found, cut into spans, to look for what bears a sentence."""

    spans: Sequence[Span]
    asked: Sequence[str]
    weight: Mapping[str, float]
    rarest: float
    """Weight of a word that stands nowhere in what was found."""

    @classmethod
    def of(cls, sources: Sequence[Source], question: str) -> "Evidence":
        spans = [span for source in sources for span in _spans(source)]
        counts = Counter(word for span in spans for word in span.words)
        weight = {word: math.log(1 + len(spans) / count) for word, count in counts.items()}
        return cls(spans, language.content_words(question), weight, math.log(2 + len(spans)))

    def support(self, sentence: str, claimed: Set[int]) -> Span | None:
        """The span that bears `sentence`, or None. Its numbers must all stand there, and most of its telling words.

        `claimed` are the chunks that the model itself named: they win where spans support about equally.
        """
        words = language.content_words(sentence)
        figures = language.numbers(sentence)

        def score(span: Span) -> float:
            own = self.covered(words, span.words)
            if own < SUPPORT or not figures <= span.numbers:
                return 0.0
            brevity = 0.1 * min(1.0, len(words) / len(span.words))
            bonus = CLAIM_BONUS * (span.source.chunk_id in claimed)
            return own + QUESTION_SHARE * self.covered(self.asked, span.words) + brevity + bonus

        best = max(self.spans, key=score, default=None)
        return best if words and best is not None and score(best) > 0 else None

    def covered(self, wanted: Sequence[str], present: Set[str]) -> float:
        """Share (0 to 1) of the `wanted` words that are `present`, by weight."""
        total = sum(self.weight.get(word, self.rarest) for word in wanted)
        return sum(self.weight[word] for word in wanted if word in present) / total if total else 0.0


def _spans(source: Source) -> Iterator[Span]:
    around = frozenset(language.content_words(f"{source.document} {source.section}"))
    sentences = language.sentences(source.text)
    pairs = [(first[0], second[1]) for first, second in pairwise(sentences)]
    for start, end in [*sentences, *pairs]:
        text = source.text[start:end]
        words = around | set(language.content_words(text))
        yield Span(source, source.start + start, source.start + end, words, frozenset(language.numbers(text)))


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
