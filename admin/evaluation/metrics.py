"""What is measured of one answer. Every measure is between 0 and 1, but for times in milliseconds, tokens and prices.

One that does not apply to a question or an arm is absent, so that nobody is paid for what was not asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from admin import measures
from admin.evaluation import wording
from admin.evaluation.arms import Arm, Given
from admin.evaluation.asked import Asked, Bearing, Place
from chat import language
from chat.rag import abstain, citations
from chat.rag.answer import Source

EXACT_MATCH, F1, CONTAINED = "exact_match", "f1", "answer_contained"
REFUSED_UNANSWERABLE, REFUSED_ANSWERABLE = "refused_unanswerable", "refused_answerable"
CITATION_PRECISION, CITATION_RECALL, SUPPORT = "citation_precision", "citation_recall", "support"
RECALL, NDCG = "recall_at_10", "ndcg_at_10"
FIRST_TOKEN, TOTAL, TOKENS, PRICE = "first_token_ms", "total_ms", "tokens", "price"
RECITED, REFUSED_EMPTY = "recited", "refused_empty"
FOLLOWED_PASSAGE, FOLLOWED_WEIGHTS = "followed_passage", "followed_weights"
LESS_IS_BETTER = frozenset({REFUSED_ANSWERABLE, FIRST_TOKEN, TOTAL, TOKENS, PRICE, RECITED, FOLLOWED_WEIGHTS})
AMOUNTS = frozenset({FIRST_TOKEN, TOTAL, TOKENS, PRICE})
"""Measures that are no shares."""

Values = dict[str, float]


@dataclass(frozen=True)
class Said:
    """An answer as it was kept. `draft` is what the model wrote before anything was checked, cited or refused."""

    text: str
    refused: bool
    draft: str = ""
    searched: str = ""
    citations: Sequence[Mapping[str, Any]] = ()
    retrieved: Sequence[Source] = ()
    in_prompt: Sequence[int] = ()
    """Ids of the chunks that the model saw, in its prompt's order."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    tokens: int | None = None
    price: float | None = None
    """Of 1,000 answers like it, where one is set."""
    planted: str | None = None
    """The answer that was put into the passages of a *conflict*."""

    @property
    def refuses(self) -> bool:
        """Whether it says that there is no answer: the chain says so itself, a model alone in its own words."""
        return self.refused or abstain.is_refusal(self.text)


def measure(arm: Arm, asked: Asked, bearing: Bearing, said: Said) -> Values:
    """Every measure that applies to this answer."""
    values = _cost(said)
    if arm.given is Given.EMPTY:
        return values | _without_passages(asked, said)
    if arm.given is Given.CONFLICT:
        return values | _against_the_weights(asked, said)
    values |= _quality(asked, said)
    if arm.cites:
        values |= _evidence(asked, bearing, said)
    if arm.retrieves and bearing.chunks:
        values |= retrieval([source.chunk_id for source in said.retrieved], bearing.chunks)
    return values


def _quality(asked: Asked, said: Said) -> Values:
    """Whether it says what was accepted. A refusal says nothing, whatever words it uses."""
    if not asked.answerable:
        return {REFUSED_UNANSWERABLE: float(said.refuses)}
    values = {REFUSED_ANSWERABLE: float(said.refuses)}
    if asked.answers:
        text = "" if said.refuses else said.text
        for name, score in ((EXACT_MATCH, wording.exact_match), (F1, wording.f1), (CONTAINED, wording.contained)):
            values[name] = score(text, asked.answers)
    return values


def _evidence(asked: Asked, bearing: Bearing, said: Said) -> Values:
    """Whether what it cites bears the answer, and whether each sentence has a passage behind it."""
    values: Values = {}
    if not said.refuses and said.draft.strip():
        values[SUPPORT] = support(said)
    if not asked.answerable or not (asked.answers or any(bearing.places)):
        return values
    values[CITATION_RECALL] = citation_recall(asked, bearing, said)
    if said.citations:
        bears = [_bears(citation, asked, bearing) for citation in said.citations]
        values[CITATION_PRECISION] = sum(bears) / len(bears)
    return values


def citation_recall(asked: Asked, bearing: Bearing, said: Said) -> float:
    """Share of the marked passages that are cited; where none is marked, 1 if something cited has the answer."""
    marked = [places for places in bearing.places if places]
    if not marked:
        return float(any(wording.contained(citation["quote"], asked.answers) for citation in said.citations))
    return sum(any(_overlaps(citation, places) for citation in said.citations) for places in marked) / len(marked)


def _bears(citation: Mapping[str, Any], asked: Asked, bearing: Bearing) -> bool:
    """Whether a cited passage overlaps with a marked one or, failing that, has an accepted answer in it."""
    marked = any(_overlaps(citation, places) for places in bearing.places)
    return marked or bool(wording.contained(citation["quote"], asked.answers))


def _overlaps(citation: Mapping[str, Any], places: Sequence[Place]) -> bool:
    """Whether half of the shorter one, the citation or the marked passage, is common to both."""
    start, end = citation["start"], citation["end"]
    return any(
        citation["version_id"] == place.version_id
        and 2 * (min(end, place.end) - max(start, place.start)) >= min(end - start, place.end - place.start)
        for place in places
    )


def support(said: Said) -> float:
    """Share of the sentences that the model wrote which a passage bears, by the chat's own attribution.

    `rag.citations` leaves out of an answer what no passage supports, so it is the draft that is measured.
    """
    by_id = {source.chunk_id: source for source in said.retrieved}
    chosen = [by_id[chunk_id] for chunk_id in said.in_prompt if chunk_id in by_id]
    backed = citations.attribute(said.draft, said.searched, chosen, said.retrieved)
    written = len(_sentences(said.draft))
    return min(len(_sentences(backed.text)) / written, 1.0) if written else 0.0


def _sentences(text: str) -> list[tuple[int, int]]:
    return language.sentences(citations.MARKER.sub("", text))


def retrieval(ranking: Sequence[int], grades: Mapping[int, int]) -> Values:
    """How well what was found covers what bears the answer, as the retrieval bench counts it."""
    return {RECALL: measures.recall(ranking, grades), NDCG: measures.ndcg(ranking, grades)}


def _without_passages(asked: Asked, said: Said) -> Values:
    """What a model says that was given nothing: it should say so. Read in its draft, since the chain refuses for it."""
    values = {REFUSED_EMPTY: float(abstain.is_refusal(said.draft))}
    if asked.answerable and asked.answers:
        values[RECITED] = wording.contained(said.draft, asked.answers)
    return values


def _against_the_weights(asked: Asked, said: Said) -> Values:
    """Which answer it gives: the one that was put into its passages, or the one that it might have learned."""
    return {
        FOLLOWED_PASSAGE: wording.contained(said.draft, [said.planted or ""]),
        FOLLOWED_WEIGHTS: wording.contained(said.draft, asked.answers),
    }


def _cost(said: Said) -> Values:
    times = {FIRST_TOKEN: said.timings_ms.get("first_token"), TOTAL: said.timings_ms.get("total")}
    amounts = times | {TOKENS: said.tokens, PRICE: said.price}
    return {name: float(value) for name, value in amounts.items() if value is not None}
